/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Up at once on the load of the moment; down never below what was wanted within the window; to zero only by quiet. */
#include "scaler/decide.h"

#define LOAD_MAX INT64_C(1000000000000) /* more is as much: what pods and gateways say must not run over */

static int64_t latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool is_busy(const struct observation *seen)
{
	return seen->inflight > 0 || seen->streams > 0 || seen->waiting > 0;
}

/* Asleep with nobody to wake it for (a lastInvocationAt that is written late wakes nobody), never invoked, or quiet for
   scaleToZeroAfter. */
static bool may_be_asleep(const struct agent *agent, const struct observation *seen)
{
	int64_t last_ms = latest(agent->last_invocation_ms, seen->last_busy_ms);

	if (!agent_may_sleep(agent) || is_busy(seen))
		return false;
	if (last_ms == 0 || agent_wanted_replicas(agent) == 0)
		return true;
	return seen->now_ms - latest(last_ms, seen->last_activity_ms) >= agent->scale_to_zero_after_ms;
}

static int64_t within_load(int64_t count)
{
	return count < 0 ? 0 : count > LOAD_MAX ? LOAD_MAX : count;
}

/* ceil(load / (concurrency x utilization)) within the bounds. */
static struct decision by_load(const struct agent *agent, const struct observation *seen)
{
	int64_t per_pod = (int64_t)agent->concurrency * agent->target_utilization;
	int64_t load = within_load(seen->inflight) + within_load(seen->waiting);
	int64_t needed = (load * 100 + per_pod - 1) / per_pod;
	int floor = agent->min_replicas;
	const char *floor_reason = DECIDE_MINIMUM;

	if (floor < 1) {
		floor = 1; /* asleep is another branch */
		floor_reason = DECIDE_WARM;
	}
	if (needed > agent->max_replicas)
		return (struct decision){ agent->max_replicas, agent->max_replicas, DECIDE_MAXIMUM };
	if (needed <= floor)
		return (struct decision){ floor, floor, is_busy(seen) && needed == floor ? DECIDE_LOAD : floor_reason };
	return (struct decision){ (int)needed, (int)needed, DECIDE_LOAD };
}

struct decision decide(const struct agent *agent, const struct observation *seen)
{
	int current = agent_wanted_replicas(agent);
	bool is_guessing = seen->unknown_pods > 0 || seen->unknown_gateways > 0;
	struct decision decision;

	if (may_be_asleep(agent, seen) && !(is_guessing && current > 0))
		return (struct decision){ 0, 0, DECIDE_ASLEEP };
	decision = by_load(agent, seen);
	if (decision.desired >= current)
		return decision;
	if (is_guessing) {
		decision.desired = current;
		decision.reason = DECIDE_UNKNOWN;
	} else if (seen->highest_wanted > decision.desired) {
		decision.desired = seen->highest_wanted < current ? seen->highest_wanted : current;
		decision.reason = DECIDE_WINDOW;
	}
	return decision;
}
