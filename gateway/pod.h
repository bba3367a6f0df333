/* SPDX-License-Identifier: Apache-2.0 */
/* pod.h — one pod of an agent as this gateway knows it: its sidecar's address, what runs there, and whether it takes work. */
#ifndef KRYPTON_GATEWAY_POD_H
#define KRYPTON_GATEWAY_POD_H

#include <stdbool.h>
#include <stdint.h>

#include "krypton/endpoints.h"
#include "net/address.h"
#include "net/upstream.h"

struct route;
struct loop;

/* Held by its route while it is listed, and by every invocation that runs there. */
struct pod {
	int references;
	struct route *route; /* NULL once the route has let it go */
	char ip[ADDRESS_TEXT_BYTES];
	struct upstream *upstream;
	bool is_listed; /* an EndpointSlice names it */
	bool is_ready;  /* …as ready */
	bool is_terminating;
	bool is_warm;                 /* its sidecar told us itself, sooner than the slice does */
	int running;                  /* ours, streams that do not count left out */
	int others;                   /* other gateways' and the Service's, as its sidecar last said */
	int64_t others_since_ms;      /* monotonic: when it said so */
	int cap;                      /* what its sidecar admits, known since it refused; 0: not known */
	int64_t avoid_until_ms;       /* monotonic: it was draining or unreachable a moment ago */
	int unreachable;              /* times in a row that it could not be reached */
	int64_t unreachable_since_ms; /* monotonic: the first of these */
	int64_t unlisted_since_ms;    /* known by its word alone since then */
	struct probe *probe;          /* a question to its sidecar under way; NULL: none */
};

/* NULL where ip is no address. One reference, the caller's. */
struct pod *pod_new(struct loop *loop, const char *ip, int64_t connect_timeout_ms);
struct pod *pod_ref(struct pod *pod);
void pod_unref(struct pod **pod);
/* Takes over what an EndpointSlice says; `endpoint` NULL: no slice names it. */
void pod_set_listed(struct pod *pod, const struct endpoint *endpoint, int64_t now_ms);
bool pod_is_usable(const struct pod *pod, int64_t now_ms);
/* No slice names it, and its sidecar has told us itself a moment ago. */
bool pod_is_on_its_word(const struct pod *pod, int64_t now_ms);
/* Up, but not said to be ready, or set aside as unreachable: worth asking whether it is. */
bool pod_may_become_usable(const struct pod *pod);
/* Nobody answers there, or its agent does not: set aside, each time for longer, until it is heard of again. */
void pod_note_unreachable(struct pod *pod, int64_t now_ms);
void pod_note_reached(struct pod *pod);
/* It is set aside because it could not be reached, and for no longer than it takes to hear that a pod is gone. */
bool pod_may_be_gone(const struct pod *pod, int64_t now_ms);
/* Its sidecar's word on how many run there, ours among them. */
void pod_note_inflight(struct pod *pod, int inflight, int64_t now_ms);
/* It refused one of ours, which is still counted, while that many ran: that many is what it admits. */
void pod_note_full(struct pod *pod, int inflight, int64_t now_ms);
/* At its own cap, which may be lower than the Agent's newest concurrency. */
bool pod_is_full(const struct pod *pod);

#endif
