/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/samples.h"

#include "test/unit/base/test.h"

#define WINDOW_MS 60000

static void the_highest_count_is_kept_for_the_window(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	samples_add(&samples, WINDOW_MS, 1000000, 5);
	samples_add(&samples, WINDOW_MS, 1000500, 2);
	samples_add(&samples, WINDOW_MS, 1030000, 1);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1030000), 5);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1059000), 5);
}

static void a_count_is_forgotten_after_the_window(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	samples_add(&samples, WINDOW_MS, 1000000, 5);
	samples_add(&samples, WINDOW_MS, 1030000, 1);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1062000), 1);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1093000), 0);
}

static void a_long_pause_leaves_nothing_old_in_the_ring(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	for (int64_t second = 0; second < 60; second++)
		samples_add(&samples, WINDOW_MS, 1000000 + second * 1000, 9);
	samples_add(&samples, WINDOW_MS, 100000000, 1);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 100000000), 1);
}

static void a_window_of_zero_knows_only_the_moment(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	samples_add(&samples, 0, 1000, 7);
	assert_int_equal(samples_highest(&samples, 0, 1000 + SAMPLES_BUCKETS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_count_is_kept_for_the_window),
		cmocka_unit_test(a_count_is_forgotten_after_the_window),
		cmocka_unit_test(a_long_pause_leaves_nothing_old_in_the_ring),
		cmocka_unit_test(a_window_of_zero_knows_only_the_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
