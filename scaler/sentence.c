/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Times of day are UTC. A sentence is written when the count changes, so it says until when it holds, not what is now. */
#include "scaler/sentence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/instant.h"

#define CLOCK_BYTES 16

/* "12:01:30" */
static void clock_of(int64_t wall_ms, char out[CLOCK_BYTES])
{
	char text[INSTANT_TEXT_BYTES];

	instant_format(wall_ms, text);
	(void)snprintf(out, CLOCK_BYTES, "%.8s", strlen(text) > 11 ? text + 11 : "");
}

/* "1 pod", "3 pods" */
static const char *pods(int count, char out[24])
{
	(void)snprintf(out, 24, "%d %s", count, count == 1 ? "pod" : "pods");
	return out;
}

/* "37 in flight and 3 waiting at 8 each" */
static const char *load_of(const struct agent *agent, const struct observation *seen, char out[128])
{
	char share[32] = "";

	if (agent->target_utilization != 100)
		(void)snprintf(share, sizeof(share), "%d %% of ", agent->target_utilization);
	(void)snprintf(out, 128, "%" PRId64 " in flight and %" PRId64 " waiting at %s%d each", seen->inflight, seen->waiting, share,
		agent->concurrency);
	return out;
}

static void asleep(const struct agent *agent, int64_t wall_ms, char out[SENTENCE_BYTES])
{
	char clock[CLOCK_BYTES], quiet[DURATION_TEXT_BYTES];

	clock_of(wall_ms, clock);
	duration_format(agent->scale_to_zero_after_ms, quiet);
	if (agent->last_invocation_ms == 0)
		(void)snprintf(out, SENTENCE_BYTES, "Sleeping since %s UTC: it was never invoked.", clock);
	else
		(void)snprintf(out, SENTENCE_BYTES, "Sleeping since %s UTC, after %s without an invocation.", clock, quiet);
}

static void reason_of(const struct agent *agent, const struct observation *seen, const struct decision *decision, int64_t window_ms,
	int64_t wall_ms, char out[SENTENCE_BYTES])
{
	char count[24], load[128], until[CLOCK_BYTES], quiet[DURATION_TEXT_BYTES];

	pods(decision->desired, count);
	load_of(agent, seen, load);
	clock_of(wall_ms + window_ms, until);
	if (decision->desired == 0) {
		asleep(agent, wall_ms, out);
	} else if (strcmp(decision->reason, DECIDE_LOAD) == 0) {
		(void)snprintf(out, SENTENCE_BYTES, "%s for %s, until %s UTC at least.", count, load, until);
	} else if (strcmp(decision->reason, DECIDE_MAXIMUM) == 0) {
		(void)snprintf(out, SENTENCE_BYTES, "maxReplicas %d allows %s for %s.", agent->max_replicas, count, load);
	} else if (strcmp(decision->reason, DECIDE_WINDOW) == 0) {
		duration_format(window_ms, quiet);
		(void)snprintf(out, SENTENCE_BYTES, "%s, as many as were needed within the last %s; now %s.", count, quiet, load);
	} else if (strcmp(decision->reason, DECIDE_UNKNOWN) == 0) {
		(void)snprintf(out, SENTENCE_BYTES, "%s as before: %d of them and %d gateways do not say what they do.", count,
			seen->unknown_pods, seen->unknown_gateways);
	} else if (strcmp(decision->reason, DECIDE_WARM) == 0) {
		duration_format(agent->scale_to_zero_after_ms, quiet);
		(void)snprintf(out, SENTENCE_BYTES, "%s stays until %s have passed without an invocation.", count, quiet);
	} else {
		(void)snprintf(out, SENTENCE_BYTES, "minReplicas %d keeps %s.", agent->min_replicas, count);
	}
}

void sentence_of(const struct agent *agent, const struct observation *seen, const struct decision *decision, int count,
	int64_t window_ms, int64_t wall_ms, char out[SENTENCE_BYTES])
{
	char reason[SENTENCE_BYTES], now[24];

	reason_of(agent, seen, decision, window_ms, wall_ms, reason);
	if (count == decision->desired)
		(void)snprintf(out, SENTENCE_BYTES, "%s", reason);
	else
		(void)snprintf(out, SENTENCE_BYTES, "%s until others are empty, then: %.200s", pods(count, now), reason);
}
