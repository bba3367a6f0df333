/* SPDX-License-Identifier: Apache-2.0 */
/* net/listener.h — a listening socket of the data path and the client connections it has accepted. */
#ifndef KRYPTON_NET_LISTENER_H
#define KRYPTON_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/exchange.h"

struct loop;
struct listener;

/* The waits that the engine bounds. */
enum listener_deadline {
	LISTENER_REQUEST_HEAD, /* head_timeout_ms */
	LISTENER_REQUEST_BODY, /* body_timeout_ms */
	LISTENER_CONNECT,      /* the upstream's connect_timeout_ms */
	LISTENER_FIRST_BYTE,   /* first_byte_timeout_ms of the forwarded request */
	LISTENER_STREAM_IDLE,  /* stream_idle_timeout_ms */
	LISTENER_KEEP_ALIVE,   /* idle_timeout_ms */
};

/* A request that the engine refused by itself. Borrowed for the call. */
struct listener_refusal {
	int status;
	const char *reason; /* CamelCase, one for each status: also in the answer's body */
	const char *why;    /* a constant sentence */
	const struct address *client;
};

struct listener_options {
	const char *address;          /* ":8080" */
	size_t max_head_bytes;        /* 0: 64 KiB; past it 431 */
	size_t max_answer_head_bytes; /* 0: 64 KiB; past it the answer is no good one */
	size_t max_target_bytes;      /* 0: 16 KiB; past it 414 */
	int64_t max_body_bytes;       /* 0: no cap; past it 413 */
	int64_t max_held_bytes;  /* of requests held by all exchanges, and of heads on their way; 0: 64 MiB each; past it 503 */
	int max_connections;     /* 0: descriptors less a reserve */
	int64_t head_timeout_ms; /* from a head's first byte to its last; 0: 60 s; past it 408 */
	int64_t body_timeout_ms; /* silence of a request body before the answer begins; 0: 300 s; past it 408 */
	int64_t idle_timeout_ms; /* between requests; 0: 75 s */
	int64_t stream_idle_timeout_ms; /* silence within an exchange once the answer has begun; 0: never */
	void *arg;
	/* A complete head. The handler forwards, answers, or keeps the exchange and does so later. */
	void (*on_request)(void *arg, struct exchange *exchange);
	/* Exactly once for each exchange that on_request saw; the exchange is gone after it. */
	void (*on_end)(void *arg, struct exchange *exchange, const struct exchange_end *end);
	/* These three are for counting and may call nothing here; NULL: nobody counts. */
	void (*on_deadline)(void *arg, enum listener_deadline deadline); /* one has passed */
	/* What the engine refuses by itself (bad framing, caps, deadlines: 4xx, 5xx with a JSON problem as body). on_request has
	 * seen it only where the request's body was at fault. */
	void (*on_refused)(void *arg, const struct listener_refusal *refusal);
	/* max_connections are open: the client idle for longest is closed for the next one, which waits where none is idle. */
	void (*on_full)(void *arg);
};

/* Bound and listening, or NULL with an error naming the address. Borrows the loop. */
struct listener *listener_new(struct loop *loop, const struct listener_options *options, struct err *err);
/* Every exchange is aborted (on_end is called), every connection closed. */
void listener_free(struct listener **listener);

/* No new connections; answers from now on carry Connection: close; idle ones are closed. Running exchanges go on. */
void listener_drain(struct listener *listener);
/* Only the header, the socket stays open: for a sidecar that must answer requests that still come. */
void listener_close_after_answers(struct listener *listener, bool closes);
/* Every exchange ends visibly broken; on_end follows for each. For a drain's bound. */
void listener_abort(struct listener *listener);
int listener_exchanges(const struct listener *listener); /* running now */
int listener_connections(const struct listener *listener);
int64_t listener_held_bytes(const struct listener *listener);
uint16_t listener_port(const struct listener *listener);             /* the real one where 0 was asked for */
const char *listener_deadline_name(enum listener_deadline deadline); /* "request_head", … */

#endif
