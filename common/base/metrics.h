/* SPDX-License-Identifier: Apache-2.0 */
/* base/metrics.h — counters, gauges and histograms in a table, rendered as Prometheus text (exposition format 0.0.4). */
#ifndef KRYPTON_BASE_METRICS_H
#define KRYPTON_BASE_METRICS_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/buf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* One row of a daemon's table; the row's index is the metric's id. */
struct metric_spec {
	const char *name; /* Prometheus naming; a counter ends in _total */
	enum metric_type type;
	const char *help;      /* one sentence */
	const char *labels;    /* "agent,namespace,status"; NULL: none */
	const double *buckets; /* histograms: ascending, without +Inf */
	size_t bucket_count;
};

struct metrics;

/* specs are kept by pointer. krypton_build_info{version} and process_* come by themselves. */
struct metrics *metrics_new(const struct metric_spec *specs, size_t count, const char *version);
void metrics_free(struct metrics **metrics);

/* Label values in the order of the table's names. */
#define METRIC_LABELS(...) ((const char *const[]){ __VA_ARGS__ })

/* labels: NULL for a metric without. Past 20,000 series of one metric further ones are dropped and counted. */
void metrics_add(struct metrics *metrics, size_t id, const char *const *labels, double amount);
void metrics_set(struct metrics *metrics, size_t id, const char *const *labels, double value);
void metrics_observe(struct metrics *metrics, size_t id, const char *const *labels, double value);
/* Forgets one series; absent is fine. */
void metrics_remove(struct metrics *metrics, size_t id, const char *const *labels);
/* Forgets every series whose labels `agent` and `namespace` are these: the Agent is gone. */
void metrics_forget_agent(struct metrics *metrics, const char *agent, const char *agent_namespace);

/* -1 where out's cap is too small. */
int metrics_render(struct metrics *metrics, struct buf *out) must_check;

#endif
