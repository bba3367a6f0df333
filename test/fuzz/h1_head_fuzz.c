/* SPDX-License-Identifier: Apache-2.0 */
/* Message heads from the wire: the verdict on a prefix is MORE or the verdict on the whole, and all text lies within it. */
#include "net/h1_head.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct h1_head head;

static void check_inside(struct text outer, struct text text)
{
	if (text.at != NULL && text.len > 0 && (text.at < outer.at || text.at + text.len > outer.at + outer.len))
		abort();
}

static enum h1_result parse(struct text bytes, bool is_answer, int *ret_status)
{
	const char *why = NULL;
	enum h1_result result = is_answer ? h1_head_parse_answer(bytes, 4096, &head, &why)
					  : h1_head_parse_request(bytes, 4096, 512, &head, ret_status, &why);
	if ((result == H1_BAD) != (why != NULL))
		abort();
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 2)
		return 0;
	bool is_answer = (bytes[0] & 1) != 0;
	struct text whole = { (const char *)bytes + 1, len - 1 };
	int status = 0, status_early = 0;
	enum h1_result result = parse(whole, is_answer, &status);
	if (result == H1_DONE) {
		if (head.bytes == 0 || head.bytes > whole.len)
			abort();
		for (size_t i = 0; i < head.header_count; i++) {
			check_inside(whole, head.headers[i].name);
			check_inside(whole, head.headers[i].value);
		}
	}
	size_t used = head.bytes;
	struct text prefix = { whole.at, bytes[0] * whole.len / 256 };
	enum h1_result early = parse(prefix, is_answer, &status_early);
	if (early != H1_MORE && (early != result || status_early != status || (early == H1_DONE && head.bytes != used)))
		abort();
	return 0;
}
