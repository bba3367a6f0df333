/* SPDX-License-Identifier: Apache-2.0 */
/* pure. A ring of buckets: constant memory for an agent however often it is looked at. */
#include "scaler/samples.h"

/* Of a bucket; so many that the window never has more than SAMPLES_BUCKETS of them, the first and the last begun ones. */
static int64_t width_of(int64_t window_ms)
{
	int64_t whole = SAMPLES_BUCKETS - 1;

	return window_ms > 0 ? (window_ms + whole - 1) / whole : 1;
}

static int64_t bucket_of(int64_t window_ms, int64_t now_ms)
{
	return now_ms > 0 ? now_ms / width_of(window_ms) : 0;
}

void samples_add(struct samples *samples, int64_t window_ms, int64_t now_ms, int count)
{
	int64_t bucket = bucket_of(window_ms, now_ms);

	for (int64_t passed = samples->newest + 1; passed <= bucket && passed <= samples->newest + SAMPLES_BUCKETS; passed++)
		samples->highest[passed % SAMPLES_BUCKETS] = 0;
	if (bucket > samples->newest)
		samples->newest = bucket;
	if (count > samples->highest[bucket % SAMPLES_BUCKETS])
		samples->highest[bucket % SAMPLES_BUCKETS] = count;
}

int samples_highest(const struct samples *samples, int64_t window_ms, int64_t now_ms)
{
	int64_t oldest = bucket_of(window_ms, now_ms - window_ms);
	int highest = 0;

	for (int64_t bucket = samples->newest; bucket >= oldest && bucket > samples->newest - SAMPLES_BUCKETS && bucket >= 0;
		bucket--) {
		if (samples->highest[bucket % SAMPLES_BUCKETS] > highest)
			highest = samples->highest[bucket % SAMPLES_BUCKETS];
	}
	return highest;
}
