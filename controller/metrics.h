/* SPDX-License-Identifier: Apache-2.0 */
/* controller/metrics.h — what the controller counts. */
#ifndef KRYPTON_CONTROLLER_METRICS_H
#define KRYPTON_CONTROLLER_METRICS_H

#include <stddef.h>

struct kube_client_counts;
struct metrics;

enum controller_metric {
	METRIC_RECONCILES,
	METRIC_RECONCILE_SECONDS,
	METRIC_QUEUE_DEPTH,
	METRIC_AGENTS,
	METRIC_LEADER,
	METRIC_REPAIRS,
	METRIC_ADMISSIONS,
	METRIC_API_REQUESTS,
	METRIC_API_CONFLICTS,
	METRIC_API_FAILURES,
	METRIC_CONDITION,
};

struct metrics *controller_metrics_new(void);
/* Adds what the client has counted since *taken, and moves that up. */
void controller_metrics_take_counts(
	struct metrics *metrics, struct kube_client_counts *taken, const struct kube_client_counts *now);

#endif
