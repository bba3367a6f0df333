/* SPDX-License-Identifier: Apache-2.0 */
/* net/upstream.h — one peer that requests are forwarded to: its address, its idle connections, its requests in flight. */
#ifndef KRYPTON_NET_UPSTREAM_H
#define KRYPTON_NET_UPSTREAM_H

#include <stdint.h>

#include "net/address.h"

struct loop;
struct upstream;

/* A connection that the peer closes just now fails whoever uses it. Hence the defaults: krypton-proxy closes idle ones after 75 s,
   Node and uvicorn after 5 s already. */
struct upstream_options {
	struct address address;
	int64_t connect_timeout_ms; /* a dial past it fails; 0: 5 s */
	int64_t idle_timeout_ms;    /* an idle connection older than this is closed; 0: 30 s */
	int64_t reuse_unsafe_ms; /* a request that must not be sent twice reuses a connection only if idle for less than this, else
				    it dials; 0: 1 s; negative: always dials */
	int max_idle; /* connections kept, last in first out; 0: 1024: with fewer, a burst of answers closes what the next requests
			 dial again */
};

/* Shared: the table's row and every exchange that goes there hold it. Born with one reference, the caller's. */
struct upstream *upstream_new(struct loop *loop, const struct upstream_options *options);
struct upstream *upstream_ref(struct upstream *upstream);
void upstream_unref(struct upstream **upstream); /* the last one closes the idle connections */
/* The peer is going: idle connections are closed, none is kept any more; running requests go on. */
void upstream_retire(struct upstream *upstream);

int upstream_inflight(const struct upstream *upstream); /* exchanges forwarded there and not ended */
const struct address *upstream_address(const struct upstream *upstream);

#endif
