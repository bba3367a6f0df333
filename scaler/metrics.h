/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h — what the scaler counts. */
#ifndef KRYPTON_SCALER_METRICS_H
#define KRYPTON_SCALER_METRICS_H

#include "base/metrics.h"

enum scaler_metric {
	METRIC_DECISIONS,
	METRIC_CHANGES,
	METRIC_DESIRED,
	METRIC_UNKNOWN_PODS,
	METRIC_RETIRED_PODS,
	METRIC_LEADER,
	SCALER_METRICS
};

struct metrics *scaler_metrics_new(void);

#endif
