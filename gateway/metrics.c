/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the gateway's metrics. */
#include "gateway/metrics.h"

#include "base/daemon.h"

static const double DURATION_BUCKETS[] = { .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800 };

static const struct metric_spec SPECS[GATEWAY_METRICS] = {
	[METRIC_INVOCATIONS] = { "krypton_invocations_total", METRIC_COUNTER, "Invocations ended, by status passed to the client.",
		"agent,namespace,status", NULL, 0 },
	[METRIC_INVOCATION_DURATION] = { "krypton_invocation_duration_seconds", METRIC_HISTOGRAM,
		"From the complete request head to the end of the answer.", "agent,namespace", DURATION_BUCKETS,
		ARRAY_LEN(DURATION_BUCKETS) },
	[METRIC_COLD_STARTS] = { "krypton_cold_starts_total", METRIC_COUNTER, "Times that held requests saw a first pod come up.",
		"agent,namespace", NULL, 0 },
	[METRIC_BUFFER_DEPTH] = { "krypton_buffer_depth", METRIC_GAUGE, "Requests held, waking or waiting for a free slot.",
		"agent,namespace", NULL, 0 },
	[METRIC_REPEATS] = { "krypton_gateway_repeats_total", METRIC_COUNTER, "Requests sent to a pod again, unseen by the client.",
		"agent,namespace,reason", NULL, 0 },
	[METRIC_HELD_BYTES] = { "krypton_gateway_held_bytes", METRIC_GAUGE, "Request bytes kept in memory.", NULL, NULL, 0 },
	[METRIC_CONNECTIONS] = { "krypton_gateway_connections", METRIC_GAUGE, "Client connections open.", NULL, NULL, 0 },
	[METRIC_CONNECTIONS_FULL] = { "krypton_connections_full_total", METRIC_COUNTER,
		"Times that the most client connections were open: the one idle for longest is closed then, or clients wait.", NULL,
		NULL, 0 },
	[METRIC_DEADLINES] = { "krypton_deadlines_total", METRIC_COUNTER,
		"Waits that a deadline ended: request_head, request_body, connect, first_byte, stream_idle, keep_alive.",
		"deadline", NULL, 0 },
	[METRIC_REFUSED] = { "krypton_refused_requests_total", METRIC_COUNTER,
		"Requests refused before they were an agent's, by status and the reason in the answer.", "status,reason", NULL, 0 },
	[METRIC_DRAIN_CUT] = { "krypton_gateway_drain_cut_total", METRIC_COUNTER,
		"Requests and streams broken off at the end of the shutdown timeout.", NULL, NULL, 0 },
};

struct metrics *gateway_metrics_new(void)
{
	return metrics_new(SPECS, GATEWAY_METRICS, daemon_version());
}
