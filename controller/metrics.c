/* SPDX-License-Identifier: Apache-2.0 */
/* controller/metrics.c — the table of metrics. */
#include "controller/metrics.h"

#include "base/daemon.h"
#include "base/metrics.h"
#include "kube/client.h"

static const double seconds[] = { .001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30 };

static const struct metric_spec specs[] = {
	[METRIC_RECONCILES] = { .name = "krypton_controller_reconciles_total",
		.type = METRIC_COUNTER,
		.help = "Passes over an Agent, by result (ok, refused, error).",
		.labels = "result" },
	[METRIC_RECONCILE_SECONDS] = { .name = "krypton_controller_reconcile_duration_seconds",
		.type = METRIC_HISTOGRAM,
		.help = "Time of a pass, with its requests to the API server.",
		.buckets = seconds,
		.bucket_count = ARRAY_LEN(seconds) },
	[METRIC_QUEUE_DEPTH] = { .name = "krypton_controller_queue_depth",
		.type = METRIC_GAUGE,
		.help = "Agents that wait for a pass." },
	[METRIC_AGENTS] = { .name = "krypton_controller_agents", .type = METRIC_GAUGE, .help = "Agents that are known." },
	[METRIC_LEADER] = { .name = "krypton_controller_leader",
		.type = METRIC_GAUGE,
		.help = "1 while this controller does the work, 0 while it stands by." },
	[METRIC_REPAIRS] = { .name = "krypton_controller_drift_repairs_total",
		.type = METRIC_COUNTER,
		.help = "Objects of agents that somebody had changed or deleted and that were put right." },
	[METRIC_ADMISSIONS] = { .name = "krypton_controller_admissions_total",
		.type = METRIC_COUNTER,
		.help = "Answers of the admission webhooks, by path (mutate, validate) and result (allowed, denied, malformed).",
		.labels = "path,result" },
	[METRIC_API_REQUESTS] = { .name = "krypton_controller_api_requests_total",
		.type = METRIC_COUNTER,
		.help = "Requests to the API server without watches, by kind (read, write, lease).",
		.labels = "kind" },
	[METRIC_API_CONFLICTS] = { .name = "krypton_controller_api_conflicts_total",
		.type = METRIC_COUNTER,
		.help = "Writes that the API server refused because somebody was faster (409)." },
	[METRIC_API_FAILURES] = { .name = "krypton_controller_api_failures_total",
		.type = METRIC_COUNTER,
		.help = "Requests to the API server that failed by transport or with a 5xx." },
	[METRIC_CONDITION] = { .name = "krypton_agent_condition",
		.type = METRIC_GAUGE,
		.help = "1 for what the condition Available of each Agent says; see reasons.md.",
		.labels = "agent,namespace,condition,status,reason" },
};

struct metrics *controller_metrics_new(void)
{
	return metrics_new(specs, ARRAY_LEN(specs), daemon_version());
}

void controller_metrics_take_counts(struct metrics *metrics, struct kube_client_counts *taken, const struct kube_client_counts *now)
{
	metrics_add(metrics, METRIC_API_REQUESTS, METRIC_LABELS("read"), (double)(now->reads - taken->reads));
	metrics_add(metrics, METRIC_API_REQUESTS, METRIC_LABELS("write"), (double)(now->writes - taken->writes));
	metrics_add(metrics, METRIC_API_REQUESTS, METRIC_LABELS("lease"), (double)(now->lease_writes - taken->lease_writes));
	metrics_add(metrics, METRIC_API_CONFLICTS, NULL, (double)(now->conflicts - taken->conflicts));
	metrics_add(metrics, METRIC_API_FAILURES, NULL, (double)(now->failures - taken->failures));
	*taken = *now;
}
