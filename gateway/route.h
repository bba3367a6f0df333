/* SPDX-License-Identifier: Apache-2.0 */
/* route.h — one agent at the gateway: its settings, its pods, and the requests that wait for them. */
#ifndef KRYPTON_GATEWAY_ROUTE_H
#define KRYPTON_GATEWAY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/line.h"
#include "gateway/pod.h"
#include "gateway/service_rate.h"
#include "krypton/agent.h"

struct gateway;
struct wake;

#define ROUTE_MAX_PODS 4096

/* Held by the table and by every invocation of it. */
struct route {
	int references;
	struct gateway *gateway;
	char *name_space, *name;
	const struct agent *agent; /* the cache's row; NULL once the Agent is gone */
	struct pod **pods;
	size_t pod_count;
	size_t turn; /* where the search for the next pod starts */
	struct line line;
	bool is_line_told; /* the scaler was told that this line formed */
	struct service_rate rate;
	struct loop_timer *timer; /* dispatches: at the next deadline, or at once */
	bool was_usable;          /* a pod took work at the last dispatch */
	int64_t usable_since_ms;
	bool has_cold_line; /* somebody waits for a first pod: a cold start is under way */
	int running;        /* invocations forwarded and not ended, streams included */
	struct wake *wake;
	char seen_reason[64];  /* what a sidecar said last about why it isn't ready; "" = nothing */
	char seen_detail[192]; /* the same as a sentence; it names ports, nothing that must not be told */
};

struct route *route_new(struct gateway *gateway, const struct agent *agent);
struct route *route_ref(struct route *route);
void route_unref(struct route **route);
/* The Agent changed; NULL: it is gone, and whoever waits is told so. */
void route_set_agent(struct route *route, const struct agent *agent);
/* The pods as the slices have them now; endpoints are borrowed. A pod known by a hello stays for a while. */
void route_set_endpoints(struct route *route, const struct endpoint *const *endpoints, size_t count);
/* The pod of that address, taken in where it is not known yet; NULL where ip is no address or there are too many. */
struct pod *route_pod_at(struct route *route, const char *ip);

/* A pod that no slice names and whose sidecar did not confirm itself. */
void route_forget_pod(struct route *route, struct pod *pod);

/* Gives waiting requests to pods with free slots; what still waits gets pods woken and asked. Not from within an engine's callback
   for an exchange of this route: route_kick() then. */
void route_dispatch(struct route *route);
/* Dispatches once the current callback is over. */
void route_kick(struct route *route);
/* How long the first in line may still wait; 0 where nobody waits, or the Agent is gone. */
int64_t route_wait_left_ms(const struct route *route);
/* When somebody who is turned away now may find room, s. */
int route_retry_after_s(const struct route *route);
size_t route_usable_pods(const struct route *route, int64_t now_ms);
/* A pod for a request that does not count against the concurrency (an mcp agent's event stream); NULL: none is usable. */
struct pod *route_pick_any(struct route *route);

#endif
