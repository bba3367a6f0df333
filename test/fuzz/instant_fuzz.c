/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339: what is read and lies in years of four digits is written and read as the same. */
#include "base/instant.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char text[INSTANT_TEXT_BYTES];
	int64_t wall_ms, again;

	if (instant_parse((struct text){ (const char *)bytes, len }, &wall_ms) == -1)
		return 0;
	instant_format_micro(wall_ms, text);
	if (instant_parse(text_of(text), &again) == -1)
		abort();
	bool is_held = strncmp(text, "0000-01-01", 10) == 0 || strncmp(text, "9999-12-31", 10) == 0;
	if (again != wall_ms && !is_held)
		abort();
	return 0;
}
