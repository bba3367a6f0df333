/* SPDX-License-Identifier: Apache-2.0 */
/* world.h — plays a trace to pods that a policy starts and ends, and keeps the account: who waited how long, what it cost. */
#ifndef KRYPTON_SIM_WORLD_H
#define KRYPTON_SIM_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "test/sim/policy.h"
#include "test/sim/trace.h"

#define SIM_ROW_MS 1000

/* The state at each full second, 0 among them. */
struct sim_row {
	int wanted, ready, alive; /* alive: also those that start, are retired or terminate */
	int64_t inflight, waiting;
};

struct sim_result {
	size_t requests, unserved, cut; /* unserved: still waiting at the end; cut: ended with their pod */
	double wait_mean_s, wait_p50_s, wait_p99_s, wait_max_s;
	int64_t longest_line;
	double pod_seconds; /* from a pod's creation until it is gone */
	int peak_pods;      /* alive at once */
	int changes;        /* of the count that is wanted */
	size_t row_count;
	struct sim_row *rows;
};

/* Yours: sim_result_fini(). The world begins with minReplicas pods that are ready. */
void world_play(
	const struct trace *trace, const struct sim_settings *settings, struct policy *policy, struct sim_result *ret_result);
void sim_result_fini(struct sim_result *result);

#endif
