/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/metrics.c — a metric is a map from its rendered label text
 * (`agent="a",namespace="b"`) to a series: the text is key and output in one,
 * so counting is one pass over the values and one hash, rendering a copy.
 */
#include "base/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/utf8.h"

#define SERIES_MAX   20000 /* of one metric */
#define LABELS_BYTES 1024  /* of one series, rendered; two Kubernetes names are under 400 */

struct series {
	double value;      /* of a histogram: the sum */
	uint64_t counts[]; /* of a histogram: one a bucket, the last one +Inf; not cumulative */
};

struct metrics {
	const struct metric_spec *specs;
	size_t count;
	const char *version;
	struct map **series; /* one map a spec */
	double dropped;
};

struct labels {
	size_t len;
	bool is_full;
	char at[LABELS_BYTES];
};

struct rendering {
	struct buf *out;
	const struct metric_spec *spec;
	bool is_full;
};

static void put(struct labels *labels, const char *bytes, size_t len)
{
	if (len >= sizeof(labels->at) - labels->len) {
		labels->is_full = true;
		return;
	}
	memcpy(labels->at + labels->len, bytes, len);
	labels->len += len;
}

static bool is_plain(char letter)
{
	return (unsigned char)letter < 0x80 && letter != '"' && letter != '\\' && letter != '\n';
}

/* A scrape with one byte that is not UTF-8 is lost as a whole: such a byte becomes U+FFFD. */
static void put_escaped(struct labels *labels, const char *value)
{
	struct text rest = text_of(value);

	while (rest.len > 0) {
		uint32_t point;
		size_t plain = 0;

		while (plain < rest.len && is_plain(rest.at[plain]))
			plain++;
		put(labels, rest.at, plain);
		rest.at += plain;
		rest.len -= plain;
		if (rest.len == 0)
			return;
		size_t len = utf8_first(rest, &point);
		if (len == 0)
			put(labels, "\xef\xbf\xbd", 3);
		else if (len > 1)
			put(labels, rest.at, len);
		else
			put(labels, rest.at[0] == '\n' ? "\\n" : rest.at[0] == '"' ? "\\\"" : "\\\\", 2);
		rest.at += len == 0 ? 1 : len;
		rest.len -= len == 0 ? 1 : len;
	}
}

static void put_pair(struct labels *labels, struct text name, const char *value)
{
	if (labels->len > 0)
		put(labels, ",", 1);
	put(labels, name.at, name.len);
	put(labels, "=\"", 2);
	put_escaped(labels, value);
	put(labels, "\"", 1);
}

static void labels_render(struct labels *labels, const struct metric_spec *spec, const char *const *values)
{
	struct text rest = text_of(spec->labels);

	BUG_ON((values == NULL) != (spec->labels == NULL));
	labels->len = 0;
	labels->is_full = false;
	for (size_t i = 0; rest.len > 0; i++)
		put_pair(labels, text_cut(&rest, ','), values[i]);
	labels->at[labels->len] = '\0';
}

static struct series *series_new(const struct metric_spec *spec)
{
	size_t counts = spec->type == METRIC_HISTOGRAM ? spec->bucket_count + 1 : 0;

	return mem_alloc(sizeof(struct series) + counts * sizeof(uint64_t));
}

/* The series to change, made where it is new; NULL: dropped and counted. */
static struct series *series_get(struct metrics *metrics, size_t id, const char *const *values)
{
	struct labels labels;

	BUG_ON(id >= metrics->count);
	labels_render(&labels, &metrics->specs[id], values);
	struct series *series = labels.is_full ? NULL : map_get(metrics->series[id], labels.at);
	if (series != NULL)
		return series;
	if (labels.is_full || map_count(metrics->series[id]) >= SERIES_MAX) {
		metrics->dropped++;
		return NULL;
	}
	series = series_new(&metrics->specs[id]);
	map_put(metrics->series[id], labels.at, series);
	return series;
}

static void emit(struct rendering *rendering, const char *text)
{
	if (buf_append_terminated(rendering->out, text) == -1)
		rendering->is_full = true;
}

