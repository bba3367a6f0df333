/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/decide.h"

#include <string.h>

#include "base/attributes.h"
#include "scaler/samples.h"
#include "test/unit/base/test.h"

#define NOW_MS  10000000
#define HOUR_MS INT64_C(3600000)

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
#define WITH_MINIMUM(min_, max_, current_)                                                                  \
	{                                                                                                   \
		.mode = AGENT_SERVERLESS, .min_replicas = (min_), .max_replicas = (max_), .concurrency = 4, \
		.target_utilization = 100, .has_desired_replicas = true, .desired_replicas = (current_),    \
		.scale_to_zero_after_ms = 300000                                                            \
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

	{ "a full pod is enough", ALWAYS_ON(1, 10, 1), { .inflight = 4, .now_ms = NOW_MS }, 1, DECIDE_LOAD },
	{ "a full minimum is there for its load", ALWAYS_ON(2, 10, 2), { .inflight = 8, .now_ms = NOW_MS }, 2, DECIDE_LOAD },
	{ "load below the minimum's does not lower it", ALWAYS_ON(3, 10, 3), { .inflight = 1, .now_ms = NOW_MS }, 3,
		DECIDE_MINIMUM },
	{ "exactly the maximum is load", ALWAYS_ON(1, 3, 1), { .inflight = 12, .now_ms = NOW_MS }, 3, DECIDE_LOAD },
	{ "minimum and maximum alike leave no choice at rest", ALWAYS_ON(4, 4, 4), { .now_ms = NOW_MS }, 4, DECIDE_MINIMUM },
	{ "minimum and maximum alike leave no choice under load", ALWAYS_ON(4, 4, 4), { .waiting = 100, .now_ms = NOW_MS }, 4,
		DECIDE_MAXIMUM },
	{ "a serverless agent with a minimum never sleeps", WITH_MINIMUM(1, 10, 1), { .now_ms = NOW_MS }, 1, DECIDE_MINIMUM },
	{ "an always-on agent that nobody ever invoked stays", ALWAYS_ON(1, 10, 1), { .now_ms = NOW_MS }, 1, DECIDE_MINIMUM },

	{ "a maximum that was lowered holds at once, whatever the window", ALWAYS_ON(1, 3, 8),
		{ .inflight = 30, .highest_wanted = 8, .now_ms = NOW_MS }, 3, DECIDE_MAXIMUM },
	{ "a maximum that was lowered holds while a pod is silent", ALWAYS_ON(1, 3, 8), { .unknown_pods = 1, .now_ms = NOW_MS }, 3,
		DECIDE_UNKNOWN },
	{ "a maximum that was raised is used at once", ALWAYS_ON(1, 20, 3), { .inflight = 12, .waiting = 30, .now_ms = NOW_MS }, 11,
		DECIDE_LOAD },
	{ "a minimum that was raised is reached at once", ALWAYS_ON(5, 10, 2), { .now_ms = NOW_MS }, 5, DECIDE_MINIMUM },
	{ "a minimum that was lowered is left when the window is over", ALWAYS_ON(1, 10, 5),
		{ .highest_wanted = 1, .now_ms = NOW_MS }, 1, DECIDE_MINIMUM },
	{ "a minimum that was lowered holds within the window", ALWAYS_ON(1, 10, 5), { .highest_wanted = 5, .now_ms = NOW_MS }, 5,
		DECIDE_WINDOW },
	{ "a minimum that became 0 lets it sleep", SERVERLESS(10, 3, NOW_MS - 300000), { .highest_wanted = 3, .now_ms = NOW_MS }, 0,
		DECIDE_ASLEEP },
	{ "several warm ones go to one after the window", SERVERLESS(10, 4, NOW_MS - 100000),
		{ .highest_wanted = 1, .now_ms = NOW_MS }, 1, DECIDE_WARM },

	{ "a silent pod beside known load holds the count", ALWAYS_ON(1, 10, 5),
		{ .inflight = 9, .unknown_pods = 2, .now_ms = NOW_MS }, 5, DECIDE_UNKNOWN },
	{ "a silent gateway keeps it awake", SERVERLESS(10, 2, NOW_MS - 400000), { .unknown_gateways = 1, .now_ms = NOW_MS }, 2,
		DECIDE_UNKNOWN },
	{ "what is silent wakes nobody", SERVERLESS(10, 0, NOW_MS - 400000),
		{ .unknown_pods = 1, .unknown_gateways = 1, .now_ms = NOW_MS }, 0, DECIDE_ASLEEP },
	{ "a silent gateway keeps whom nobody ever invoked", SERVERLESS(10, 1, 0), { .unknown_gateways = 1, .now_ms = NOW_MS }, 1,
		DECIDE_WARM },

	{ "streams are no load", ALWAYS_ON(1, 10, 1), { .inflight = 4, .streams = 60, .now_ms = NOW_MS }, 1, DECIDE_LOAD },
	{ "streams alone need one pod", SERVERLESS(10, 5, NOW_MS - 400000),
		{ .streams = 60, .highest_wanted = 1, .now_ms = NOW_MS }, 1, DECIDE_WARM },
	{ "a stream keeps whom nobody ever invoked", SERVERLESS(10, 1, 0), { .streams = 1, .now_ms = NOW_MS }, 1, DECIDE_WARM },

	{ "a clock hours ahead lets it sleep, and a request wakes it", SERVERLESS(10, 1, NOW_MS),
		{ .now_ms = NOW_MS + 5 * HOUR_MS }, 0, DECIDE_ASLEEP },
	{ "a clock hours back puts nobody to sleep", SERVERLESS(10, 1, NOW_MS + 5 * HOUR_MS), { .now_ms = NOW_MS }, 1,
		DECIDE_WARM },
	{ "a sidecar's clock hours ahead puts nobody to sleep", SERVERLESS(10, 1, NOW_MS - 400000),
		{ .last_activity_ms = NOW_MS + 5 * HOUR_MS, .now_ms = NOW_MS }, 1, DECIDE_WARM },
	{ "a sidecar's clock hours back does not hide the invocation", SERVERLESS(10, 1, NOW_MS - 1000),
		{ .last_activity_ms = NOW_MS - 5 * HOUR_MS, .now_ms = NOW_MS }, 1, DECIDE_WARM },
	{ "a clock hours ahead takes no running work's pod", SERVERLESS(10, 2, NOW_MS),
		{ .inflight = 8, .now_ms = NOW_MS + 5 * HOUR_MS, .highest_wanted = 2 }, 2, DECIDE_LOAD },

	{ "more in flight than can be counted is the maximum", ALWAYS_ON(1, 10, 1), { .inflight = INT64_MAX, .now_ms = NOW_MS }, 10,
		DECIDE_MAXIMUM },
	{ "more waiting than can be counted is the maximum", ALWAYS_ON(1, 10, 1), { .waiting = INT64_MAX, .now_ms = NOW_MS }, 10,
		DECIDE_MAXIMUM },
	{ "both together are the maximum", ALWAYS_ON(1, 10, 1), { .inflight = INT64_MAX, .waiting = INT64_MAX, .now_ms = NOW_MS },
		10, DECIDE_MAXIMUM },
	{ "a hundredth of what can be counted is the maximum", ALWAYS_ON(1, 10, 1),
		{ .inflight = INT64_MAX / 99, .now_ms = NOW_MS }, 10, DECIDE_MAXIMUM },
	{ "less than nothing takes nothing from what waits", ALWAYS_ON(1, 10, 1),
		{ .inflight = INT64_MIN, .waiting = 5, .now_ms = NOW_MS }, 2, DECIDE_LOAD },
};

