/* SPDX-License-Identifier: Apache-2.0 */
/* All durations are kept: a bucket's width would be seen in a ratio of two medians. */
#include "samples.h"

#include <stdlib.h>

#include "base/mem.h"

void samples_add(struct samples *samples, int64_t duration_ns)
{
	if (samples->count == SAMPLES_MAX)
		return;
	if (samples->count == samples->room) {
		samples->room = samples->room == 0 ? 65536 : samples->room * 2;
		samples->at = mem_resize(samples->at, samples->room * sizeof(*samples->at));
	}
	int64_t tenths = duration_ns / 100;
	samples->at[samples->count++] = tenths < 0 ? 0 : tenths > UINT32_MAX ? UINT32_MAX : (uint32_t)tenths;
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

double samples_percentile_us(struct samples *samples, double percentile)
{
	if (samples->count == 0)
		return 0;
	qsort(samples->at, samples->count, sizeof(*samples->at), compare);
	size_t index = (size_t)((double)(samples->count - 1) * percentile / 100 + 0.5);
	return samples->at[index] / 10.0;
}

void samples_fini(struct samples *samples)
{
	mem_release(samples->at);
	*samples = (struct samples){ 0 };
}
