/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Two counts of ten seconds each, the older one fading out: constant memory, and no tick while nothing ends. */
#include "gateway/service_rate.h"

#define SPAN_MS     10000
#define WAIT_MIN_S  1
#define WAIT_MAX_S  60
#define SHORTEST_MS 1000 /* a rate of a few milliseconds is none */

/* As it would be if it had been looked at all the time. */
static struct service_rate moved_on(const struct service_rate *rate, int64_t now_ms)
{
	int64_t age_ms = now_ms - rate->since_ms;

	if (age_ms < SPAN_MS)
		return *rate;
	if (age_ms < 2 * SPAN_MS)
		return (struct service_rate){ rate->since_ms + SPAN_MS, 0, rate->ended };
	return (struct service_rate){ .since_ms = now_ms };
}

void service_rate_note(struct service_rate *rate, int64_t now_ms)
{
	*rate = moved_on(rate, now_ms);
	rate->ended++;
}

int service_rate_wait_s(const struct service_rate *rate, int64_t now_ms, size_t ahead, int64_t fallback_ms)
{
	struct service_rate now = moved_on(rate, now_ms);
	int64_t age_ms = now_ms - now.since_ms;
	double span_ms = now.ended_before > 0 ? SPAN_MS : age_ms > SHORTEST_MS ? (double)age_ms : SHORTEST_MS;
	double ended = now.ended + now.ended_before * (double)(SPAN_MS - age_ms) / SPAN_MS;
	double wait_ms = ended > 0 ? (double)ahead * span_ms / ended : (double)fallback_ms;
	double wait_s = (wait_ms + 999) / 1000;

	return wait_s < WAIT_MIN_S ? WAIT_MIN_S : wait_s > WAIT_MAX_S ? WAIT_MAX_S : (int)wait_s;
}
