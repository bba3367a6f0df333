/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator on cases that a hand can work out, and the sentence it is there for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/mem.h"
#include "test/bench/peers/kpa/kpa.h"
#include "test/sim/compare.h"
#include "test/sim/krypton.h"
#include "test/sim/trace.h"
#include "test/sim/world.h"
#include "test/unit/base/test.h"

#define SEEDS 5

/* A pod takes 2 s to start, a line is decided on 0.1 s after it formed: who wakes an agent waits 2.1 s. */
static const struct sim_settings USUAL = { .concurrency = 8,
	.max_replicas = 20,
	.target_utilization = 100,
	.pod_start_ms = 2000,
	.interval_ms = 1000,
	.reaction_ms = 100,
	.stable_window_ms = 60000,
	.idle_ms = 90000,
	.drain_ms = 300000,
	.tail_ms = 200000 };

/* Lines of a file, as trace_read() takes them. */
static struct trace *trace_of(const char *lines)
{
	char *copy = mem_copy_text(lines);
	FILE *from = fmemopen(copy, strlen(copy), "r");
	struct err err = { 0 };
	struct trace *trace = trace_read(from, "lines", &err);

	(void)fclose(from);
	mem_release(copy);
	if (trace == NULL)
		fail_msg("%s", err.message);
	return trace;
}

/* The same request that many times, at one instant. */
static struct trace *crowd(int count, int64_t duration_ms, int64_t length_ms)
{
	struct trace *trace = mem_alloc(sizeof(*trace));

	trace->name = "crowd";
	trace->length_ms = length_ms;
	trace->count = (size_t)count;
	trace->arrivals = mem_alloc_array(trace->count, sizeof(*trace->arrivals));
	for (int i = 0; i < count; i++)
		trace->arrivals[i] = (struct arrival){ .duration_ms = duration_ms };
	return trace;
}

static void by_krypton(const struct trace *trace, const struct sim_settings *settings, struct sim_result *ret_result)
{
	struct krypton_policy krypton;

	krypton_policy_init(&krypton, settings);
	world_play(trace, settings, &krypton.policy, ret_result);
}

static void by_knative(const struct trace *trace, const struct sim_settings *settings, struct sim_result *ret_result)
{
	struct kpa_policy *kpa = mem_alloc(sizeof(*kpa));

	kpa_policy_init(kpa, settings);
	world_play(trace, settings, &kpa->policy, ret_result);
	mem_release(kpa);
}

static const struct sim_row *at_second(const struct sim_result *result, size_t second)
{
	assert_true(second < result->row_count);
	return &result->rows[second];
}

static void assert_near(double found, double expected)
{
	if (fabs(found - expected) > 0.0005)
		fail_msg("%.4f, not %.4f", found, expected);
}

