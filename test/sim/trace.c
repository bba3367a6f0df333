/* SPDX-License-Identifier: Apache-2.0 */
/* A generator is a rate over time: arrivals are drawn at the highest rate and kept with the share that the moment has of it. */
#include "test/sim/trace.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "test/sim/seeded.h"

#define LINE_BYTES 256
#define PI         3.14159265358979323846

struct shape {
	const char *name;
	const char *sentence;
	int64_t length_ms, per_minute, duration_ms;
	double (*share)(int64_t at_ms, int64_t length_ms); /* of the highest rate */
	int64_t herd_period_ms;                            /* herds: everybody at once, again and again; 0: none */
	int herd_size;
	int64_t stream_ms; /* one stream from the beginning on; 0: none */
};

static double share_steady(int64_t at_ms, int64_t length_ms)
{
	(void)at_ms;
	(void)length_ms;
	return 1;
}

static double share_ramp(int64_t at_ms, int64_t length_ms)
{
	return (double)at_ms / (double)length_ms;
}

/* Twenty busy seconds every two and a half minutes. */
static double share_burst(int64_t at_ms, int64_t length_ms)
{
	(void)length_ms;
	return at_ms % 150000 >= 60000 && at_ms % 150000 < 80000 ? 1 : 0.05;
}

/* Night, day, night. */
static double share_diurnal(int64_t at_ms, int64_t length_ms)
{
	return 0.02 + 0.98 * (0.5 - 0.5 * cos(2 * PI * (double)at_ms / (double)length_ms));
}

/* Busy for the first minute, then hardly anybody. */
static double share_stream(int64_t at_ms, int64_t length_ms)
{
	(void)length_ms;
	return at_ms < 60000 ? 1 : 0.01;
}

static double share_nobody(int64_t at_ms, int64_t length_ms)
{
	(void)at_ms;
	(void)length_ms;
	return 0;
}

static const struct shape shapes[TRACE_NAMES] = {
	{ .name = "steady",
		.sentence = "the same rate all the time",
		.length_ms = 900000,
		.per_minute = 240,
		.duration_ms = 5000,
		.share = share_steady },
	{ .name = "ramp",
		.sentence = "from nothing to the rate in a straight line",
		.length_ms = 900000,
		.per_minute = 480,
		.duration_ms = 5000,
		.share = share_ramp },
	{ .name = "burst",
		.sentence = "a trickle, and twenty busy seconds every 150",
		.length_ms = 900000,
		.per_minute = 600,
		.duration_ms = 5000,
		.share = share_burst },
	{ .name = "diurnal",
		.sentence = "night, day and night within an hour",
		.length_ms = 3600000,
		.per_minute = 480,
		.duration_ms = 5000,
		.share = share_diurnal },
	{ .name = "stream",
		.sentence = "a busy minute, then one long stream and hardly anybody else",
		.length_ms = 1200000,
		.per_minute = 360,
		.duration_ms = 5000,
		.share = share_stream,
		.stream_ms = 1000000 },
	{ .name = "herd",
		.sentence = "a hundred within a second, to an agent that sleeps; three times",
		.length_ms = 1200000,
		.per_minute = 100,
		.duration_ms = 5000,
		.share = share_nobody,
		.herd_period_ms = 400000,
		.herd_size = 100 },
};

const char *const trace_names[TRACE_NAMES] = { "steady", "ramp", "burst", "diurnal", "stream", "herd" };

