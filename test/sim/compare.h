/* SPDX-License-Identifier: Apache-2.0 */
/* compare.h — Krypton's policy beside Knative's, over several seeds of a trace. */
#ifndef KRYPTON_SIM_COMPARE_H
#define KRYPTON_SIM_COMPARE_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "test/sim/policy.h"
#include "test/sim/trace.h"

#define COMPARE_KNATIVE   6 /* settings of Knative: target utilization 50, 60 … 100 */
#define COMPARE_MAX_SEEDS 51

/* Medians over the seeds. */
struct compare_figures {
	int target_utilization;
	double wait_mean_s, wait_p99_s, pod_seconds, peak_pods, changes;
};

struct comparison {
	const char *trace;
	struct compare_figures krypton, knative[COMPARE_KNATIVE];
};

/* Runs of seed, seed + 1 … */
int compare(const char *trace, const struct trace_options *options, int seeds, const struct sim_settings *settings,
	struct comparison *ret_comparison, struct err *err) must_check;
/* In both, waiting (the mean, or the 99th percentile) and pod-seconds. */
bool compare_is_better(const struct compare_figures *one, const struct compare_figures *other);
void compare_print(const struct comparison *comparison, FILE *to);

#endif
