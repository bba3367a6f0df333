/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries as they stand on the wire. */
#include "net/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void dot_dot_is_found_raw_and_encoded(void **state)
{
	static const char *const bad[] = {
		"..",
		"/..",
		"../",
		"/../",
		"/a/../b",
		"/a/..",
		"/%2e%2e/",
		"/%2E.",
		"/.%2e",
		"/a/%2e%2E",
		"/a%2F..%2Fb",
		"/a%2f%2e%2e",
		"/..%2f",
		"/a\\..\\b",
		"/a%5c..",
		"//..",
		"/%2F..",
	};
	static const char *const good[] = {
		"",
		"/",
		"/a/b",
		"/...",
		"/a..b",
		"/..a",
		"/a..",
		"/.",
		"/./",
		"/.%2e.",
		"/%2e",
		"/%252e%252e/",
		"/a.b.c",
		"/%2",
		"/%zz..",
		"/..%",
		"/..%2",
		"//",
		"/.hidden",
		"/%2e%2e%2e",
		"/tasks/a:cancel",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (!uri_has_dot_dot(text_of(bad[i])))
			fail_msg("%s was let through", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (uri_has_dot_dot(text_of(good[i])))
			fail_msg("%s was refused", good[i]);
	}
	assert_false(uri_has_dot_dot((struct text){ NULL, 0 }));
}

static void query_values_are_found_by_whole_name(void **state)
{
	static const struct {
		const char *query, *name, *value;
	} rows[] = {
		{ "wait=10s", "wait", "10s" },
		{ "a=1&wait=10s&b=2", "wait", "10s" },
		{ "a=1&a=2", "a", "1" },
		{ "waiting=1&wait=2", "wait", "2" },
		{ "wait", "wait", "" },
		{ "wait=", "wait", "" },
		{ "verbose&x", "verbose", "" },
		{ "a=b=c", "a", "b=c" },
		{ "a=%20+", "a", "%20+" },
		{ "a=1", "b", NULL },
		{ "", "b", NULL },
		{ "&&&", "b", NULL },
		{ NULL, "b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text value = uri_query_get(text_of(rows[i].query), rows[i].name);

		assert_int_equal(value.at == NULL, rows[i].value == NULL);
		if (rows[i].value != NULL)
			assert_true(text_is(value, rows[i].value));
	}
}

static void decoding_gives_the_bytes_meant(void **state)
{
	static const struct {
		const char *encoded;
		bool plus;
		const char *decoded;
	} rows[] = {
		{ "", false, "" },
		{ "plain", false, "plain" },
		{ "a%20b", false, "a b" },
		{ "a+b", false, "a+b" },
		{ "a+b", true, "a b" },
		{ "a%2bb", true, "a+b" },
		{ "%C3%a9", false, "\xc3\xa9" },
		{ "%252e", false, "%2e" },
		{ "%", false, NULL },
		{ "%2", false, NULL },
		{ "%zz", false, NULL },
		{ "%2g", false, NULL },
		{ "a%00b", false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[32];
		int len = uri_decode(text_of(rows[i].encoded), rows[i].plus, out, sizeof(out));

		if (rows[i].decoded == NULL) {
			assert_int_equal(len, -1);
			continue;
		}
		assert_int_equal(len, strlen(rows[i].decoded));
		assert_string_equal(out, rows[i].decoded);
	}
}

static void decoding_never_passes_the_room_it_has(void **state)
{
	char out[4];

	(void)state;
	assert_int_equal(uri_decode(TEXT("abc"), false, out, 4), 3);
	assert_int_equal(uri_decode(TEXT("abcd"), false, out, 4), -1);
	assert_int_equal(uri_decode(TEXT("%61%62%63"), false, out, 4), 3);
	assert_int_equal(uri_decode(TEXT(""), false, out, 0), -1);
	assert_int_equal(uri_decode(TEXT(""), false, out, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dot_dot_is_found_raw_and_encoded),
		cmocka_unit_test(query_values_are_found_by_whole_name),
		cmocka_unit_test(decoding_gives_the_bytes_meant),
		cmocka_unit_test(decoding_never_passes_the_room_it_has),
	};

	return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
