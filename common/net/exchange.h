/* SPDX-License-Identifier: Apache-2.0 */
/* net/exchange.h — one request of a client and its answer, from the complete head to the last byte (or the visible break). */
#ifndef KRYPTON_NET_EXCHANGE_H
#define KRYPTON_NET_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/text.h"
#include "net/address.h"
#include "net/h1_head.h"
#include "net/upstream.h"

struct exchange;

/* Why a forwarded request came back before a byte of an answer was passed on. */
enum exchange_failure {
	EXCHANGE_UNREACHABLE,     /* the dial failed or timed out: not one byte went out */
	EXCHANGE_UNSENT,          /* the connection broke before one byte of the request went out */
	EXCHANGE_BROKEN,          /* it broke after bytes went out and before the answer: it may have been received */
	EXCHANGE_BAD_ANSWER,      /* what came back is not HTTP/1.1 */
	EXCHANGE_FIRST_BYTE_LATE, /* first_byte_timeout_ms passed */
};

/* How an exchange ended, for logs and metrics. */
enum exchange_close {
	EXCHANGE_COMPLETE,       /* the answer's last byte was written */
	EXCHANGE_CLIENT_LEFT,    /* the client closed or reset before that */
	EXCHANGE_UPSTREAM_BROKE, /* the answer had begun and broke off: the client saw an abnormal end */
	EXCHANGE_SILENT,         /* stream_idle_timeout_ms without a byte either way */
	EXCHANGE_CLIENT_BROKE,   /* the request body broke its own framing */
	EXCHANGE_STOPPED,        /* our own end: the drain's bound was hit */
};

struct exchange_end {
	enum exchange_close close;
	int status;            /* passed to the client; 0: nothing was */
	int64_t started_ms;    /* monotonic: head complete */
	int64_t first_byte_ms; /* monotonic: answer head passed on; 0: never */
	int64_t ended_ms;
	int64_t request_bytes; /* body bytes, as on the wire */
	int64_t answer_bytes;
	bool was_tunnel; /* 101 and what followed */
};

enum exchange_verdict {
	EXCHANGE_PASS,      /* pass this answer on */
	EXCHANGE_TAKE_BACK, /* drop it: the handler will forward elsewhere or answer itself. Only where exchange_can_repeat(). */
};

/* Where and how a request goes on. Borrowed for the call; texts that must live longer are copied. */
struct exchange_forward {
	struct upstream *upstream; /* referenced until the end */
	struct text target;        /* request target to send, origin-form */
	struct text host;          /* value of Host */
	bool (*keeps_request)(
		struct text name);              /* end-to-end request headers that go on; NULL: all. Host never goes by the copy. */
	bool (*keeps_answer)(struct text name); /* the same for the answer's */
	const char *via;                        /* our name in the request's Via (RFC 9110 section 7.6.3); NULL: none */
	struct text extra;                      /* complete header lines to add to the request, each with CRLF */
	int64_t first_byte_timeout_ms;          /* from now to the answer's first byte; 0: none */
	bool confirms_large_bodies; /* the peer sends 100 Continue at admission: a body larger than the held 64 KiB waits for it */
	bool confirms_here;         /* this is that peer: 100 Continue to a client that expects it once the dial succeeded */
	bool sends_once; /* the handler sends it nowhere else: no byte is held once it went out, and then no verdict takes back */
	void *arg;       /* for the three below */
	/* The answer's head is here and nothing of it was passed on (1xx are passed without asking). */
	enum exchange_verdict (*on_answer)(void *arg, struct exchange *exchange, const struct h1_head *answer);
	/* It came back: the handler must forward again, answer, or keep it and do so later. detail: a sentence with the address. */
	void (*on_failure)(void *arg, struct exchange *exchange, enum exchange_failure failure, const char *detail);
};

/* --- what a handler may ask, from on_request until on_end --- */

/* The request's. Of an answer that goes on, behind its beginning, only method, path and query are left, and they lie elsewhere: a
   stream may last for hours, and its head may have 64 KiB. */
const struct h1_head *exchange_head(const struct exchange *exchange);
const struct address *exchange_client(const struct exchange *exchange);
/* Memory that lives as long as the exchange (at most 64 KiB for handlers). */
struct arena *exchange_arena(struct exchange *exchange);
/* The handler's own record of it. */
void exchange_set_owner_data(struct exchange *exchange, void *owner_data);
void *exchange_owner_data(const struct exchange *exchange);
/* May the request be sent again? True while not one byte of it was given away that is not still held
   (the first 64 KiB of a body are held until the answer begins). */
bool exchange_can_repeat(const struct exchange *exchange);
/* Idempotent method (RFC 9110 section 9.2.2), no body, and not one byte came back since it was forwarded last. */
bool exchange_is_safe_to_repeat(const struct exchange *exchange);
/* Held bytes of all exchanges of the same listener count against its max_held_bytes; this one's share. */
size_t exchange_held_bytes(const struct exchange *exchange);
bool exchange_has_begun(const struct exchange *exchange); /* a byte of the answer was passed on */

/* --- what a handler does with it: one of these, now or later --- */

/* Sends the request on. Never calls back before it returns. Where the exchange has answered or ended meanwhile: nothing.
   Where exchange_can_repeat() no longer holds: 502. */
void exchange_forward(struct exchange *exchange, const struct exchange_forward *forward);

/* Answers itself; extra: complete header lines with CRLF, or empty. Content-Length is set; HEAD gets no body. Rest of the request
   body is drained up to 256 KiB, else the connection closes. Not after the answer has begun. In an open event stream it is the
   event `error` instead, with the body as its data, and a clean end; the status is then told to on_end alone. */
void exchange_answer(struct exchange *exchange, int status, const char *content_type, struct text extra, struct text body);

/* --- an event stream that begins before its answer --- */

/* May it begin now? Only while the handler keeps the request, all of it is here and has no Upgrade, no Expect: 100-continue, and is
   no HEAD. */
bool exchange_can_open_events(const struct exchange *exchange);
/* Tells the client 200 and text/event-stream; extra: complete header lines. The exchange stays the handler's, and may be forwarded
   as often as before. An answer that exchange_is_event_answer() loses its head and goes on in the same body; any other that is
   passed on is the event `error`, better told by the handler's own exchange_answer() from within on_answer. */
void exchange_open_events(struct exchange *exchange, struct text extra);
bool exchange_has_events(const struct exchange *exchange); /* was it opened? */
/* One line that clients pass over, while the handler keeps the request. Left out while the client takes nothing. */
void exchange_comment(struct exchange *exchange, struct text words);
/* Pure: 200, text/event-stream and no coding that its head alone would tell. */
bool exchange_is_event_answer(const struct h1_head *answer);

/* Another choice of the answer's headers than keeps_answer: only from within on_answer. */
void exchange_keep_of_answer(struct exchange *exchange, bool (*keeps)(struct text name));
/* A header line for the answer that is about to be passed on: only from within on_answer. */
void exchange_add_answer_header(struct exchange *exchange, const char *name, const char *value);

/* Ends it visibly broken (RST or no last chunk): for a drain's bound. on_end follows. */
void exchange_abort(struct exchange *exchange);

const char *exchange_close_name(enum exchange_close close); /* "complete", "client_left", … */
const char *exchange_failure_name(enum exchange_failure failure);

#endif
