/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/decide.h"

#include <string.h>

#include "test/unit/base/test.h"

#define NOW_MS 10000000

struct row {
	const char *sentence;
	struct agent agent;
	struct observation seen;
	int desired;
	const char *reason;
};

#define ALWAYS_ON(min_, max_, current_)                                                                    \
	{                                                                                                  \
		.mode = AGENT_ALWAYS_ON, .min_replicas = (min_), .max_replicas = (max_), .concurrency = 4, \
		.target_utilization = 100, .has_desired_replicas = true, .desired_replicas = (current_)    \
	}
#define SERVERLESS(max_, current_, invoked_ms_)                                                                                   \
	{                                                                                                                         \
		.mode = AGENT_SERVERLESS, .min_replicas = 0, .max_replicas = (max_), .concurrency = 4, .target_utilization = 100, \
		.has_desired_replicas = true, .desired_replicas = (current_), .scale_to_zero_after_ms = 300000,                   \
		.last_invocation_ms = (invoked_ms_)                                                                               \
	}

static const struct row ROWS[] = {
	{ "an always-on agent at rest keeps its minimum", ALWAYS_ON(2, 10, 2), { .now_ms = NOW_MS }, 2, DECIDE_MINIMUM },
	{ "load above the minimum is divided by the concurrency, rounded up", ALWAYS_ON(1, 10, 1),
		{ .inflight = 9, .now_ms = NOW_MS }, 3, DECIDE_LOAD },
	{ "waiting requests are load", ALWAYS_ON(1, 10, 1), { .inflight = 4, .waiting = 1, .now_ms = NOW_MS }, 2, DECIDE_LOAD },
	{ "the maximum is never passed", ALWAYS_ON(1, 3, 1), { .waiting = 100, .now_ms = NOW_MS }, 3, DECIDE_MAXIMUM },
	{ "nothing goes below what was wanted within the window", ALWAYS_ON(1, 10, 5), { .highest_wanted = 4, .now_ms = NOW_MS }, 4,
		DECIDE_WINDOW },
	{ "after the window it goes down to the load", ALWAYS_ON(1, 10, 5),
		{ .inflight = 5, .highest_wanted = 2, .now_ms = NOW_MS }, 2, DECIDE_LOAD },
	{ "the window never raises", ALWAYS_ON(1, 10, 3), { .highest_wanted = 9, .now_ms = NOW_MS }, 3, DECIDE_WINDOW },
	{ "a silent pod holds the count", ALWAYS_ON(1, 10, 5), { .unknown_pods = 1, .now_ms = NOW_MS }, 5, DECIDE_UNKNOWN },
	{ "a silent gateway holds the count", ALWAYS_ON(1, 10, 5), { .unknown_gateways = 1, .now_ms = NOW_MS }, 5, DECIDE_UNKNOWN },
	{ "a silent pod does not hold back a rise", ALWAYS_ON(1, 10, 1), { .inflight = 8, .unknown_pods = 1, .now_ms = NOW_MS }, 2,
		DECIDE_LOAD },
	{ "a serverless agent that was never invoked sleeps", SERVERLESS(10, 1, 0), { .now_ms = NOW_MS }, 0, DECIDE_ASLEEP },
	{ "it stays warm within scaleToZeroAfter", SERVERLESS(10, 1, NOW_MS - 299000), { .now_ms = NOW_MS }, 1, DECIDE_WARM },
	{ "it sleeps after scaleToZeroAfter, whatever the window", SERVERLESS(10, 1, NOW_MS - 300000),
		{ .highest_wanted = 1, .now_ms = NOW_MS }, 0, DECIDE_ASLEEP },
	{ "what a sidecar saw last is activity", SERVERLESS(10, 1, NOW_MS - 400000),
		{ .last_activity_ms = NOW_MS - 1000, .now_ms = NOW_MS }, 1, DECIDE_WARM },
	{ "an open event stream keeps it awake", SERVERLESS(10, 1, NOW_MS - 400000), { .streams = 1, .now_ms = NOW_MS }, 1,
		DECIDE_WARM },
	{ "a running request keeps it awake", SERVERLESS(10, 1, NOW_MS - 400000), { .inflight = 1, .now_ms = NOW_MS }, 1,
		DECIDE_LOAD },
	{ "a silent pod keeps it awake", SERVERLESS(10, 1, NOW_MS - 400000), { .unknown_pods = 1, .now_ms = NOW_MS }, 1,
		DECIDE_WARM },
	{ "a lastInvocationAt that comes late wakes nobody", SERVERLESS(10, 0, NOW_MS - 1000), { .now_ms = NOW_MS }, 0,
		DECIDE_ASLEEP },
	{ "what was seen at work a moment ago stays warm, whoever wrote it down", SERVERLESS(10, 1, 0),
		{ .last_busy_ms = NOW_MS - 1000, .now_ms = NOW_MS }, 1, DECIDE_WARM },
	{ "somebody waiting wakes it", SERVERLESS(10, 0, 0), { .waiting = 1, .now_ms = NOW_MS }, 1, DECIDE_LOAD },
	{ "many waiting wake as many as they need", SERVERLESS(10, 0, 0), { .waiting = 9, .now_ms = NOW_MS }, 3, DECIDE_LOAD },
};

static void each_row_is_decided_as_its_sentence_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct decision decision = decide(&ROWS[i].agent, &ROWS[i].seen);

		if (decision.desired != ROWS[i].desired)
			fail_msg("%s: %d, not %d", ROWS[i].sentence, decision.desired, ROWS[i].desired);
		if (strcmp(decision.reason, ROWS[i].reason) != 0)
			fail_msg("%s: %s, not %s", ROWS[i].sentence, decision.reason, ROWS[i].reason);
	}
}

static void a_share_of_the_concurrency_is_planned_for(void **state)
{
	struct agent agent = ALWAYS_ON(1, 10, 1);
	struct observation seen = { .inflight = 4, .now_ms = NOW_MS };

	(void)state;
	assert_int_equal(decide(&agent, &seen).desired, 1);
	agent.target_utilization = 50;
	assert_int_equal(decide(&agent, &seen).desired, 2);
	agent.target_utilization = 70;
	assert_int_equal(decide(&agent, &seen).desired, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_decided_as_its_sentence_says),
		cmocka_unit_test(a_share_of_the_concurrency_is_planned_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