static void emit_number(struct rendering *rendering, double value)
{
	char text[32];

	if (isnan(value))
		(void)snprintf(text, sizeof(text), "NaN");
	else if (isinf(value))
		(void)snprintf(text, sizeof(text), value > 0 ? "+Inf" : "-Inf");
	else
		(void)snprintf(text, sizeof(text), "%.15g", value);
	emit(rendering, text);
}

/* `name_suffix{labels,more} value`; labels and more may be "". */
static void emit_sample(struct rendering *rendering, const char *suffix, const char *labels, const char *more, double value)
{
	emit(rendering, rendering->spec->name);
	emit(rendering, suffix);
	if (labels[0] != '\0' || more[0] != '\0') {
		emit(rendering, "{");
		emit(rendering, labels);
		emit(rendering, labels[0] != '\0' && more[0] != '\0' ? "," : "");
		emit(rendering, more);
		emit(rendering, "}");
	}
	emit(rendering, " ");
	emit_number(rendering, value);
	emit(rendering, "\n");
}

static void emit_histogram(struct rendering *rendering, const char *labels, const struct series *series)
{
	const struct metric_spec *spec = rendering->spec;
	uint64_t total = 0;
	char le[48];

	for (size_t i = 0; i < spec->bucket_count; i++) {
		total += series->counts[i];
		(void)snprintf(le, sizeof(le), "le=\"%.15g\"", spec->buckets[i]);
		emit_sample(rendering, "_bucket", labels, le, (double)total);
	}
	total += series->counts[spec->bucket_count];
	emit_sample(rendering, "_bucket", labels, "le=\"+Inf\"", (double)total);
	emit_sample(rendering, "_sum", labels, "", series->value);
	emit_sample(rendering, "_count", labels, "", (double)total);
}

static bool emit_series(void *arg, const char *labels, void *value)
{
	struct rendering *rendering = arg;
	const struct series *series = value;

	if (rendering->spec->type == METRIC_HISTOGRAM)
		emit_histogram(rendering, labels, series);
	else
		emit_sample(rendering, "", labels, "", series->value);
	return !rendering->is_full;
}

static void emit_head(struct rendering *rendering, const struct metric_spec *spec)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};

	rendering->spec = spec;
	if (buf_format(rendering->out, "# HELP %s %s\n# TYPE %s %s\n", spec->name, spec->help, spec->name, types[spec->type]) == -1)
		rendering->is_full = true;
}

static void emit_lone(struct rendering *rendering, const char *name, enum metric_type type, const char *help, double value)
{
	struct metric_spec spec = { .name = name, .type = type, .help = help };

	emit_head(rendering, &spec);
	emit_sample(rendering, "", "", "", value);
}

static void emit_build_info(struct rendering *rendering, const char *version)
{
	static const struct metric_spec spec = {
		.name = "krypton_build_info",
		.type = METRIC_GAUGE,
		.help = "Always 1; the version that runs is the label.",
	};
	struct labels labels = { 0 };

	put_pair(&labels, TEXT("version"), version);
	labels.at[labels.len] = '\0';
	emit_head(rendering, &spec);
	emit_sample(rendering, "", labels.at, "", 1);
}

static void emit_process(struct rendering *rendering)
{
	struct process_usage usage = process_usage_read();

	emit_lone(rendering, "process_cpu_seconds_total", METRIC_COUNTER, "Total user and system CPU time spent in seconds.",
		usage.cpu_seconds);
	emit_lone(rendering, "process_resident_memory_bytes", METRIC_GAUGE, "Resident memory size in bytes.",
		(double)usage.resident_bytes);
	emit_lone(rendering, "process_virtual_memory_bytes", METRIC_GAUGE, "Virtual memory size in bytes.",
		(double)usage.virtual_bytes);
	emit_lone(rendering, "process_open_fds", METRIC_GAUGE, "Number of open file descriptors.", (double)usage.open_fds);
	emit_lone(rendering, "process_max_fds", METRIC_GAUGE, "Maximum number of open file descriptors.", (double)usage.max_fds);
	emit_lone(rendering, "process_start_time_seconds", METRIC_GAUGE, "Start time of the process since unix epoch in seconds.",
		usage.start_time_seconds);
}

/*
 * Whether rendered labels hold this rendered pair. A bare quote stands only at
 * the ends of a value, so a match that begins at a name is a whole pair.
 */
