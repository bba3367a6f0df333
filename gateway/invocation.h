/* SPDX-License-Identifier: Apache-2.0 */
/* invocation.h — one request for an agent on its way: waiting in the line, at a pod, back from it. */
#ifndef KRYPTON_GATEWAY_INVOCATION_H
#define KRYPTON_GATEWAY_INVOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/agent_path.h"
#include "gateway/pod.h"
#include "gateway/refusal.h"
#include "gateway/route.h"
#include "net/exchange.h"

struct gateway;
struct loop_timer;

/* Lives in its exchange's arena. */
struct invocation {
	struct gateway *gateway;
	struct exchange *exchange;
	struct route *route; /* held; NULL: the request was refused before it had one */
	struct pod *pod;     /* held while it is there */
	struct agent_path path;
	struct text origin;             /* allowed to read the answer; at == NULL: no page asks */
	const char *target;             /* of a bare agent path, once it was sent on */
	bool is_stream;                 /* does not count against the concurrency */
	bool was_cold;                  /* nobody took work when it came */
	int attempts;                   /* times it was sent on */
	int failures;                   /* of these, for reasons that waiting does not mend */
	int agent_port;                 /* as it was told the agent: it may know itself by that */
	int64_t arrived_ms;             /* monotonic */
	int64_t forwarded_ms;           /* last time */
	const char *reason;             /* for the log: why it was refused or repeated */
	bool is_waiting;                /* in its route's line */
	struct invocation *next, *prev; /* there */
	struct loop_timer *keep_alive;  /* comments while it waits; NULL: none */
};

/* A request came. */
void invocation_begin(struct gateway *gateway, struct exchange *exchange);
/* Takes it out of the line and sends it to the pod. */
void invocation_forward(struct invocation *invocation, struct pod *pod);
/* Takes it out of the line and answers it ourselves. */
void invocation_refuse(struct invocation *invocation, enum refusal refusal);
/* Counts and logs it, frees its slot. */
void invocation_end(struct invocation *invocation, const struct exchange_end *end);

#endif
