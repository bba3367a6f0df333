/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h — what the gateway counts. */
#ifndef KRYPTON_GATEWAY_METRICS_H
#define KRYPTON_GATEWAY_METRICS_H

#include "base/metrics.h"

enum gateway_metric {
	METRIC_INVOCATIONS,
	METRIC_INVOCATION_DURATION,
	METRIC_COLD_STARTS,
	METRIC_BUFFER_DEPTH,
	METRIC_REPEATS,
	METRIC_HELD_BYTES,
	METRIC_CONNECTIONS,
	METRIC_CONNECTIONS_FULL,
	METRIC_DEADLINES,
	METRIC_REFUSED,
	METRIC_DRAIN_CUT,
	GATEWAY_METRICS
};

struct metrics *gateway_metrics_new(void);

#endif
