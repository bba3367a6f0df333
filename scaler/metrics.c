/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the scaler's metrics. */
#include "scaler/metrics.h"

#include "base/daemon.h"

static const struct metric_spec SPECS[SCALER_METRICS] = {
	[METRIC_DECISIONS] = { "krypton_scaler_decisions_total", METRIC_COUNTER, "Decisions about an agent.",
		"agent,namespace,direction", NULL, 0 },
	[METRIC_CHANGES] = { "krypton_scaler_changes_total", METRIC_COUNTER,
		"Changes of an agent's count, by the reason that its condition Scaled gives.", "agent,namespace,reason", NULL, 0 },
	[METRIC_DESIRED] = { "krypton_agent_replicas_desired", METRIC_GAUGE, "Replicas last decided on.", "agent,namespace", NULL,
		0 },
	[METRIC_UNKNOWN_PODS] = { "krypton_scaler_unknown_pods", METRIC_GAUGE,
		"Pods that may be at work and whose sidecar did not answer.", "agent,namespace", NULL, 0 },
	[METRIC_RETIRED_PODS] = { "krypton_scaler_retired_pods", METRIC_GAUGE, "Pods that are emptied before the count goes down.",
		"agent,namespace", NULL, 0 },
	[METRIC_LEADER] = { "krypton_scaler_leader", METRIC_GAUGE, "1 while this scaler decides.", NULL, NULL, 0 },
};

struct metrics *scaler_metrics_new(void)
{
	return metrics_new(SPECS, SCALER_METRICS, daemon_version());
}
