/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h — pure: who may go in to the agent now. */
#ifndef KRYPTON_PROXY_SIDECAR_GATE_H
#define KRYPTON_PROXY_SIDECAR_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "net/h1_head.h"

#define GATE_STREAMS_PER_SLOT 16   /* idle listeners of an mcp agent, for each request it may run */
#define GATE_SERVICE_GRACE_MS 3000 /* how long other nodes' kube-proxy may still send here after a drain began */

enum gate_state {
	GATE_OPEN,
	GATE_RETIRED,  /* not ready, no work of gateways; may open again at once */
	GATE_DRAINING, /* the pod, or the agent's container, is going */
};

/* What a running exchange counts as. */
enum gate_class { GATE_REQUEST, GATE_STREAM };

enum gate_verdict { GATE_ADMIT, GATE_OVER_CAPACITY, GATE_SHUT };

struct gate {
	int concurrency;
	int requests; /* running now */
	int streams;
	enum gate_state state;
	int64_t closed_ms; /* monotonic: when it last left GATE_OPEN */
};

/* by_gateway: the gateway has other pods, so it is refused at once; a Service's client only once the grace is over. */
enum gate_verdict gate_admit(const struct gate *gate, bool by_gateway, enum gate_class as, int64_t now_ms);
/* The class of a request before its answer: a GET of an mcp agent's client that accepts an event stream. */
enum gate_class gate_class_of_request(bool agent_is_mcp, const struct h1_head *request);
/* What its answer makes of it. */
enum gate_class gate_class_of_answer(bool agent_is_mcp, const struct h1_head *request, const struct h1_head *answer);
void gate_enter(struct gate *gate, enum gate_class as);
void gate_leave(struct gate *gate, enum gate_class as);
/* Nothing runs and, when draining, no more is to come by the Service. */
bool gate_is_drained(const struct gate *gate, int64_t now_ms);

#endif
