/* SPDX-License-Identifier: Apache-2.0 */
/* kpa.h — pure: Knative's pod autoscaler, as its documentation describes it, in the simulated world. */
#ifndef KRYPTON_BENCH_KPA_H
#define KRYPTON_BENCH_KPA_H

#include "test/sim/policy.h"

#define KPA_MAX_WINDOW_S 3600

struct kpa_policy {
	struct policy policy;
	const struct sim_settings *settings;
	double seconds[KPA_MAX_WINDOW_S]; /* average concurrency of each second, a ring */
	int64_t second_count;             /* noted since the revision came from zero */
	int64_t noted_ms, noted_concurrency_ms;
	bool is_tick; /* every other second */
	bool panics;
	int64_t panic_ms;      /* the last reason to panic */
	int panic_pods;        /* not fewer while it panics */
	int64_t zero_since_ms; /* the stable window is empty since then; -1: it is not */
};

/* Borrows settings: concurrency, bounds, target_utilization, stable_window_ms and idle_ms are Knative's too. */
void kpa_policy_init(struct kpa_policy *kpa, const struct sim_settings *settings);

#endif