static const struct shape *shape_of(const char *name)
{
	for (size_t i = 0; i < TRACE_NAMES; i++) {
		if (strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	}
	return NULL;
}

const char *trace_sentence(const char *name)
{
	const struct shape *shape = shape_of(name);

	return shape != NULL ? shape->sentence : "from a file";
}

static void add(struct trace *trace, int64_t at_ms, int64_t duration_ms, bool is_stream)
{
	if (trace->count == TRACE_MAX_ARRIVALS)
		return;
	if ((trace->count & (trace->count - 1)) == 0)
		trace->arrivals = mem_resize(trace->arrivals, (trace->count * 2 + 1) * sizeof(*trace->arrivals));
	trace->arrivals[trace->count++] =
		(struct arrival){ .at_ms = at_ms, .duration_ms = duration_ms > 1 ? duration_ms : 1, .is_stream = is_stream };
}

static int by_time(const void *a, const void *b)
{
	const struct arrival *left = a, *right = b;

	return (left->at_ms > right->at_ms) - (left->at_ms < right->at_ms);
}

struct trace *trace_generate(const char *name, const struct trace_options *options, struct err *err)
{
	const struct shape *shape = shape_of(name);
	struct seeded seeded = { .state = options->seed };
	struct trace *trace;
	double rate, duration_ms;

	if (shape == NULL) {
		(void)err_set(err, ERR_INVALID, "no trace is called \"%s\" (steady, ramp, burst, diurnal, stream, herd, or a file)",
			name);
		return NULL;
	}
	trace = mem_alloc(sizeof(*trace));
	trace->name = shape->name;
	trace->length_ms = options->length_ms > 0 ? options->length_ms : shape->length_ms;
	rate = (double)(options->per_minute > 0 ? options->per_minute : shape->per_minute) / 60000;
	duration_ms = (double)(options->duration_ms > 0 ? options->duration_ms : shape->duration_ms);
	if (shape->stream_ms > 0)
		add(trace, 1000, shape->stream_ms, true);
	for (double at = seeded_exponential(&seeded, 1 / rate); at < (double)trace->length_ms;
		at += seeded_exponential(&seeded, 1 / rate)) {
		if (seeded_share(&seeded) < shape->share((int64_t)at, trace->length_ms))
			add(trace, (int64_t)at, (int64_t)seeded_exponential(&seeded, duration_ms), false);
	}
	for (int64_t at_ms = 30000; shape->herd_period_ms > 0 && at_ms < trace->length_ms; at_ms += shape->herd_period_ms) {
		for (int i = 0; i < shape->herd_size; i++)
			add(trace, at_ms + seeded_below(&seeded, 1000), (int64_t)seeded_exponential(&seeded, duration_ms), false);
	}
	if (trace->count > 0)
		qsort(trace->arrivals, trace->count, sizeof(*trace->arrivals), by_time);
	return trace;
}

/* A decimal number of seconds, in [0, a day]. */
static int seconds_of(const char *text, int64_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	while (*end == ' ')
		end++;
	if (end == text || *end != '\0' || !(seconds >= 0) || seconds > (double)TRACE_MAX_MS / 1000)
		return -1;
	*ret_ms = (int64_t)(seconds * 1000 + 0.5);
	return 0;
}

static int take_line(struct trace *trace, char *line, struct err *err)
{
	char *duration = strchr(line, ','), *kind = duration != NULL ? strchr(duration + 1, ',') : NULL;
	int64_t at_ms, duration_ms;

	if (kind == NULL)
		return err_set(err, ERR_INVALID, "it is not `arrival s,duration s,request|stream`");
	*duration++ = *kind++ = '\0';
	kind += strspn(kind, " ");
	if (seconds_of(line, &at_ms) < 0 || seconds_of(duration, &duration_ms) < 0)
		return err_set(err, ERR_INVALID, "arrival and duration are seconds from 0 to a day");
	if (strcmp(kind, "request") != 0 && strcmp(kind, "stream") != 0)
		return err_set(err, ERR_INVALID, "the kind is request or stream, not \"%.20s\"", kind);
	if (trace->count > 0 && at_ms < trace->arrivals[trace->count - 1].at_ms)
		return err_set(err, ERR_INVALID, "it comes before the line above it");
	if (trace->count == TRACE_MAX_ARRIVALS)
		return err_set(err, ERR_INVALID, "there are more than %d", TRACE_MAX_ARRIVALS);
	add(trace, at_ms, duration_ms, kind[0] == 's');
	trace->length_ms = at_ms + 1000;
	return 0;
}

struct trace *trace_read(FILE *from, const char *name, struct err *err)
{
	struct trace *trace = mem_alloc(sizeof(*trace));
	char line[LINE_BYTES];
	struct err why = { 0 };

	trace->name = name;
	for (int number = 1; fgets(line, sizeof(line), from) != NULL; number++) {
		line[strcspn(line, "#\r\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0' || (number == 1 && strncmp(line, "arrival", 7) == 0))
			continue;
		if (take_line(trace, line, &why) < 0) {
			(void)err_set(err, ERR_INVALID, "%s line %d: %s", name, number, why.message);
			trace_free(&trace);
			return NULL;
		}
	}
	if (trace->count == 0) {
		(void)err_set(err, ERR_INVALID, "%s: nothing comes in it", name);
		trace_free(&trace);
	}
	return trace;
}

void trace_write(const struct trace *trace, FILE *to)
{
	(void)fprintf(to, "arrival s,duration s,kind\n");
	for (size_t i = 0; i < trace->count; i++)
		(void)fprintf(to, "%.3f,%.3f,%s\n", (double)trace->arrivals[i].at_ms / 1000,
			(double)trace->arrivals[i].duration_ms / 1000, trace->arrivals[i].is_stream ? "stream" : "request");
}

void trace_free(struct trace **trace)
{
	if (*trace == NULL)
		return;
	mem_release((*trace)->arrivals);
	mem_release(*trace);
	*trace = NULL;
}
