/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "test/unit/base/test.h"

static void decimals_are_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, value;
		int result;
	} rows[] = {
		{ "0", 0, 9, 0, 0 },
		{ "-1", -5, 5, -1, 0 },
		{ "007", 0, 9, 7, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, 0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, 0 },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, 0, -1 },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, 0, -1 },
		{ "99999999999999999999999", INT64_MIN, INT64_MAX, 0, -1 },
		{ "", INT64_MIN, INT64_MAX, 0, -1 },
		{ "-", INT64_MIN, INT64_MAX, 0, -1 },
		{ "+1", INT64_MIN, INT64_MAX, 0, -1 },
		{ " 1", INT64_MIN, INT64_MAX, 0, -1 },
		{ "1 ", INT64_MIN, INT64_MAX, 0, -1 },
		{ "1a", INT64_MIN, INT64_MAX, 0, -1 },
		{ "0x1", INT64_MIN, INT64_MAX, 0, -1 },
		{ "1.0", INT64_MIN, INT64_MAX, 0, -1 },
		{ "--1", INT64_MIN, INT64_MAX, 0, -1 },
		{ "10", 0, 9, 0, -1 },
		{ "-1", 0, 9, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = 42;

		assert_int_equal(text_to_int(text_of(rows[i].text), rows[i].min, rows[i].max, &value), rows[i].result);
		assert_int_equal(value, rows[i].result == 0 ? rows[i].value : 42);
	}
}

static void decimals_are_written_as_they_are_read(void **state)
{
	static const char *const rows[] = { "0", "9", "10", "255", "65535", "-1", "-200", "9223372036854775807",
		"-9223372036854775808" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[TEXT_INT_BYTES + 1];
		int64_t value;

		memset(out, '#', sizeof(out));
		assert_int_equal(text_to_int(text_of(rows[i]), INT64_MIN, INT64_MAX, &value), 0);
		assert_ptr_equal(text_put_int(out, value), out + strlen(rows[i]));
		assert_string_equal(out, rows[i]);
		assert_int_equal(out[strlen(rows[i]) + 1], '#');
	}
}

static void a_cut_leaves_what_is_behind_the_separator(void **state)
{
	struct text rest = TEXT("a,,b,");

	(void)state;
	assert_true(text_is(text_cut(&rest, ','), "a"));
	assert_true(text_is(text_cut(&rest, ','), ""));
	assert_true(text_is(text_cut(&rest, ','), "b"));
	assert_non_null(rest.at); /* an empty piece is still to come */
	assert_true(text_is(text_cut(&rest, ','), ""));
	assert_null(rest.at);
	assert_null(text_cut(&rest, ',').at);
}

static void trimming_takes_blanks_at_both_ends(void **state)
{
	static const char *const rows[][2] = { { " a b\t", "a b" }, { "", "" }, { " \t ", "" }, { "a", "a" },
		{ "\na\n", "\na\n" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(text_is(text_trim(text_of(rows[i][0])), rows[i][1]));
}

static void comparisons_are_of_whole_texts(void **state)
{
	(void)state;
	assert_true(text_is(TEXT("agent"), "agent"));
	assert_false(text_is(TEXT("agent"), "agents"));
	assert_false(text_is(TEXT("agents"), "agent"));
	assert_true(text_is((struct text){ 0 }, ""));
	assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
	assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
	assert_true(text_has_prefix(TEXT("agent"), "age"));
	assert_true(text_has_prefix(TEXT("agent"), ""));
	assert_false(text_has_prefix(TEXT("age"), "agent"));
	assert_true(text_equal_secret(TEXT("secret"), TEXT("secret")));
	assert_false(text_equal_secret(TEXT("secret"), TEXT("secreT")));
	assert_false(text_equal_secret(TEXT("secret"), TEXT("secret1")));
	assert_true(text_equal_secret(TEXT(""), TEXT("")));
}

static void folding_touches_ascii_letters_alone(void **state)
{
	(void)state;
	assert_true(text_is_folded(TEXT("Content-LENGTH"), "content-length"));
	assert_false(text_is_folded(TEXT("Content-Lengt"), "content-length"));
	assert_false(text_is_folded(TEXT("Content-Length1"), "content-length"));
	assert_false(text_is_folded(TEXT("a\0"), "a"));
	assert_false(text_is_folded(TEXT("["), "{"));
	assert_false(text_is_folded(TEXT("\xc4"), "\xe4"));
	assert_true(text_is_folded((struct text){ 0 }, ""));
	assert_true(text_equal_folded(TEXT("X-Id"), TEXT("x-iD")));
	assert_false(text_equal_folded(TEXT("X-Id"), TEXT("x-id2")));
	assert_false(text_equal_folded(TEXT("x["), TEXT("x{")));
	assert_true(text_holds_only(TEXT("a-Z.9"), ".-"));
	assert_false(text_holds_only(TEXT("a_b"), ".-"));
	assert_false(text_holds_only(TEXT("a\0"), ".-"));
	assert_false(text_holds_only(TEXT(""), ".-"));
	assert_true(text_has_prefix_folded(TEXT("TEXT/Event-Stream; x"), "text/event-stream"));
	assert_false(text_has_prefix_folded(TEXT("text/event"), "text/event-stream"));
	assert_false(text_has_prefix_folded(TEXT("text/plain"), "text/event-stream"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_read_whole_or_not_at_all),
		cmocka_unit_test(decimals_are_written_as_they_are_read),
		cmocka_unit_test(a_cut_leaves_what_is_behind_the_separator),
		cmocka_unit_test(trimming_takes_blanks_at_both_ends),
		cmocka_unit_test(comparisons_are_of_whole_texts),
		cmocka_unit_test(folding_touches_ascii_letters_alone),
	};

	return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
