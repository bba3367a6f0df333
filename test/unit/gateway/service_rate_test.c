/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/service_rate.h"

#include "test/unit/base/test.h"

#define NOW 1000000

static struct service_rate after(int ended, int64_t over_ms)
{
	struct service_rate rate = { 0 };

	for (int i = 0; i < ended; i++)
		service_rate_note(&rate, NOW - over_ms + over_ms * i / ended);
	return rate;
}

static void the_wait_is_what_is_ahead_by_the_rate(void **state)
{
	struct service_rate fast = after(1000, 10000), slow = after(5, 10000), young = after(20, 2000);

	(void)state;
	assert_int_equal(service_rate_wait_s(&fast, NOW, 100, 0), 1);
	assert_int_equal(service_rate_wait_s(&fast, NOW, 500, 0), 5);
	assert_in_range(service_rate_wait_s(&slow, NOW, 10, 0), 20, 26);
	assert_int_equal(service_rate_wait_s(&young, NOW, 100, 0), 10);
}

static void it_is_at_least_a_second_and_at_most_a_minute(void **state)
{
	struct service_rate slow = after(1, 10000);

	(void)state;
	assert_int_equal(service_rate_wait_s(&slow, NOW, 0, 0), 1);
	assert_int_equal(service_rate_wait_s(&slow, NOW, 1000000, 0), 60);
	assert_int_equal(service_rate_wait_s(&slow, NOW + 100000, SIZE_MAX, INT64_MAX), 60);
}

static void what_ended_long_ago_is_forgotten(void **state)
{
	struct service_rate rate = after(1000, 10000), never = { 0 };

	(void)state;
	assert_int_equal(service_rate_wait_s(&rate, NOW + 5000, 500, 0), 10);
	assert_int_equal(service_rate_wait_s(&rate, NOW + 30000, 500, 7000), 7);
	assert_int_equal(service_rate_wait_s(&never, NOW, 500, 6001), 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_is_what_is_ahead_by_the_rate),
		cmocka_unit_test(it_is_at_least_a_second_and_at_most_a_minute),
		cmocka_unit_test(what_ended_long_ago_is_forgotten),
	};

	return cmocka_run_group_tests_name("gateway/service_rate", tests, NULL, NULL);
}
