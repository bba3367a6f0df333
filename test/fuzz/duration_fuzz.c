/* SPDX-License-Identifier: Apache-2.0 */
/* Durations: what is read is not negative, and its shortest form is read as the same. */
#include "base/duration.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char text[DURATION_TEXT_BYTES];
	int64_t ms, again;

	if (duration_parse((struct text){ (const char *)bytes, len }, &ms) == -1)
		return 0;
	duration_format(ms, text);
	if (ms < 0 || duration_parse(text_of(text), &again) == -1 || again != ms)
		abort();
	return 0;
}
