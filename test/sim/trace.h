/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h — requests in the order in which they come: generated from a seed, or read from a file. */
#ifndef KRYPTON_SIM_TRACE_H
#define KRYPTON_SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/err.h"

#define TRACE_MAX_ARRIVALS 1000000
#define TRACE_MAX_MS       INT64_C(86400000) /* a day */

struct arrival {
	int64_t at_ms;
	int64_t duration_ms; /* of the work, without the waiting */
	bool is_stream;      /* takes no slot, but keeps its pod */
};

struct trace {
	const char *name;
	int64_t length_ms; /* may go on after the last arrival */
	size_t count;
	struct arrival *arrivals; /* by at_ms */
};

/* What a generator may be told; 0 leaves a trace's own figure. */
struct trace_options {
	uint64_t seed;
	int64_t length_ms;
	int64_t per_minute;  /* requests a minute where it is busiest */
	int64_t duration_ms; /* a request's work, on average */
};

#define TRACE_NAMES 6
extern const char *const trace_names[TRACE_NAMES]; /* steady, ramp, burst, diurnal, stream, herd */
const char *trace_sentence(const char *name);

/* One of the names. Yours. */
struct trace *trace_generate(const char *name, const struct trace_options *options, struct err *err) must_check;
/* Lines `arrival s,duration s,request|stream`, by arrival; the first may be a heading, `#` begins a remark. Yours. */
struct trace *trace_read(FILE *from, const char *name, struct err *err) must_check;
void trace_write(const struct trace *trace, FILE *to);
void trace_free(struct trace **trace);

#endif