static bool labels_have(const char *labels, const char *pair)
{
	size_t len = strlen(pair);

	for (const char *found = strstr(labels, pair); found != NULL; found = strstr(found + 1, pair)) {
		bool begins = found == labels || found[-1] == ',';

		if (begins && (found[len] == '\0' || found[len] == ','))
			return true;
	}
	return false;
}

struct forgetting {
	struct map *series;
	struct labels agent, agent_namespace;
};

static bool forget_series(void *arg, const char *labels, void *value)
{
	const struct forgetting *forgetting = arg;

	(void)value;
	if (labels_have(labels, forgetting->agent.at) && labels_have(labels, forgetting->agent_namespace.at))
		map_remove(forgetting->series, labels);
	return true;
}

struct metrics *metrics_new(const struct metric_spec *specs, size_t count, const char *version)
{
	struct metrics *metrics = mem_alloc(sizeof(*metrics));

	metrics->specs = specs;
	metrics->count = count;
	metrics->version = version;
	metrics->series = mem_alloc_array(count, sizeof(*metrics->series));
	for (size_t i = 0; i < count; i++) {
		metrics->series[i] = map_new(mem_release);
		if (specs[i].labels == NULL) /* stands at 0 from the first scrape on */
			map_put(metrics->series[i], "", series_new(&specs[i]));
	}
	return metrics;
}

void metrics_free(struct metrics **metrics)
{
	if (*metrics == NULL)
		return;
	for (size_t i = 0; i < (*metrics)->count; i++)
		map_free(&(*metrics)->series[i]);
	mem_release((*metrics)->series);
	mem_release(*metrics);
	*metrics = NULL;
}

void metrics_add(struct metrics *metrics, size_t id, const char *const *labels, double amount)
{
	struct series *series = series_get(metrics, id, labels);
	enum metric_type type = metrics->specs[id].type;

	BUG_ON(type == METRIC_HISTOGRAM || (type == METRIC_COUNTER && amount < 0));
	if (series != NULL)
		series->value += amount;
}

void metrics_set(struct metrics *metrics, size_t id, const char *const *labels, double value)
{
	struct series *series = series_get(metrics, id, labels);

	BUG_ON(metrics->specs[id].type != METRIC_GAUGE);
	if (series != NULL)
		series->value = value;
}

void metrics_observe(struct metrics *metrics, size_t id, const char *const *labels, double value)
{
	struct series *series = series_get(metrics, id, labels);
	const struct metric_spec *spec = &metrics->specs[id];
	size_t bucket = 0;

	BUG_ON(spec->type != METRIC_HISTOGRAM);
	if (series == NULL)
		return;
	while (bucket < spec->bucket_count && value > spec->buckets[bucket])
		bucket++;
	series->counts[bucket]++;
	series->value += value;
}

void metrics_remove(struct metrics *metrics, size_t id, const char *const *labels)
{
	struct labels rendered;

	BUG_ON(id >= metrics->count);
	labels_render(&rendered, &metrics->specs[id], labels);
	map_remove(metrics->series[id], rendered.at);
}

void metrics_forget_agent(struct metrics *metrics, const char *agent, const char *agent_namespace)
{
	struct forgetting forgetting = { 0 };

	put_pair(&forgetting.agent, TEXT("agent"), agent);
	put_pair(&forgetting.agent_namespace, TEXT("namespace"), agent_namespace);
	for (size_t i = 0; i < metrics->count; i++) {
		forgetting.series = metrics->series[i];
		map_each(forgetting.series, forget_series, &forgetting);
	}
}

int metrics_render(struct metrics *metrics, struct buf *out)
{
	struct rendering rendering = { .out = out };
	size_t before = buf_len(out);

	for (size_t i = 0; i < metrics->count && !rendering.is_full; i++) {
		if (map_count(metrics->series[i]) == 0)
			continue;
		emit_head(&rendering, &metrics->specs[i]);
		map_each(metrics->series[i], emit_series, &rendering);
	}
	emit_lone(&rendering, "krypton_metrics_dropped_total", METRIC_COUNTER,
		"Updates that were not counted: too many series, or labels too long.", metrics->dropped);
	emit_build_info(&rendering, metrics->version);
	emit_process(&rendering);
	if (!rendering.is_full)
		return 0;
	buf_truncate(out, before);
	return -1;
}
