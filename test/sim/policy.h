/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h — what a scaling policy sees of the simulated world, and what it may order. */
#ifndef KRYPTON_SIM_POLICY_H
#define KRYPTON_SIM_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scaler/retire.h"

#define SIM_MAX_PODS 256 /* alive at once */

/* The same for every policy. */
struct sim_settings {
	int concurrency, min_replicas, max_replicas;
	int target_utilization; /* percent */
	int64_t pod_start_ms;   /* from its creation until it takes work */
	int64_t interval_ms;    /* between two decisions of Krypton */
	int64_t poll_ms;     /* 0: a line's growth is seen at once; else that often, in-flight counts as the last look found them */
	int64_t reaction_ms; /* from a line's forming to the decision because of it */
	int64_t stable_window_ms;
	int64_t idle_ms;  /* quiet before zero: scaleToZeroAfter; stable window and what remains as grace */
	int64_t drain_ms; /* what runs may keep its pod so long */
	int64_t tail_ms;  /* watched after the trace's end */
};

/* A pod that is not terminating. */
struct sim_pod_view {
	bool is_ready; /* takes work, or would if it were not retired */
	bool is_retired;
	int64_t retired_since_ms;
	int inflight, streams;
};

struct sim_view {
	int64_t now_ms;
	int wanted; /* what was ordered last */
	int64_t waiting;
	bool is_look;             /* because of a line; else it is the interval's */
	int64_t last_arrival_ms;  /* -1: none yet */
	int64_t last_activity_ms; /* a request's start or end; -1: none yet */
	int64_t concurrency_ms;   /* integral of all that runs or waits, since the beginning */
	size_t pod_count;
	const struct sim_pod_view *pods;
};

struct sim_orders {
	int wanted;
	enum retire_order pods[SIM_MAX_PODS]; /* beside the view's; zeroed */
};

struct policy {
	const char *name;
	int64_t interval_ms;
	bool looks_at_lines; /* decides at once where a line forms; else only where it forms at zero */
	void (*decide)(struct policy *policy, const struct sim_view *view, struct sim_orders *orders);
};

#endif
