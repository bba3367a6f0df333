/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <string.h>

#include "test/unit/base/test.h"

static void reaching_the_cap_appends_nothing(void **state)
{
	scoped_buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_int_equal(buf_append(&buf, "12345678", 8), 0);
	assert_int_equal(buf_append(&buf, "abc", 3), -1);
	assert_int_equal(buf_format(&buf, "%d", 123), -1);
	assert_int_equal(buf_append_terminated(&buf, "abc"), -1);
	assert_int_equal(buf_append_text(&buf, TEXT("abc")), -1);
	assert_string_equal(buf_terminated(&buf), "12345678");
	assert_int_equal(buf_room(&buf), 2);
	assert_int_equal(buf_append(&buf, "ab", 2), 0);
	assert_int_equal(buf_room(&buf), 0);
	assert_string_equal(buf_terminated(&buf), "12345678ab");
}

static void what_is_consumed_makes_room(void **state)
{
	scoped_buf buf;

	(void)state;
	buf_init(&buf, 10);
	for (int round = 0; round < 100; round++) {
		assert_int_equal(buf_append(&buf, "abcdefg", 7), 0);
		assert_int_equal(buf_append(&buf, "hij", 3), 0);
		buf_consume(&buf, 6);
		assert_true(text_is(buf_text(&buf), "ghij"));
		assert_int_equal(buf_append(&buf, "klmnop", 6), 0);
		assert_true(text_is(buf_text(&buf), "ghijklmnop"));
		buf_consume(&buf, 10);
		assert_int_equal(buf_len(&buf), 0);
	}
}

static void every_cut_of_a_text_gives_it_back(void **state)
{
	static const char whole[] = "the quick brown fox";
	const size_t len = sizeof(whole) - 1;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		scoped_buf buf;

		buf_init(&buf, len);
		assert_int_equal(buf_append(&buf, whole, cut), 0);
		assert_int_equal(buf_append(&buf, whole + cut, len - cut), 0);
		assert_string_equal(buf_terminated(&buf), whole);
	}
}

static void long_formats_are_whole(void **state)
{
	scoped_buf buf;

	(void)state;
	buf_init(&buf, 100000);
	for (int width = 250; width < 260; width++) { /* around the size that is tried on the stack */
		buf_clear(&buf);
		assert_int_equal(buf_format(&buf, "%*d", width, 7), 0);
		assert_int_equal(buf_len(&buf), width);
		assert_int_equal(buf_text(&buf).at[width - 1], '7');
	}
	assert_int_equal(buf_format(&buf, "%*d", 100000, 7), -1);
	assert_int_equal(buf_len(&buf), 259);
}

static void reserved_room_is_at_most_what_is_wanted_and_left(void **state)
{
	scoped_buf buf;
	size_t room = 0;

	(void)state;
	buf_init(&buf, 1000);
	char *at = buf_reserve(&buf, 600, &room);
	assert_non_null(at);
	assert_int_equal(room, 600);
	memset(at, 'a', 600);
	buf_commit(&buf, 600);
	assert_non_null(buf_reserve(&buf, 600, &room));
	assert_int_equal(room, 400);
	buf_commit(&buf, 0);
	at = buf_reserve(&buf, 600, &room);
	memset(at, 'b', 400);
	buf_commit(&buf, 400);
	assert_null(buf_reserve(&buf, 1, &room));
	buf_consume(&buf, 1);
	assert_non_null(buf_reserve(&buf, 600, &room));
	assert_int_equal(room, 1);
}

static void an_empty_buf_is_empty_text(void **state)
{
	scoped_buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_string_equal(buf_terminated(&buf), "");
	assert_true(text_is(buf_text(&buf), ""));
	assert_int_equal(buf_append(&buf, NULL, 0), 0);
	buf_consume(&buf, 0);
	buf_clear(&buf);
	buf_fini(&buf);
	assert_int_equal(buf_append(&buf, "again", 5), 0);
	assert_int_equal(buf_append(&buf, "123456", 6), -1); /* its cap is still 10 */
}

static void truncating_keeps_the_front(void **state)
{
	scoped_buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_int_equal(buf_append(&buf, "abcdef", 6), 0);
	buf_consume(&buf, 1);
	buf_truncate(&buf, 2);
	assert_string_equal(buf_terminated(&buf), "bc");
}

static void consume_too_much(void *arg)
{
	buf_consume(arg, 4);
}

static void consuming_more_than_there_is_is_a_bug(void **state)
{
	scoped_buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_int_equal(buf_append(&buf, "abc", 3), 0);
	assert_aborts(consume_too_much, &buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reaching_the_cap_appends_nothing),
		cmocka_unit_test(what_is_consumed_makes_room),
		cmocka_unit_test(every_cut_of_a_text_gives_it_back),
		cmocka_unit_test(long_formats_are_whole),
		cmocka_unit_test(reserved_room_is_at_most_what_is_wanted_and_left),
		cmocka_unit_test(an_empty_buf_is_empty_text),
		cmocka_unit_test(truncating_keeps_the_front),
		cmocka_unit_test(consuming_more_than_there_is_is_a_bug),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
