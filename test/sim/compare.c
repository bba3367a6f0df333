/* SPDX-License-Identifier: Apache-2.0 */
/* Same trace, same pods, same line, same bounds; only who decides differs. */
#include "test/sim/compare.h"

#include <stdlib.h>

#include "base/mem.h"
#include "test/bench/peers/kpa/kpa.h"
#include "test/sim/krypton.h"
#include "test/sim/world.h"

struct seen {
	double wait_mean_s[COMPARE_MAX_SEEDS], wait_p99_s[COMPARE_MAX_SEEDS], pod_seconds[COMPARE_MAX_SEEDS];
	double peak_pods[COMPARE_MAX_SEEDS], changes[COMPARE_MAX_SEEDS];
};

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_size);
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void note(struct seen *seen, int at, const struct sim_result *result)
{
	seen->wait_mean_s[at] = result->wait_mean_s;
	seen->wait_p99_s[at] = result->wait_p99_s;
	seen->pod_seconds[at] = result->pod_seconds;
	seen->peak_pods[at] = result->peak_pods;
	seen->changes[at] = result->changes;
}

static struct compare_figures medians(struct seen *seen, int count, int target_utilization)
{
	return (struct compare_figures){ .target_utilization = target_utilization,
		.wait_mean_s = median(seen->wait_mean_s, count),
		.wait_p99_s = median(seen->wait_p99_s, count),
		.pod_seconds = median(seen->pod_seconds, count),
		.peak_pods = median(seen->peak_pods, count),
		.changes = median(seen->changes, count) };
}

static void play(const struct trace *trace, const struct sim_settings *settings, struct policy *policy, struct seen *seen, int at)
{
	struct sim_result result;

	world_play(trace, settings, policy, &result);
	note(seen, at, &result);
	sim_result_fini(&result);
}

int compare(const char *trace, const struct trace_options *options, int seeds, const struct sim_settings *settings,
	struct comparison *ret_comparison, struct err *err)
{
	struct comparison found = { .trace = trace };
	struct seen *seen = mem_alloc_array(1 + COMPARE_KNATIVE, sizeof(*seen));
	struct kpa_policy *kpa = mem_alloc(sizeof(*kpa));
	struct krypton_policy krypton;
	int status = 0;

	for (int at = 0; at < seeds && at < COMPARE_MAX_SEEDS && status == 0; at++) {
		struct trace_options drawn = *options;

		drawn.seed += (uint64_t)at;
		scoped(trace) requests = trace_generate(trace, &drawn, err);
		if (requests == NULL) {
			status = -1;
			break;
		}
		krypton_policy_init(&krypton, settings);
		play(requests, settings, &krypton.policy, &seen[0], at);
		for (int i = 0; i < COMPARE_KNATIVE; i++) {
			struct sim_settings theirs = *settings;

			theirs.target_utilization = 50 + 10 * i;
			kpa_policy_init(kpa, &theirs);
			play(requests, &theirs, &kpa->policy, &seen[1 + i], at);
		}
	}
	if (status == 0) {
		found.krypton = medians(&seen[0], seeds, settings->target_utilization);
		for (int i = 0; i < COMPARE_KNATIVE; i++)
			found.knative[i] = medians(&seen[1 + i], seeds, 50 + 10 * i);
		*ret_comparison = found;
	}
	mem_release(seen);
	mem_release(kpa);
	return status;
}

bool compare_is_better(const struct compare_figures *one, const struct compare_figures *other)
{
	return one->pod_seconds < other->pod_seconds &&
		(one->wait_mean_s < other->wait_mean_s || one->wait_p99_s < other->wait_p99_s);
}

static void print_line(const char *who, const struct compare_figures *figures, const char *verdict, FILE *to)
{
	(void)fprintf(to, "| %s %d %% | %.3f | %.3f | %.0f | %.0f | %.0f | %s |\n", who, figures->target_utilization,
		figures->wait_mean_s, figures->wait_p99_s, figures->pod_seconds, figures->peak_pods, figures->changes, verdict);
}

void compare_print(const struct comparison *comparison, FILE *to)
{
	const struct compare_figures *ours = &comparison->krypton;

	(void)fprintf(to, "\n**%s** (%s)\n\n", comparison->trace, trace_sentence(comparison->trace));
	(void)fprintf(to, "| policy | waiting, mean s | p99 s | pod-seconds | most pods | changes | beside Krypton |\n");
	(void)fprintf(to, "|---|---|---|---|---|---|---|\n");
	print_line("Krypton", ours, "", to);
	for (int i = 0; i < COMPARE_KNATIVE; i++) {
		const struct compare_figures *theirs = &comparison->knative[i];
		bool waits_less = theirs->wait_mean_s < ours->wait_mean_s || theirs->wait_p99_s < ours->wait_p99_s;
		const char *verdict = compare_is_better(theirs, ours) ? "**better in both**"
			: theirs->pod_seconds < ours->pod_seconds     ? "cheaper, waits more"
			: waits_less                                  ? "waits less, dearer"
								      : "worse in both";

		print_line("Knative", theirs, verdict, to);
	}
}
