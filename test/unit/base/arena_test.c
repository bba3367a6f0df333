/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "test/unit/base/test.h"

static void what_is_taken_is_zeroed_and_aligned(void **state)
{
	scoped(arena) arena = arena_new(100000);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t bytes = 0; bytes < 300; bytes++) {
			unsigned char *block = arena_take(arena, bytes);

			assert_int_equal((uintptr_t)block % alignof(max_align_t), 0);
			for (size_t i = 0; i < bytes; i++)
				assert_int_equal(block[i], 0);
			memset(block, 0xff, bytes);
		}
		arena_reset(arena);
	}
}

static void all_that_is_left_can_be_taken(void **state)
{
	static const size_t caps[] = { 1, 15, 16, 17, 100, 2047, 2048, 2049, 70000, 300001 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		scoped(arena) arena = arena_new(caps[i]);

		assert_int_equal(arena_left(arena), caps[i]);
		char *block = arena_take(arena, arena_left(arena));
		memset(block, 'x', caps[i]);
		assert_int_equal(arena_left(arena), 0);
		arena_reset(arena);
		assert_int_equal(arena_left(arena), caps[i]);
		(void)arena_take(arena, 1);
		if (arena_left(arena) > 0)
			memset(arena_take(arena, arena_left(arena)), 'x', 1);
	}
}

static void take_too_much(void *arg)
{
	(void)arena_take(arg, 101);
}

static void passing_the_cap_is_a_bug(void **state)
{
	scoped(arena) arena = arena_new(100);

	(void)state;
	assert_aborts(take_too_much, arena);
}

static void texts_are_copied_with_a_nul(void **state)
{
	scoped(arena) arena = arena_new(1000);

	(void)state;
	assert_string_equal(arena_copy(arena, TEXT("agent")), "agent");
	assert_string_equal(arena_copy(arena, (struct text){ 0 }), "");
	assert_string_equal(arena_format(arena, "%s/%d", "agent", 7), "agent/7");
}

static void blocks_stay_where_they_are(void **state)
{
	scoped(arena) arena = arena_new(1000000);
	char *texts[1000];

	(void)state;
	for (int i = 0; i < 1000; i++)
		texts[i] = arena_format(arena, "text number %d", i);
	for (int i = 0; i < 1000; i++)
		assert_string_equal(texts[i], arena_format(arena, "text number %d", i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_zeroed_and_aligned),
		cmocka_unit_test(all_that_is_left_can_be_taken),
		cmocka_unit_test(passing_the_cap_is_a_bug),
		cmocka_unit_test(texts_are_copied_with_a_nul),
		cmocka_unit_test(blocks_stay_where_they_are),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
