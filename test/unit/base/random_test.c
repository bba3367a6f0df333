/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "test/unit/base/test.h"

static void bytes_differ_each_time(void **state)
{
	unsigned char first[32] = { 0 }, second[32] = { 0 };

	(void)state;
	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	random_bytes(NULL, 0);
}

static void numbers_stay_below_their_bound_and_reach_each_value(void **state)
{
	bool seen[5] = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t value = random_below(5);

		assert_true(value >= 0 && value < 5);
		seen[value] = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_true(seen[i]);
	assert_int_equal(random_below(1), 0);
	assert_true(random_below(INT64_MAX) >= 0);
}

static void a_pause_doubles_up_to_its_most_with_a_fifth_of_jitter(void **state)
{
	static const struct {
		int attempt;
		int64_t middle_ms;
	} rows[] = { { 0, 100 }, { 1, 200 }, { 2, 400 }, { 6, 6400 }, { 7, 10000 }, { 63, 10000 }, { 1000000, 10000 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (int round = 0; round < 200; round++) {
			int64_t pause = random_backoff_ms(rows[i].attempt, 100, 10000);

			assert_true(pause >= rows[i].middle_ms * 8 / 10);
			assert_true(pause <= rows[i].middle_ms * 12 / 10);
		}
	}
}

static void below_nothing(void *arg)
{
	(void)arg;
	(void)random_below(0);
}

static void a_bound_of_nothing_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(below_nothing, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_differ_each_time),
		cmocka_unit_test(numbers_stay_below_their_bound_and_reach_each_value),
		cmocka_unit_test(a_pause_doubles_up_to_its_most_with_a_fifth_of_jitter),
		cmocka_unit_test(a_bound_of_nothing_is_a_bug),
	};

	return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