static void a_steady_load_has_load_by_concurrency_rounded_up_pods(void **state)
{
	static const struct {
		int load, concurrency, utilization, pods;
	} cases[] = { { 1, 8, 100, 1 }, { 8, 8, 100, 1 }, { 9, 8, 100, 2 }, { 20, 8, 100, 3 }, { 20, 8, 50, 5 }, { 5, 1, 100, 5 },
		{ 7, 1, 70, 10 }, { 500, 8, 100, 20 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		scoped(trace) trace = crowd(cases[i].load, 100000, 90000);
		struct sim_settings settings = USUAL;
		struct sim_result result;

		settings.concurrency = cases[i].concurrency;
		settings.target_utilization = cases[i].utilization;
		by_krypton(trace, &settings, &result);
		for (size_t second = 1; second <= 90; second++)
			assert_int_equal(at_second(&result, second)->wanted, cases[i].pods);
		assert_int_equal(at_second(&result, 3)->ready, cases[i].pods);
		sim_result_fini(&result);
	}
}

static void who_wakes_it_waits_for_the_reaction_and_the_start(void **state)
{
	scoped(trace) trace = crowd(20, 100000, 90000);
	struct sim_result result;

	(void)state;
	by_krypton(trace, &USUAL, &result);
	assert_near(result.wait_mean_s, 2.1);
	assert_near(result.wait_p50_s, 2.1);
	assert_near(result.wait_max_s, 2.1);
	assert_int_equal(result.longest_line, 20);
	assert_int_equal(result.peak_pods, 3);
	sim_result_fini(&result);
}

/* Asked for at 0.1 s, done at 3.1 s, decided on each full second: asleep at 94 s. */
static void it_sleeps_after_scale_to_zero_after(void **state)
{
	scoped(trace) trace = crowd(1, 1000, 1000);
	struct sim_result result;

	(void)state;
	by_krypton(trace, &USUAL, &result);
	assert_int_equal(at_second(&result, 93)->wanted, 1);
	assert_int_equal(at_second(&result, 94)->wanted, 0);
	assert_int_equal(at_second(&result, 94)->alive, 0);
	assert_near(result.pod_seconds, 93.9);
	assert_int_equal(result.changes, 2);
	sim_result_fini(&result);
}

/* Sixteen run until 12.1 s. The last decision that saw them is that of 12 s, and a minute later it is forgotten. */
static void the_count_goes_down_after_the_stable_window(void **state)
{
	scoped(trace) trace = crowd(16, 10000, 1000);
	struct sim_result result;

	(void)state;
	by_krypton(trace, &USUAL, &result);
	assert_int_equal(at_second(&result, 72)->wanted, 2);
	assert_int_equal(at_second(&result, 72)->ready, 2);
	/* the pod retires first, and goes once Kubernetes has seen it not ready */
	assert_int_equal(at_second(&result, 73)->wanted, 2);
	assert_int_equal(at_second(&result, 73)->ready, 1);
	assert_int_equal(at_second(&result, 75)->wanted, 1);
	assert_int_equal(at_second(&result, 75)->alive, 1);
	assert_int_equal(at_second(&result, 103)->wanted, 0);
	sim_result_fini(&result);
}

static void who_came_first_is_served_first(void **state)
{
	scoped(trace) trace = crowd(3, 10000, 10000);
	struct sim_settings settings = USUAL;
	struct sim_result result;

	(void)state;
	settings.concurrency = settings.max_replicas = 1;
	by_krypton(trace, &settings, &result);
	assert_near(result.wait_mean_s, 12.1);
	assert_near(result.wait_p50_s, 12.1);
	assert_near(result.wait_max_s, 22.1);
	assert_int_equal(result.unserved, 0);
	sim_result_fini(&result);
}

static void the_minimum_is_there_before_anybody_comes_and_stays(void **state)
{
	scoped(trace) trace = crowd(16, 1000, 1000);
	struct sim_settings settings = USUAL;
	struct sim_result result;

	(void)state;
	settings.min_replicas = 2;
	by_krypton(trace, &settings, &result);
	assert_near(result.wait_max_s, 0);
	assert_near(result.pod_seconds, 2 * 201);
	assert_int_equal(result.changes, 0);
	sim_result_fini(&result);
}

/* Twenty end one after the other, a second apart: a minute later the count follows, and does not wait for the last. */
static void a_falling_load_lets_pods_go_as_it_falls(void **state)
{
	char lines[1024] = "";
	struct sim_settings settings = USUAL;
	struct sim_result result;

	(void)state;
	for (int i = 1; i <= 20; i++)
		(void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "0,%d,request\n", i);

	scoped(trace) trace = trace_of(lines);
	settings.concurrency = 1;
	by_krypton(trace, &settings, &result);
	/* i of them end until 2.1 s + i, seen at 3 s + i at the latest, and a window later it is forgotten what they needed */
	for (size_t i = 1; i < 20; i++) {
		int load = 20 - (int)i, alive = at_second(&result, 63 + i)->alive;

		assert_int_equal(at_second(&result, 63 + i)->ready, load);
		if (alive > load + 2)
			fail_msg("%d pods at second %zu, for %d a minute before", alive, 63 + i, load);
	}
	sim_result_fini(&result);
}

/* Two pods with a stream for ever in each: the one that goes is kept for drainTimeout, and as long again while it ends. */
static void a_stream_holds_its_pod_for_drain_timeout(void **state)
{
	scoped(trace) trace = trace_of("0,10,request\n0,10,request\n3,2000,stream\n4,2000,stream\n");
	struct sim_settings settings = USUAL;
	struct sim_result result;

	(void)state;
	settings.concurrency = 1;
	settings.tail_ms = 800000;
	by_krypton(trace, &settings, &result);
	/* both ran until 12.1 s, the window ends at 73 s, and one of the two pods retires then, with a stream in it */
	assert_int_equal(at_second(&result, 74)->ready, 1);
	assert_int_equal(at_second(&result, 372)->wanted, 2);
	assert_int_equal(at_second(&result, 373)->wanted, 1);
	assert_int_equal(at_second(&result, 672)->alive, 2);
	assert_int_equal(at_second(&result, 673)->alive, 1);
	assert_int_equal(result.cut, 1);
	/* the other stream keeps the agent awake */
	assert_int_equal(at_second(&result, 800)->wanted, 1);
	sim_result_fini(&result);
}

static void knative_divides_by_its_target_as_well(void **state)
{
	static const struct {
		int load, utilization, pods;
	} cases[] = { { 8, 100, 1 }, { 8, 50, 2 }, { 20, 100, 3 }, { 20, 70, 4 }, { 500, 100, 20 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		scoped(trace) trace = crowd(cases[i].load, 100000, 90000);
		struct sim_settings settings = USUAL;
		struct sim_result result;

		settings.target_utilization = cases[i].utilization;
		by_knative(trace, &settings, &result);
		assert_int_equal(at_second(&result, 1)->wanted, cases[i].pods);
		assert_int_equal(at_second(&result, 90)->wanted, cases[i].pods);
		sim_result_fini(&result);
	}
}

/* Both are told the same quiet: a stable window and its grace are what scaleToZeroAfter is. */
static void knative_sleeps_after_as_long_a_quiet(void **state)
{
	scoped(trace) trace = crowd(1, 1000, 1000);
	struct sim_result result;

	(void)state;
	by_knative(trace, &USUAL, &result);
	assert_int_equal(at_second(&result, 92)->wanted, 1);
	assert_int_equal(at_second(&result, 96)->wanted, 0);
	assert_int_equal(result.changes, 2);
	sim_result_fini(&result);
}

/* One runs, and sixty come at 100 s: six seconds' average asks for twice the pods at a tick, and nothing goes down for a minute. */
static void knative_panics_and_holds_for_a_stable_window(void **state)
{
	char lines[4096] = "0,400,request\n";
	struct sim_result result;

	(void)state;
	for (int i = 0; i < 60; i++)
		(void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "100,20,request\n");

	scoped(trace) trace = trace_of(lines);
	by_knative(trace, &USUAL, &result);
	assert_int_equal(at_second(&result, 100)->wanted, 1);
	/* a second of six with 61: 11 on average, two pods; two more seconds of it: 31, four */
	assert_true(at_second(&result, 103)->wanted >= 2);
	assert_int_equal(at_second(&result, 108)->wanted, 8);
	assert_int_equal(at_second(&result, 160)->wanted, 8);
	assert_int_equal(at_second(&result, 240)->wanted, 1);
	sim_result_fini(&result);
}

static void a_seed_gives_the_same_trace_again_and_a_file_the_same_run(void **state)
{
	const struct trace_options options = { .seed = 7, .length_ms = 300000 };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < TRACE_NAMES; i++) {
		scoped(trace) one = trace_generate(trace_names[i], &options, &err);
		scoped(trace) two = trace_generate(trace_names[i], &options, &err);
		size_t room = one->count * 48 + 64;
		char *lines = mem_alloc(room);
		FILE *to = fmemopen(lines, room, "w");
		struct sim_result from_seed, from_file;

		assert_true(one->count > 0);
		assert_int_equal(one->count, two->count);
		for (size_t at = 0; at < one->count; at++)
			assert_true(one->arrivals[at].at_ms == two->arrivals[at].at_ms &&
				one->arrivals[at].duration_ms == two->arrivals[at].duration_ms);
		trace_write(one, to);
		(void)fclose(to);
		scoped(trace) read = trace_of(lines);
		read->length_ms = one->length_ms;
		by_krypton(one, &USUAL, &from_seed);
		by_krypton(read, &USUAL, &from_file);
		assert_true(from_seed.pod_seconds == from_file.pod_seconds && from_seed.wait_mean_s == from_file.wait_mean_s);
		sim_result_fini(&from_seed);
		sim_result_fini(&from_file);
		mem_release(lines);
	}
}

static void a_file_that_is_no_trace_is_refused_by_its_line(void **state)
{
	static const struct {
		const char *lines, *message;
	} cases[] = {
		{ "0,1,request\n0 1\n", "lines line 2: it is not `arrival s,duration s,request|stream`" },
		{ "0,1,request\n-1,1,request\n", "lines line 2: arrival and duration are seconds from 0 to a day" },
		{ "0,nan,request\n", "lines line 1: arrival and duration are seconds from 0 to a day" },
		{ "0,1e9,request\n", "lines line 1: arrival and duration are seconds from 0 to a day" },
		{ "0,1,reqeust\n", "lines line 1: the kind is request or stream, not \"reqeust\"" },
		{ "5,1,request\n4,1,request\n", "lines line 2: it comes before the line above it" },
		{ "# nobody\n", "lines: nothing comes in it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *copy = mem_copy_text(cases[i].lines);
		FILE *from = fmemopen(copy, strlen(copy), "r");
		struct err err = { 0 };

		assert_null(trace_read(from, "lines", &err));
		assert_string_equal(err.message, cases[i].message);
		(void)fclose(from);
		mem_release(copy);
	}
}

/* Each with traces a third to a half as long as make bench-scaling has them. */
static const struct {
	const char *trace;
	int64_t length_ms;
} SHORT[TRACE_NAMES] = { { "steady", 450000 }, { "ramp", 450000 }, { "burst", 450000 }, { "diurnal", 1200000 },
	{ "stream", 600000 }, { "herd", 800000 } };

static void no_setting_of_knative_waits_less_and_costs_less(void **state)
{
	struct sim_settings daemons = USUAL;

	(void)state;
	/* as often as the scaler really asks gateways and pods while somebody waits */
	daemons.poll_ms = 150;
	daemons.reaction_ms = 50;
	for (size_t i = 0; i < TRACE_NAMES; i++) {
		const struct trace_options options = { .seed = 1, .length_ms = SHORT[i].length_ms };
		struct comparison comparison;
		struct err err = { 0 };

		assert_int_equal(compare(SHORT[i].trace, &options, SEEDS, &daemons, &comparison, &err), 0);
		for (int k = 0; k < COMPARE_KNATIVE; k++) {
			const struct compare_figures *ours = &comparison.krypton, *theirs = &comparison.knative[k];

			if (compare_is_better(theirs, ours))
				fail_msg("%s, seeds 1 to %d: Knative at %d %% waits %.3f s (p99 %.3f) for %.0f pod-seconds, "
					 "Krypton %.3f s (%.3f) for %.0f",
					SHORT[i].trace, SEEDS, theirs->target_utilization, theirs->wait_mean_s, theirs->wait_p99_s,
					theirs->pod_seconds, ours->wait_mean_s, ours->wait_p99_s, ours->pod_seconds);
		}
	}
}

static void everybody_is_served_whole_on_every_trace(void **state)
{
	(void)state;
	for (size_t i = 0; i < TRACE_NAMES; i++) {
		const struct trace_options options = { .seed = 1, .length_ms = SHORT[i].length_ms };
		struct err err = { 0 };
		scoped(trace) trace = trace_generate(SHORT[i].trace, &options, &err);
		struct sim_result result;

		by_krypton(trace, &USUAL, &result);
		assert_int_equal(result.unserved, 0);
		assert_int_equal(result.cut, 0);
		assert_true(result.wait_max_s <= 2.2);
		sim_result_fini(&result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_load_has_load_by_concurrency_rounded_up_pods),
		cmocka_unit_test(who_wakes_it_waits_for_the_reaction_and_the_start),
		cmocka_unit_test(it_sleeps_after_scale_to_zero_after),
		cmocka_unit_test(the_count_goes_down_after_the_stable_window),
		cmocka_unit_test(who_came_first_is_served_first),
		cmocka_unit_test(the_minimum_is_there_before_anybody_comes_and_stays),
		cmocka_unit_test(a_falling_load_lets_pods_go_as_it_falls),
		cmocka_unit_test(a_stream_holds_its_pod_for_drain_timeout),
		cmocka_unit_test(knative_divides_by_its_target_as_well),
		cmocka_unit_test(knative_sleeps_after_as_long_a_quiet),
		cmocka_unit_test(knative_panics_and_holds_for_a_stable_window),
		cmocka_unit_test(a_seed_gives_the_same_trace_again_and_a_file_the_same_run),
		cmocka_unit_test(a_file_that_is_no_trace_is_refused_by_its_line),
		cmocka_unit_test(everybody_is_served_whole_on_every_trace),
		cmocka_unit_test(no_setting_of_knative_waits_less_and_costs_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
