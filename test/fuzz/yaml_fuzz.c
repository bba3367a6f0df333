/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: what is read is JSON that our own reader takes; what is not read has an error. */
#include "base/yaml.h"

#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct err err = { 0 };
	scoped_json value = yaml_parse((struct text){ (const char *)bytes, len }, &err);
	scoped_buf text;

	if ((value == NULL) != (err.code == ERR_INVALID))
		abort();
	buf_init(&text, 1 << 20);
	if (value == NULL || json_format(value, &text) == -1)
		return 0;
	scoped_json again = json_parse(buf_text(&text), &err);
	if (again == NULL)
		abort();
	return 0;
}
