/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries from the wire: nothing is read or written outside its room, and what decodes is no longer than it was. */
#include "net/uri.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text text = { (const char *)bytes, len };
	char out[64];
	int decoded = uri_decode(text, true, out, sizeof(out));
	struct text value = uri_query_get(text, "wait");

	if (decoded != -1 && ((size_t)decoded > len || out[decoded] != '\0'))
		abort();
	if (value.at != NULL && (value.at < text.at || value.at + value.len > text.at + text.len))
		abort();
	/* One decoding away from a plain ".." segment is never let through. */
	if (decoded != -1 && !uri_has_dot_dot(text) && uri_decode(text, false, out, sizeof(out)) == 2 && out[0] == '.' &&
		out[1] == '.')
		abort();
	return 0;
}
