/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h — durations of one window, and their percentiles. */
#ifndef KRYPTON_BENCH_SAMPLES_H
#define KRYPTON_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLES_MAX (16 * 1024 * 1024)

/* Zeroed is empty. Past SAMPLES_MAX nothing is added. */
struct samples {
	uint32_t *at; /* hundreds of nanoseconds */
	size_t count, room;
};

void samples_add(struct samples *samples, int64_t duration_ns);
/* Sorts. In microseconds; 0 where there are none. */
double samples_percentile_us(struct samples *samples, double percentile);
void samples_fini(struct samples *samples);

#endif
