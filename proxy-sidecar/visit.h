/* SPDX-License-Identifier: Apache-2.0 */
/* visit.h — what the sidecar remembers of a running exchange: whom it is for, and what it waits for. */
#ifndef KRYPTON_PROXY_SIDECAR_VISIT_H
#define KRYPTON_PROXY_SIDECAR_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/exchange.h"
#include "proxy-sidecar/gate.h"

enum visit_kind {
	VISIT_OWN,        /* answered by us */
	VISIT_WAIT_READY, /* ours, held until the agent accepts */
	VISIT_WAIT_DRAIN, /* ours, held until nothing runs any more */
	VISIT_AGENT,      /* admitted to the agent */
	VISIT_REFUSED,    /* for the agent, not admitted */
};

/* Lives in its exchange's arena. */
struct visit {
	struct exchange *exchange;
	enum visit_kind kind;
	bool by_gateway;
	enum gate_class as;        /* of VISIT_AGENT */
	int64_t deadline_ms;       /* of the two that wait */
	struct visit *next, *prev; /* among those that wait */
};

#endif
