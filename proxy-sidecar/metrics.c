/* SPDX-License-Identifier: Apache-2.0 */
/* The table of krypton-proxy's metrics. */
#include "proxy-sidecar/metrics.h"

#include "base/daemon.h"

static const struct metric_spec SPECS[SIDECAR_METRICS] = {
	[METRIC_REQUESTS] = { "krypton_proxy_requests_total", METRIC_COUNTER, "Requests answered, by class of status code.",
		"agent,namespace,code", NULL, 0 },
	[METRIC_REJECTED] = { "krypton_proxy_rejected_total", METRIC_COUNTER, "Requests refused before they reached the agent.",
		"agent,namespace,reason", NULL, 0 },
	[METRIC_INFLIGHT] = { "krypton_proxy_inflight", METRIC_GAUGE, "Requests running in the agent.", "agent,namespace", NULL,
		0 },
	[METRIC_STREAMS] = { "krypton_proxy_streams", METRIC_GAUGE, "Event streams open that do not count against the concurrency.",
		"agent,namespace", NULL, 0 },
	[METRIC_CONNECTIONS_FULL] = { "krypton_proxy_connections_full_total", METRIC_COUNTER,
		"Times that the most connections were open: the one idle for longest is closed then, or others wait.",
		"agent,namespace", NULL, 0 },
	[METRIC_DEADLINES] = { "krypton_proxy_deadlines_total", METRIC_COUNTER,
		"Waits that a deadline ended: request_head, request_body, connect, stream_idle, keep_alive.",
		"agent,namespace,deadline", NULL, 0 },
	[METRIC_REFUSED] = { "krypton_proxy_refused_requests_total", METRIC_COUNTER,
		"Requests that are no proper HTTP or past a cap, by status and the reason in the answer.",
		"agent,namespace,status,reason", NULL, 0 },
	[METRIC_DRAIN_CUT] = { "krypton_proxy_drain_cut_total", METRIC_COUNTER,
		"Requests and streams that still ran at the end of a drain.", "agent,namespace", NULL, 0 },
};

struct metrics *sidecar_metrics_new(void)
{
	return metrics_new(SPECS, SIDECAR_METRICS, daemon_version());
}
