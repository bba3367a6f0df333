/* SPDX-License-Identifier: Apache-2.0 */
/* scaler-sim: how many pods there would be, and who would wait, for a trace of requests; or, with --compare, how that is beside
   Knative's policy. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/daemon.h"
#include "base/mem.h"
#include "base/options.h"
#include "test/bench/peers/kpa/kpa.h"
#include "test/sim/compare.h"
#include "test/sim/krypton.h"
#include "test/sim/report.h"
#include "test/sim/trace.h"
#include "test/sim/world.h"

#define PROGRAM "scaler-sim"
#define HOUR_MS INT64_C(3600000)

enum policy_name { POLICY_KRYPTON, POLICY_KNATIVE };
static const char *const policy_names[] = { "krypton", "knative", NULL };

struct settings {
	const char *trace, *svg;
	int policy;
	int64_t seed, seeds, length_ms, per_minute, duration_ms;
	int64_t pod_start_ms, interval_ms, poll_ms, reaction_ms, stable_window_ms, idle_ms, drain_ms, tail_ms;
	int64_t concurrency, min_replicas, max_replicas, target_utilization, every_s;
	bool compares, writes_trace, has_chart;
};

#define FIELD(name) offsetof(struct settings, name)
#define INT_OPTION(name_, field, fallback_, min_, max_, sentence_)                                                   \
	{                                                                                                            \
		.name = (name_), .type = OPTION_INT, .offset = FIELD(field), .fallback = (fallback_), .min = (min_), \
		.max = (max_), .sentence = (sentence_)                                                               \
	}
#define DURATION_OPTION(name_, field, fallback_, min_, max_, sentence_)                                                   \
	{                                                                                                                 \
		.name = (name_), .type = OPTION_DURATION, .offset = FIELD(field), .fallback = (fallback_), .min = (min_), \
		.max = (max_), .sentence = (sentence_)                                                                    \
	}

static const struct option OPTIONS[] = {
	{ .name = "trace",
		.type = OPTION_TEXT,
		.offset = FIELD(trace),
		.fallback = "steady",
		.sentence = "steady, ramp, burst, diurnal, stream, herd, all (with --compare), or a file of lines `arrival "
			    "s,duration s,"
			    "request|stream`" },
	{ .name = "policy",
		.type = OPTION_CHOICE,
		.offset = FIELD(policy),
		.choices = policy_names,
		.fallback = "krypton",
		.sentence = "who decides" },
	INT_OPTION(
		"target-utilization", target_utilization, "100", 1, 100, "share of the concurrency that is planned for, percent"),
	INT_OPTION("concurrency", concurrency, "8", 1, 100000, "requests at once in a pod"),
	INT_OPTION("min-replicas", min_replicas, "0", 0, SIM_MAX_PODS / 2, "not fewer pods"),
	INT_OPTION("max-replicas", max_replicas, "20", 1, SIM_MAX_PODS / 2, "not more pods"),
	DURATION_OPTION("pod-start", pod_start_ms, "2s", 1, HOUR_MS, "until a new pod takes work"),
	INT_OPTION("interval-ms", interval_ms, "1000", 50, HOUR_MS, "between two decisions of Krypton"),
	INT_OPTION("poll-ms", poll_ms, "150", 0, 60000,
		"how often gateways and pods are asked while somebody waits, and known late; 0: at once"),
	INT_OPTION("reaction-ms", reaction_ms, "50", 0, 60000, "until a decision because somebody waits"),
	DURATION_OPTION("stable-window", stable_window_ms, "60s", 0, HOUR_MS, "of both policies"),
	DURATION_OPTION("idle", idle_ms, "90s", 0, HOUR_MS,
		"quiet before zero: scaleToZeroAfter; of Knative stable window and grace period together"),
	DURATION_OPTION("drain", drain_ms, "300s", 0, HOUR_MS, "what runs may keep a pod so long"),
	DURATION_OPTION("tail", tail_ms, "180s", 0, HOUR_MS, "watched and counted after the trace's end"),
	INT_OPTION("seed", seed, "1", 0, INT64_MAX / 2, "of the trace"),
	INT_OPTION("seeds", seeds, "11", 1, COMPARE_MAX_SEEDS, "with --compare: so many, from --seed on, and medians over them"),
	DURATION_OPTION("length", length_ms, "0", 0, TRACE_MAX_MS, "of the trace; 0: its own"),
	INT_OPTION("per-minute", per_minute, "0", 0, 100000, "requests a minute where the trace is busiest; 0: its own"),
	DURATION_OPTION("duration", duration_ms, "0", 0, HOUR_MS, "a request's work on average; 0: the trace's own"),
	INT_OPTION("every", every_s, "0", 0, 3600, "a line of the table each so many seconds; 0: no table"),
	{ .name = "chart",
		.type = OPTION_BOOL,
		.offset = FIELD(has_chart),
		.fallback = "true",
		.sentence = "a picture in characters" },
	{ .name = "svg", .type = OPTION_TEXT, .offset = FIELD(svg), .sentence = "a picture into that file" },
	{ .name = "write-trace",
		.type = OPTION_BOOL,
		.offset = FIELD(writes_trace),
		.fallback = "false",
		.sentence = "print the trace as such a file, and play nothing" },
	{ .name = "compare",
		.type = OPTION_BOOL,
		.offset = FIELD(compares),
		.fallback = "false",
		.sentence = "Krypton beside Knative at target utilization 50 to 100; exit 1 where one of these is better in both "
			    "waiting and "
			    "pod-seconds" },
};

static struct sim_settings sim_of(const struct settings *settings)
{
	return (struct sim_settings){ .concurrency = (int)settings->concurrency,
		.min_replicas = (int)settings->min_replicas,
		.max_replicas = (int)settings->max_replicas,
		.target_utilization = (int)settings->target_utilization,
		.pod_start_ms = settings->pod_start_ms,
		.interval_ms = settings->interval_ms,
		.poll_ms = settings->poll_ms,
		.reaction_ms = settings->reaction_ms,
		.stable_window_ms = settings->stable_window_ms,
		.idle_ms = settings->idle_ms,
		.drain_ms = settings->drain_ms,
		.tail_ms = settings->tail_ms };
}

static struct trace_options drawn_by(const struct settings *settings)
{
	return (struct trace_options){ .seed = (uint64_t)settings->seed,
		.length_ms = settings->length_ms,
		.per_minute = settings->per_minute,
		.duration_ms = settings->duration_ms };
}

static int check(const struct settings *settings, struct err *err)
{
	if (settings->max_replicas < settings->min_replicas)
		return err_set(err, ERR_INVALID, "--max-replicas is less than --min-replicas");
	if (settings->policy == POLICY_KNATIVE && settings->stable_window_ms < 6000)
		return err_set(err, ERR_INVALID, "--stable-window of knative is 6s at least");
	if ((settings->policy == POLICY_KNATIVE || settings->compares) && settings->idle_ms < settings->stable_window_ms)
		return err_set(err, ERR_INVALID, "--idle is less than --stable-window, which knative cannot do");
	if (settings->compares && settings->stable_window_ms < 6000)
		return err_set(err, ERR_INVALID, "--stable-window of knative is 6s at least");
	return 0;
}

static bool is_name(const char *trace)
{
	for (size_t i = 0; i < TRACE_NAMES; i++) {
		if (strcmp(trace, trace_names[i]) == 0)
			return true;
	}
	return false;
}

static struct trace *trace_of(const struct settings *settings, struct err *err)
{
	struct trace_options options = drawn_by(settings);
	struct trace *trace;
	FILE *from;

	if (is_name(settings->trace))
		return trace_generate(settings->trace, &options, err);
	from = fopen(settings->trace, "re");
	if (from == NULL) {
		(void)err_set(err, ERR_INVALID,
			"--trace=%s is neither a name (steady, ramp, burst, diurnal, stream, herd) nor a file: %s", settings->trace,
			strerror(errno));
		return NULL;
	}
	trace = trace_read(from, settings->trace, err);
	(void)fclose(from);
	return trace;
}

static int write_svg(const struct settings *settings, const char *title, const struct sim_result *result, struct err *err)
{
	FILE *to = fopen(settings->svg, "we");

	if (to == NULL)
		return err_set(err, ERR_INVALID, "--svg=%s: %s", settings->svg, strerror(errno));
	report_svg(title, result, (int)settings->concurrency, to);
	if (fclose(to) != 0)
		return err_set(err, ERR_INVALID, "--svg=%s: %s", settings->svg, strerror(errno));
	return 0;
}

static int play(const struct settings *settings, struct err *err)
{
	struct sim_settings sim = sim_of(settings);
	struct krypton_policy krypton;
	struct kpa_policy *kpa;
	struct sim_result result;
	char title[160];
	scoped(trace) trace = trace_of(settings, err);
	int status = 0;

	if (trace == NULL)
		return -1;
	if (settings->writes_trace) {
		trace_write(trace, stdout);
		return 0;
	}
	kpa = mem_alloc(sizeof(*kpa));
	krypton_policy_init(&krypton, &sim);
	kpa_policy_init(kpa, &sim);
	(void)snprintf(title, sizeof(title), "%.60s by %s, %d %% of %d at once, pods start in %.1f s", trace->name,
		policy_names[settings->policy], sim.target_utilization, sim.concurrency, (double)sim.pod_start_ms / 1000);
	world_play(trace, &sim, settings->policy == POLICY_KRYPTON ? &krypton.policy : &kpa->policy, &result);
	if (settings->every_s > 0)
		report_table(&result, (int)settings->every_s, stdout);
	if (settings->has_chart)
		report_chart(&result, sim.concurrency, stdout);
	report_summary(title, &result, stdout);
	if (settings->svg != NULL)
		status = write_svg(settings, title, &result, err);
	sim_result_fini(&result);
	mem_release(kpa);
	return status;
}

/* Gives how many of Knative's settings were better in both. */
static int compare_all(const struct settings *settings, int *ret_better, struct err *err)
{
	struct sim_settings sim = sim_of(settings);
	struct trace_options options = drawn_by(settings);
	bool is_all = strcmp(settings->trace, "all") == 0;
	int better = 0;

	if (!is_all && !is_name(settings->trace))
		return err_set(err, ERR_INVALID, "--compare plays a trace by its name, or all");
	for (size_t i = 0; i < TRACE_NAMES; i++) {
		struct comparison comparison;

		if (!is_all && strcmp(settings->trace, trace_names[i]) != 0)
			continue;
		if (compare(trace_names[i], &options, (int)settings->seeds, &sim, &comparison, err) < 0)
			return -1;
		compare_print(&comparison, stdout);
		for (int k = 0; k < COMPARE_KNATIVE; k++)
			better += compare_is_better(&comparison.knative[k], &comparison.krypton);
	}
	printf("\n%d of Knative's settings better in both waiting and pod-seconds (medians of %d seeds)\n", better,
		(int)settings->seeds);
	*ret_better = better;
	return 0;
}

int main(int argc, char **argv)
{
	struct settings settings = { 0 };
	struct err err = { 0 };
	int better = 0, status;

	switch (options_parse(OPTIONS, ARRAY_LEN(OPTIONS), &settings, PROGRAM, daemon_version(),
		"plays a trace of requests to Krypton's scaling policy, or Knative's", argc, argv, &err)) {
	case OPTIONS_RUN: break;
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse(PROGRAM, &err);
	}
	status = check(&settings, &err);
	if (status == 0)
		status = settings.compares ? compare_all(&settings, &better, &err) : play(&settings, &err);
	if (status < 0)
		return daemon_refuse(PROGRAM, &err);
	return better > 0 ? 1 : 0;
}
