/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/base64.h"

#include <string.h>

#include "test/unit/base/test.h"

static const struct {
	const char *bytes, *encoded;
} rows[] = {
	/* RFC 4648 section 10 */
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff", "+/8=" },
};

static void bytes_come_back_as_they_were(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_buf encoded, decoded;

		buf_init(&encoded, 64);
		buf_init(&decoded, 64);
		assert_int_equal(kube_base64_encode(text_of(rows[i].bytes), &encoded), 0);
		assert_string_equal(buf_terminated(&encoded), rows[i].encoded);
		assert_int_equal(kube_base64_decode(text_of(rows[i].encoded), &decoded), 0);
		assert_string_equal(buf_terminated(&decoded), rows[i].bytes);
	}
}

static void line_breaks_are_skipped(void **state)
{
	scoped_buf decoded;

	(void)state;
	buf_init(&decoded, 64);
	assert_int_equal(kube_base64_decode(TEXT("Zm9v\nYm\r\nFy\n"), &decoded), 0);
	assert_string_equal(buf_terminated(&decoded), "foobar");
}

static void what_is_not_base64_is_refused(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zm9", "Zg==Zg==", "Z===", "====", "Zh==", "Zm9=", "Zm 9v",
		"Zm9v-_==", "=Zm9", "Zg=v" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		scoped_buf decoded;

		buf_init(&decoded, 64);
		if (kube_base64_decode(text_of(bad[i]), &decoded) != -1)
			fail_msg("%s", bad[i]);
	}
}

static void more_than_the_cap_is_refused(void **state)
{
	scoped_buf decoded;

	(void)state;
	buf_init(&decoded, 5);
	assert_int_equal(kube_base64_decode(TEXT("Zm9vYmFy"), &decoded), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back_as_they_were),
		cmocka_unit_test(line_breaks_are_skipped),
		cmocka_unit_test(what_is_not_base64_is_refused),
		cmocka_unit_test(more_than_the_cap_is_refused),
	};

	return cmocka_run_group_tests_name("kube/base64", tests, NULL, NULL);
}
