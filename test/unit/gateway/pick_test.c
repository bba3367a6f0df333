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
		cmocka_unit_test(without_pods_there_is_no_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
