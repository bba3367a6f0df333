/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is read is written within its cap and read as the same, and a pointer finds what is there or nothing. */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct err err = { 0 };
	scoped_json value = json_parse((struct text){ (const char *)bytes, len }, &err);
	scoped_buf first, second;

	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	(void)json_text_at(value, "/spec/containers/0/name");
	(void)json_instant_at(value, "/metadata/creationTimestamp", 0);
	if (value == NULL || json_format(value, &first) == -1)
		return 0;
	scoped_json again = json_parse(buf_text(&first), &err);
	if (again == NULL || json_format(again, &second) == -1 || !text_equal(buf_text(&first), buf_text(&second)))
		abort();
	return 0;
}
