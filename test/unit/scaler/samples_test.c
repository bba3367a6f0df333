/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/samples.h"

#include "base/attributes.h"
#include "test/unit/base/test.h"

#define WINDOW_MS 60000
#define HOUR_MS   INT64_C(3600000)

static void the_highest_count_is_kept_for_the_window(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	samples_add(&samples, WINDOW_MS, 1000000, 5);
	samples_add(&samples, WINDOW_MS, 1000500, 2);
	samples_add(&samples, WINDOW_MS, 1030000, 1);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1030000), 5);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1059000), 5);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1060000), 5);
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

/* The ring was a bucket short: of a count from late in its second the last moment of the window was missing. Windows that sixty
   does not divide lost up to half. */
static void no_count_is_forgotten_before_the_window_is_over(void **state)
{
	static const int64_t windows_ms[] = { 0, 1, 7, 59, 60, 61, 100, 119, 120, 1000, 59999, 60000, 60001, 90000, HOUR_MS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(windows_ms); i++) {
		int64_t window_ms = windows_ms[i], longest_ms = window_ms + window_ms / 60 + 2;

		for (int64_t at_ms = 10 * HOUR_MS; at_ms < 10 * HOUR_MS + 130; at_ms++) {
			struct samples samples = { 0 };

			samples_add(&samples, window_ms, at_ms, 5);
			assert_int_equal(samples_highest(&samples, window_ms, at_ms), 5);
			assert_int_equal(samples_highest(&samples, window_ms, at_ms + window_ms), 5);
			assert_int_equal(samples_highest(&samples, window_ms, at_ms + longest_ms), 0);
			/* nor by what is added in the meantime */
			samples_add(&samples, window_ms, at_ms + window_ms, 1);
			assert_int_equal(samples_highest(&samples, window_ms, at_ms + window_ms), 5);
		}
	}
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

/* Every pause from one bucket to several rings. */
static void a_pause_of_any_length_leaves_only_the_window(void **state)
{
	(void)state;
	for (int64_t pause_ms = 1000; pause_ms < 200000; pause_ms += 1000) {
		struct samples samples = { 0 };

		for (int64_t second = 0; second < 61; second++)
			samples_add(&samples, WINDOW_MS, 1000000 + second * 1000, 9);
		samples_add(&samples, WINDOW_MS, 1060000 + pause_ms, 1);
		assert_int_equal(samples_highest(&samples, WINDOW_MS, 1060000 + pause_ms), pause_ms <= WINDOW_MS ? 9 : 1);
	}
}

static void a_window_of_zero_knows_only_the_moment(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	samples_add(&samples, 0, 1000, 7);
	assert_int_equal(samples_highest(&samples, 0, 1000), 7);
	assert_int_equal(samples_highest(&samples, 0, 1001), 0);
}

static void without_a_count_there_is_none(void **state)
{
	const struct samples samples = { 0 };

	(void)state;
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 0), 0);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 1), 0);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, INT64_MAX), 0);
}

/* A machine that has just started, and counts before anything a window could look back to. */
static void the_first_moments_of_the_clock_count(void **state)
{
	struct samples samples = { 0 };

	(void)state;
	samples_add(&samples, WINDOW_MS, 0, 3);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 0), 3);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 60000), 3);
	assert_int_equal(samples_highest(&samples, WINDOW_MS, 61000), 0);
}

/* It is monotonic; were it not, nothing would be read or written beside the ring, and nothing forgotten. */
static void a_clock_that_goes_back_forgets_nothing(void **state)
{
	static const int64_t backs_ms[] = { 1, 1000, 60000, HOUR_MS, 9 * HOUR_MS, 20 * HOUR_MS, INT64_MAX / 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(backs_ms); i++) {
		struct samples samples = { 0 };
		int64_t now_ms = 10 * HOUR_MS;

		samples_add(&samples, WINDOW_MS, now_ms, 5);
		assert_int_equal(samples_highest(&samples, WINDOW_MS, now_ms - backs_ms[i]), 5);
		samples_add(&samples, WINDOW_MS, now_ms - backs_ms[i], 2);
		assert_int_equal(samples_highest(&samples, WINDOW_MS, now_ms - backs_ms[i]), 5);
		assert_int_equal(samples_highest(&samples, WINDOW_MS, now_ms), 5);
	}
}

/* Beside a list of everything that was ever added. */
static void random_counts_are_kept_for_the_window_and_hardly_longer(void **state)
{
	unsigned seed = 11;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct samples samples = { 0 };
		int64_t window_ms = rand_r(&seed) % 3 == 0 ? rand_r(&seed) % 200 : rand_r(&seed) % 70000;
		int64_t now_ms = rand_r(&seed) % 5 == 0 ? 0 : rand_r(&seed), times_ms[40];
		int counts[ARRAY_LEN(times_ms)];

		for (size_t i = 0; i < ARRAY_LEN(times_ms); i++) {
			int least = 0, most = 0, found;

			now_ms += rand_r(&seed) % (window_ms / 4 + 2);
			times_ms[i] = now_ms;
			counts[i] = rand_r(&seed) % 20;
			samples_add(&samples, window_ms, now_ms, counts[i]);
			for (size_t at = 0; at <= i; at++) {
				if (now_ms - times_ms[at] <= window_ms && counts[at] > least)
					least = counts[at];
				if (now_ms - times_ms[at] <= window_ms + window_ms / 60 + 1 && counts[at] > most)
					most = counts[at];
			}
			found = samples_highest(&samples, window_ms, now_ms);
			if (found < least || found > most)
				fail_msg("round %d: %d, not %d to %d", round, found, least, most);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_count_is_kept_for_the_window),
		cmocka_unit_test(a_count_is_forgotten_after_the_window),
		cmocka_unit_test(no_count_is_forgotten_before_the_window_is_over),
		cmocka_unit_test(a_long_pause_leaves_nothing_old_in_the_ring),
		cmocka_unit_test(a_pause_of_any_length_leaves_only_the_window),
		cmocka_unit_test(a_window_of_zero_knows_only_the_moment),
		cmocka_unit_test(without_a_count_there_is_none),
		cmocka_unit_test(the_first_moments_of_the_clock_count),
		cmocka_unit_test(a_clock_that_goes_back_forgets_nothing),
		cmocka_unit_test(random_counts_are_kept_for_the_window_and_hardly_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
