/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarded: what is read of it lies within it, and an element that is written is read as it was, whatever follows. */
#include "net/forwarded.h"

#include "test/fuzz/property.h"

static bool is_plain(struct text text)
{
	return text.len > 0 && memchr(text.at, '"', text.len) == NULL && memchr(text.at, '\\', text.len) == NULL;
}

static void check_read(struct text field)
{
	static const char *const names[] = { "for", "host", "proto", "by", "" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct text value = forwarded_get(field, names[i]);
		HOLDS(is_within(field, value) && (value.len == 0 || memchr(value.at, '"', value.len) == NULL));
	}
}

/* Quotes and backslashes are escaped, and what is escaped is not read: no value may pass for another. */
static void check_written(const struct forwarded_element *element, struct text behind)
{
	scoped_buf out;
	buf_init(&out, 16384);
	HOLDS(forwarded_append(element, &out) == 0 && buf_append(&out, ", ", 2) == 0 && buf_append_text(&out, behind) == 0);
	struct text host = forwarded_get(buf_text(&out), "host"), scheme = forwarded_get(buf_text(&out), "proto");
	HOLDS(is_plain(element->host) ? text_equal(host, element->host) : host.at == NULL);
	HOLDS(is_plain(element->scheme) ? text_equal(scheme, element->scheme) : scheme.at == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len > 2048)
		return 0;
	struct text copy = exact_copy((struct text){ (const char *)bytes, len }), rest = copy;
	check_read(copy);
	struct forwarded_element element = { 0 };
	element.peer = text_cut(&rest, '\n');
	element.host = text_cut(&rest, '\n');
	element.scheme = text_cut(&rest, '\n');
	check_written(&element, rest);
	free_copy(copy);
	return 0;
}
