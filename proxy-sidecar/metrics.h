/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h — what krypton-proxy counts. */
#ifndef KRYPTON_PROXY_SIDECAR_METRICS_H
#define KRYPTON_PROXY_SIDECAR_METRICS_H

#include "base/metrics.h"

enum sidecar_metric {
	METRIC_REQUESTS,
	METRIC_REJECTED,
	METRIC_INFLIGHT,
	METRIC_STREAMS,
	METRIC_CONNECTIONS_FULL,
	METRIC_DEADLINES,
	METRIC_REFUSED,
	METRIC_DRAIN_CUT,
	SIDECAR_METRICS
};

struct metrics *sidecar_metrics_new(void);

#endif
