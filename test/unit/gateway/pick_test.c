/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pick.h"

#include "test/unit/base/test.h"

static void the_pod_with_the_fewest_in_flight_is_picked(void **state)
{
	const struct pick_candidate pods[] = { { true, 3 }, { true, 1 }, { true, 2 } };

	(void)state;
	assert_int_equal(pick_pod(pods, 3, 8, PICK_NONE, 0), 1);
}

static void a_full_pod_is_not_picked(void **state)
{
	const struct pick_candidate pods[] = { { true, 8 }, { true, 9 } };

	(void)state;
	assert_int_equal(pick_pod(pods, 2, 8, PICK_NONE, 0), PICK_NONE);
}

static void an_unusable_pod_is_not_picked(void **state)
{
	const struct pick_candidate pods[] = { { false, 0 }, { true, 7 } };

	(void)state;
	assert_int_equal(pick_pod(pods, 2, 8, PICK_NONE, 0), 1);
	assert_int_equal(pick_pod(pods, 1, 8, PICK_NONE, 0), PICK_NONE);
}

static void equals_take_turns(void **state)
{
	const struct pick_candidate pods[] = { { true, 0 }, { true, 0 }, { true, 0 } };

	(void)state;
	for (size_t start = 0; start < 6; start++)
		assert_int_equal(pick_pod(pods, 3, 8, PICK_NONE, start), (int)(start % 3));
}

static void a_pinned_pod_is_the_only_choice(void **state)
{
	const struct pick_candidate pods[] = { { true, 0 }, { true, 5 }, { true, 8 }, { false, 0 } };

	(void)state;
	assert_int_equal(pick_pod(pods, 4, 8, 1, 0), 1);
	assert_int_equal(pick_pod(pods, 4, 8, 2, 0), PICK_NONE);
	assert_int_equal(pick_pod(pods, 4, 8, 3, 0), PICK_NONE);
	assert_int_equal(pick_pod(pods, 4, 8, 9, 0), PICK_NONE);
}

static void a_concurrency_of_one_takes_one_at_a_time(void **state)
{
	const struct pick_candidate pods[] = { { true, 1 }, { true, 0 }, { true, 1 } };

	(void)state;
	for (size_t start = 0; start < 6; start++) {
		assert_int_equal(pick_pod(pods, 3, 1, PICK_NONE, start), 1);
		assert_int_equal(pick_pod(pods, 1, 1, PICK_NONE, start), PICK_NONE);
	}
}

/* The Agent's concurrency was lowered while more ran: that pod gets nothing until it is below. */
static void a_pod_above_a_lowered_limit_is_full(void **state)
{
	const struct pick_candidate pods[] = { { true, 7 }, { true, 3 } };

	(void)state;
	assert_int_equal(pick_pod(pods, 2, 4, PICK_NONE, 0), 1);
	assert_int_equal(pick_pod(pods, 2, 3, PICK_NONE, 0), PICK_NONE);
	assert_int_equal(pick_pod(pods, 2, 3, 1, 0), PICK_NONE);
}

static void what_takes_no_slot_goes_to_a_full_pod_as_well(void **state)
{
	const struct pick_candidate pods[] = { { false, 0 }, { true, 8 } };

	(void)state;
	assert_int_equal(pick_pod(pods, 2, INT32_MAX, PICK_NONE, 0), 1);
	assert_int_equal(pick_pod(pods, 1, INT32_MAX, PICK_NONE, 0), PICK_NONE);
}

/* Whatever the pods are: one with a free slot, and none only where there is none. */
static void random_pods_are_picked_only_with_a_free_slot(void **state)
{
	unsigned seed = 5;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct pick_candidate pods[6];
		size_t count = (size_t)(rand_r(&seed) % 7);
		int limit = 1 + rand_r(&seed) % 4, pin = rand_r(&seed) % 4 == 0 ? rand_r(&seed) % 8 : PICK_NONE, picked;
		bool has_free = false;

		for (size_t i = 0; i < count; i++) {
			pods[i] = (struct pick_candidate){ .is_usable = rand_r(&seed) % 3 > 0, .inflight = rand_r(&seed) % 6 };
			has_free =
				has_free || (pods[i].is_usable && pods[i].inflight < limit && (pin == PICK_NONE || pin == (int)i));
		}
		picked = pick_pod(pods, count, limit, pin, (size_t)(rand_r(&seed) % 20));
		assert_int_equal(picked != PICK_NONE, has_free);
		if (picked != PICK_NONE) {
			assert_true(picked >= 0 && (size_t)picked < count);
			assert_true(pods[picked].is_usable && pods[picked].inflight < limit);
			assert_true(pin == PICK_NONE || picked == pin);
		}
	}
}

static void without_pods_there_is_no_choice(void **state)
{
	(void)state;
	assert_int_equal(pick_pod(NULL, 0, 8, PICK_NONE, 5), PICK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pod_with_the_fewest_in_flight_is_picked),
		cmocka_unit_test(a_full_pod_is_not_picked),
		cmocka_unit_test(an_unusable_pod_is_not_picked),
		cmocka_unit_test(equals_take_turns),
		cmocka_unit_test(a_pinned_pod_is_the_only_choice),
		cmocka_unit_test(a_concurrency_of_one_takes_one_at_a_time),
		cmocka_unit_test(a_pod_above_a_lowered_limit_is_full),
		cmocka_unit_test(what_takes_no_slot_goes_to_a_full_pod_as_well),
		cmocka_unit_test(random_pods_are_picked_only_with_a_free_slot),
		cmocka_unit_test(without_pods_there_is_no_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
