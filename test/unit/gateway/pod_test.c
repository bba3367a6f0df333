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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_is_usable_by_its_slice_or_for_a_while_on_its_word),
		cmocka_unit_test(others_are_what_runs_beside_ours),
		cmocka_unit_test(a_refusal_tells_the_pods_own_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
