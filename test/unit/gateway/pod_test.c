/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pod.h"

#include "test/unit/base/test.h"

static void a_pod_is_usable_by_its_slice_or_for_a_while_on_its_word(void **state)
{
	static const struct {
		struct pod pod;
		int64_t now_ms;
		bool is_usable;
	} rows[] = {
		{ { .is_listed = true, .is_ready = true }, 0, true },
		{ { .is_listed = true }, 0, false },
		{ { .is_listed = true, .is_warm = true }, 99999, true },
		{ { .is_listed = true, .is_ready = true, .is_terminating = true }, 0, false },
		{ { .is_listed = true, .is_ready = true, .avoid_until_ms = 500 }, 499, false },
		{ { .is_listed = true, .is_ready = true, .avoid_until_ms = 500 }, 500, true },
		{ { .is_warm = true, .unlisted_since_ms = 1000 }, 10999, true },
		{ { .is_warm = true, .unlisted_since_ms = 1000 }, 11000, false },
		{ { .unlisted_since_ms = 1000 }, 1000, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(pod_is_usable(&rows[i].pod, rows[i].now_ms), rows[i].is_usable);
}

static void others_are_what_runs_beside_ours(void **state)
{
	struct pod pod = { .running = 3 };

	(void)state;
	pod_note_inflight(&pod, 5, 70);
	assert_int_equal(pod.others, 2);
	assert_int_equal(pod.others_since_ms, 70);
	pod_note_inflight(&pod, 2, 80);
	assert_int_equal(pod.others, 0);
}

static void a_refusal_tells_the_pods_own_cap(void **state)
{
	struct pod pod = { .running = 2 };

	(void)state;
	assert_false(pod_is_full(&pod));
	pod_note_full(&pod, 1, 0); /* one runs there, and ours was refused */
	assert_int_equal(pod.others, 0);
	pod.running--; /* it leaves */
	assert_true(pod_is_full(&pod));
	pod.running--;
	assert_false(pod_is_full(&pod));
	pod.running++;
	pod_note_full(&pod, 1, 0); /* the one is not ours */
	pod.running--;
	assert_int_equal(pod.others, 1);
	assert_true(pod_is_full(&pod));
}

static void a_pod_that_has_just_become_unreachable_may_be_gone(void **state)
{
	struct pod pod = { .is_listed = true };

	(void)state;
	assert_false(pod_may_be_gone(&pod, 0));
	pod_note_unreachable(&pod, 1000);
	pod_note_unreachable(&pod, 3000);
	assert_true(pod_may_be_gone(&pod, 3399));
	assert_false(pod_may_be_gone(&pod, 3400)); /* it is dialled again */
	pod_note_unreachable(&pod, 3499);
	assert_true(pod_may_be_gone(&pod, 3499));
	assert_false(pod_may_be_gone(&pod, 3500));
	pod_note_reached(&pod);
	assert_false(pod_may_be_gone(&pod, 1000));
	pod_note_unreachable(&pod, 9000);
	assert_true(pod_may_be_gone(&pod, 9000));
}

static void a_pod_that_cannot_be_reached_is_set_aside_for_longer_each_time(void **state)
{
	static const int64_t aside_ms[] = { 200, 400, 800, 1600, 3200, 5000 };
	struct pod pod = { .is_listed = true, .is_ready = true };

	(void)state;
	assert_false(pod_may_become_usable(&pod));
	for (size_t i = 0; i < ARRAY_LEN(aside_ms); i++) {
		pod_note_unreachable(&pod, 7000);
		assert_int_equal(pod.avoid_until_ms, 7000 + aside_ms[i]);
		assert_true(pod_may_become_usable(&pod)); /* so it is asked while somebody waits */
	}
	pod_note_reached(&pod);
	assert_false(pod_may_become_usable(&pod));
	pod_note_unreachable(&pod, 0);
	assert_int_equal(pod.avoid_until_ms, 200);
	pod.is_terminating = true;
	assert_false(pod_may_become_usable(&pod));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_is_usable_by_its_slice_or_for_a_while_on_its_word),
		cmocka_unit_test(others_are_what_runs_beside_ours),
		cmocka_unit_test(a_refusal_tells_the_pods_own_cap),
		cmocka_unit_test(a_pod_that_has_just_become_unreachable_may_be_gone),
		cmocka_unit_test(a_pod_that_cannot_be_reached_is_set_aside_for_longer_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
