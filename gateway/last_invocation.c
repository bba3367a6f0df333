/* SPDX-License-Identifier: Apache-2.0 */
/* pure. */
#include "gateway/last_invocation.h"

#define PERIOD_MS       10000
#define FIRST_SPREAD_MS 250
#define NEXT_SPREAD_MS  2000
#define AHEAD_MS        60000 /* clocks of nodes differ by less */
#define RESOLUTION_MS   1000  /* of a metav1.Time */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* 0 where it lies so far ahead that a clock must have been wrong. */
static int64_t believed(int64_t ms, int64_t now_ms)
{
	return ms > now_ms + AHEAD_MS ? 0 : ms;
}

struct last_invocation_turn last_invocation_turn(const struct last_invocation *known)
{
	int64_t written_ms = believed(known->written_ms, known->begun_ms);
	int64_t last_ms = later(written_ms, believed(known->our_write_ms, known->begun_ms));

	if (known->begun_ms / RESOLUTION_MS <= written_ms / RESOLUTION_MS)
		return (struct last_invocation_turn){ 0 };
	if (last_ms == 0 || known->begun_ms - last_ms >= PERIOD_MS)
		return (struct last_invocation_turn){ known->begun_ms, FIRST_SPREAD_MS };
	return (struct last_invocation_turn){ last_ms + PERIOD_MS, NEXT_SPREAD_MS };
}
