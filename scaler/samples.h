/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h — pure: the highest count wanted within a window of time. */
#ifndef KRYPTON_SCALER_SAMPLES_H
#define KRYPTON_SCALER_SAMPLES_H

#include <stdint.h>

#define SAMPLES_BUCKETS 61 /* sixty are the window, and one has only begun */

/* Embedded; zeroed is empty. A bucket is a sixtieth of the window, so a count is kept for the window or up to a sixtieth longer.
   Times are monotonic, ms; a window keeps its length. */
struct samples {
	int highest[SAMPLES_BUCKETS];
	int64_t newest; /* number of the newest bucket since the epoch of the clock */
};

void samples_add(struct samples *samples, int64_t window_ms, int64_t now_ms, int count);
/* 0 where there is none. */
int samples_highest(const struct samples *samples, int64_t window_ms, int64_t now_ms);

#endif
