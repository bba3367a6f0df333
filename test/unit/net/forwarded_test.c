/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of Forwarded: quoted as RFC 7239 wants it, and read back. */
#include "net/forwarded.h"

#include "test/unit/base/test.h"

static void parts_are_quoted_where_they_are_no_tokens(void **state)
{
	static const struct {
		const char *peer, *host, *scheme, *expected;
	} rows[] = {
		{ "192.0.2.43", "a.example", "http", "for=192.0.2.43;host=a.example;proto=http" },
		{ "2001:db8:cafe::17", "a.example:8080", "https",
			"for=\"[2001:db8:cafe::17]\";host=\"a.example:8080\";proto=https" },
		{ "[2001:db8::1]:4711", "", "", "for=\"[2001:db8::1]:4711\"" },
		{ "192.0.2.43:47011", "", "", "for=\"192.0.2.43:47011\"" },
		{ "", "[::1]:80", "", "for=unknown;host=\"[::1]:80\"" },
		{ "_hidden", "a\"b\\c", "", "for=_hidden;host=\"a\\\"b\\\\c\"" },
		{ "a,b;c", "", "", "for=\"a,b;c\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_buf out;

		buf_init(&out, 256);
		assert_int_equal(forwarded_append(&(struct forwarded_element){ text_of(rows[i].peer), text_of(rows[i].host),
							  text_of(rows[i].scheme) },
					 &out),
			0);
		assert_string_equal(buf_terminated(&out), rows[i].expected);
	}
}

static void a_cap_is_an_error_and_not_half_an_element(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < sizeof("for=\"[::1]\";host=a;proto=http") - 1; cap++) {
		scoped_buf out;

		buf_init(&out, cap);
		assert_int_equal(forwarded_append(&(struct forwarded_element){ TEXT("::1"), TEXT("a"), TEXT("http") }, &out), -1);
	}
}

static void the_first_element_is_read(void **state)
{
	static const struct {
		const char *field, *parameter, *value; /* NULL: none */
	} rows[] = {
		{ "for=1.2.3.4;proto=https;host=a.example", "proto", "https" },
		{ "for=1.2.3.4 ; PROTO=https", "proto", "https" },
		{ "for=1.2.3.4, proto=https", "proto", NULL }, /* the second proxy's */
		{ "host=\"a.example:8443\"", "host", "a.example:8443" },
		{ "for=\"a;proto=x,\";proto=http", "proto", "http" },
		{ "for=\"a\\\";proto=x\"", "proto", NULL },
		{ "host=\"a\\b\"", "host", NULL },
		{ "host=\"a", "host", NULL },
		{ "host=a b", "host", NULL },
		{ "host=", "host", NULL },
		{ "host", "host", NULL },
		{ "", "host", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text value = forwarded_get(text_of(rows[i].field), rows[i].parameter);

		if (rows[i].value == NULL)
			assert_null(value.at);
		else
			assert_true(text_is(value, rows[i].value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_quoted_where_they_are_no_tokens),
		cmocka_unit_test(a_cap_is_an_error_and_not_half_an_element),
		cmocka_unit_test(the_first_element_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
