/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h — pure: how many replicas, and why. */
#ifndef KRYPTON_SCALER_DECIDE_H
#define KRYPTON_SCALER_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "krypton/agent.h"

/* What is known at the moment of a decision. Times are wall clock, ms; 0: never. */
struct observation {
	int64_t inflight; /* in the ready pods that answered, retired ones left out */
	int64_t streams;  /* open streams that count as activity, not as load */
	int64_t waiting;  /* in the gateways' lines */
	int unknown_pods; /* ready or retired, but their sidecar does not answer */
	int unknown_gateways;
	int64_t last_activity_ms; /* latest start or end of a request that a sidecar has told of; long ago: none */
	int64_t last_busy_ms;     /* when somebody waited or ran, as we saw it ourselves */
	int highest_wanted;       /* within the stable window */
	int64_t now_ms;
};

struct decision {
	int wanted; /* of this moment's load alone: what goes into the window */
	int desired;
	const char *reason; /* CamelCase, stable */
};

#define DECIDE_ASLEEP  "Asleep" /* as the condition Available says then (krypton/reasons.h) */
#define DECIDE_WARM    "Warm"   /* within scaleToZeroAfter */
#define DECIDE_LOAD    "Load"
#define DECIDE_MINIMUM "Minimum"
#define DECIDE_MAXIMUM "Maximum"
#define DECIDE_WINDOW  "StableWindow"
#define DECIDE_UNKNOWN "Unknown" /* a pod or gateway is silent: nothing goes down on a guess */

struct decision decide(const struct agent *agent, const struct observation *observation);

#endif