static void the_share_and_the_concurrency_divide_the_load(void **state)
{
	static const struct {
		int concurrency, target_utilization;
		int64_t inflight, waiting;
		int desired;
	} rows[] = { { 1, 100, 0, 0, 1 }, { 1, 100, 1, 0, 1 }, { 1, 100, 1, 1, 2 }, { 1, 100, 7, 0, 7 }, { 1, 50, 1, 0, 2 },
		{ 1, 1, 1, 0, 100 }, { 1, 1, 2, 0, 200 }, { 1, 99, 1, 0, 2 }, { 8, 1, 1, 0, 13 }, { 8, 100, 8, 0, 1 },
		{ 8, 100, 9, 0, 2 }, { 8, 70, 5, 0, 1 }, { 8, 70, 6, 0, 2 }, { 8, 70, 28, 28, 10 }, { 1000000, 1, 10000, 0, 1 },
		{ 1000000, 1, 10001, 0, 2 }, { INT32_MAX, 100, INT32_MAX, 0, 1 },
		{ INT32_MAX, 100, INT64_C(2) * INT32_MAX, 1, 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent agent = ALWAYS_ON(1, 1000, 1);
		struct observation seen = { .inflight = rows[i].inflight, .waiting = rows[i].waiting, .now_ms = NOW_MS };

		agent.concurrency = rows[i].concurrency;
		agent.target_utilization = rows[i].target_utilization;
		if (decide(&agent, &seen).desired != rows[i].desired)
			fail_msg("row %zu: %d, not %d", i, decide(&agent, &seen).desired, rows[i].desired);
	}
}

/* Days of a random agent, in steps: what was asked for, and when. */
#define TRACES     100000
#define STEPS      24
#define WINDOW_MS  INT64_C(60000)
#define MOST_WORK  60
#define SEED_START 20260101u

struct life {
	unsigned seed;
	struct agent agent;
	struct observation seen;
	struct samples window;
	int64_t clock_ms; /* monotonic */
	int64_t times_ms[STEPS];
	int wanted[STEPS];
	int count;
	int64_t lowered_ms; /* -1: not since the world last changed */
};

static int below(struct life *life, int bound)
{
	return rand_r(&life->seed) % bound;
}

static void be_born(struct life *life, unsigned seed)
{
	*life = (struct life){ .seed = seed, .lowered_ms = -1 };
	life->agent = (struct agent){ .mode = below(life, 3) > 0 ? AGENT_SERVERLESS : AGENT_ALWAYS_ON,
		.concurrency = 1 + below(life, 3) * below(life, 8),
		.target_utilization = below(life, 2) ? 100 : 1 + below(life, 100),
		.scale_to_zero_after_ms = below(life, 5) * INT64_C(60000),
		.has_desired_replicas = below(life, 8) > 0 };
	life->agent.min_replicas = life->agent.mode == AGENT_SERVERLESS ? below(life, 3) : 1 + below(life, 3);
	life->agent.max_replicas = life->agent.min_replicas + 1 + below(life, 12);
	life->agent.desired_replicas = below(life, 15);
	life->clock_ms = below(life, 2) ? below(life, 100000) : INT64_C(1000000000) + below(life, 100000);
	life->seen.now_ms = INT64_C(1700000000000) + below(life, 1000000);
	samples_add(&life->window, WINDOW_MS, life->clock_ms, agent_wanted_replicas(&life->agent));
}

/* Mostly time passes alone. */
static void live_on(struct life *life)
{
	int64_t passed_ms = below(life, 4) == 0 ? below(life, 200000) : 1 + below(life, 3000);
	bool is_new = true;

	life->clock_ms += passed_ms;
	life->seen.now_ms += passed_ms;
	switch (below(life, 12)) {
	case 0: life->seen.inflight = below(life, MOST_WORK); break;
	case 1: life->seen.waiting = below(life, MOST_WORK); break;
	case 2: life->seen.inflight = life->seen.waiting = life->seen.streams = 0; break;
	case 3: life->seen.streams = below(life, 3); break;
	case 4: life->seen.last_activity_ms = life->seen.now_ms; break;
	case 5: life->agent.last_invocation_ms = life->seen.now_ms; break;
	case 6: life->seen.unknown_pods = below(life, 2); break;
	case 7: life->seen.unknown_gateways = below(life, 2); break;
	case 8:
		if (below(life, 8) == 0)
			life->seen.now_ms += (below(life, 21) - 10) * HOUR_MS;
		break;
	case 9:
		if (below(life, 4) == 0) {
			life->agent.max_replicas = life->agent.min_replicas + 1 + below(life, 12);
			life->agent.target_utilization = 1 + below(life, 100);
		}
		break;
	default: is_new = false;
	}
	if (life->seen.inflight + life->seen.waiting + life->seen.streams > 0)
		life->seen.last_busy_ms = life->seen.now_ms;
	if (is_new)
		life->lowered_ms = -1;
	life->seen.highest_wanted = samples_highest(&life->window, WINDOW_MS, life->clock_ms);
}

static int needed_by(const struct life *life, int64_t load)
{
	int64_t per_pod = (int64_t)life->agent.concurrency * life->agent.target_utilization;
	int64_t needed = (load * 100 + per_pod - 1) / per_pod;

	return needed > life->agent.max_replicas ? life->agent.max_replicas : (int)needed;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* As the specification has it: mode, minimum, nothing going on, and no invocation for long enough or ever; nor is who sleeps woken
   by anything else than work. */
static bool is_documented_sleep(const struct life *life, int current)
{
	const struct observation *seen = &life->seen;
	const struct agent *agent = &life->agent;
	int64_t worked_ms = later(agent->last_invocation_ms, seen->last_busy_ms);
	int64_t quiet_ms = seen->now_ms - later(worked_ms, seen->last_activity_ms);

	return agent->mode == AGENT_SERVERLESS && agent->min_replicas == 0 && seen->inflight + seen->waiting + seen->streams == 0 &&
		(worked_ms == 0 || current == 0 || quiet_ms >= agent->scale_to_zero_after_ms) &&
		(current == 0 || seen->unknown_pods + seen->unknown_gateways == 0);
}

static int highest_of(const struct life *life, int64_t within_ms)
{
	int highest = 0;

	for (int i = 0; i < life->count; i++) {
		if (life->clock_ms - life->times_ms[i] <= within_ms && life->wanted[i] > highest)
			highest = life->wanted[i];
	}
	return highest;
}

/* NULL, or the sentence that this decision breaks. */
static const char *broken_by(const struct life *life, const struct decision *decision, int current)
{
	const struct agent *agent = &life->agent;
	int needed = needed_by(life, life->seen.inflight + life->seen.waiting), desired = decision->desired;
	int floor = agent->min_replicas > 0 ? agent->min_replicas : 1, held = highest_of(life, WINDOW_MS);
	struct observation busier = life->seen;

	if (desired > agent->max_replicas)
		return "never above the maximum";
	if (is_documented_sleep(life, current) != (desired == 0))
		return "to zero when it is documented, and only then";
	if (desired == 0)
		return NULL;
	if (desired < floor)
		return "never below the minimum, or one pod";
	if (desired < needed)
		return "never below what the work needs";
	if (desired > current && desired > (needed > floor ? needed : floor))
		return "up only for work or the minimum";
	if (desired < current && desired < (held < current ? held : current))
		return "down never below what was wanted within the window";
	if (desired < current && life->seen.unknown_pods + life->seen.unknown_gateways > 0)
		return "nothing goes down on a guess";
	if (desired > current && life->lowered_ms >= 0)
		return "the same world never lowers and then raises";
	busier.inflight += 1 + life->clock_ms % 7;
	busier.waiting += life->clock_ms % 3;
	if (decide(agent, &busier).desired < desired)
		return "more work never has fewer pods";
	return NULL;
}

static void random_lives_break_no_rule(void **state)
{
	(void)state;
	for (unsigned seed = SEED_START; seed < SEED_START + TRACES; seed++) {
		struct life life;

		be_born(&life, seed);
		for (int step = 0; step < STEPS; step++) {
			int current = agent_wanted_replicas(&life.agent);
			struct decision decision;
			const char *broken;

			live_on(&life);
			current = agent_wanted_replicas(&life.agent);
			decision = decide(&life.agent, &life.seen);
			broken = broken_by(&life, &decision, current);
			if (broken != NULL)
				fail_msg("%s: %d after %d (%s), seed %u, step %d", broken, decision.desired, current,
					decision.reason, seed, step);
			samples_add(&life.window, WINDOW_MS, life.clock_ms, decision.wanted);
			life.times_ms[life.count] = life.clock_ms;
			life.wanted[life.count++] = decision.wanted;
			if (decision.desired < current)
				life.lowered_ms = life.clock_ms;
			/* a write may fail */
			if (below(&life, 10) > 0) {
				life.agent.desired_replicas = decision.desired;
				life.agent.has_desired_replicas = true;
			}
		}
	}
}

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
		cmocka_unit_test(the_share_and_the_concurrency_divide_the_load),
		cmocka_unit_test(random_lives_break_no_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
