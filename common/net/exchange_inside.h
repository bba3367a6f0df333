/* SPDX-License-Identifier: Apache-2.0 */
/* net/exchange_inside.h — an exchange as its own rooms see it: exchange.c (its life), exchange_request.c (client to upstream),
   exchange_answer.c (upstream to client), exchange_events.c (an event stream before its answer), tunnel.c (both, after 101). */
#ifndef KRYPTON_NET_EXCHANGE_INSIDE_H
#define KRYPTON_NET_EXCHANGE_INSIDE_H

#include "net/channel.h"
#include "net/connection.h"
#include "net/exchange.h"
#include "net/h1_body.h"
#include "net/listener_inside.h"

#define EXCHANGE_HELD_BYTES      65536 /* of a body, kept until the answer begins */
#define EXCHANGE_CONFIRM_WAIT_MS 1000  /* for a 100 Continue that was promised */
#define EXCHANGE_MAX_INTERIM     32   /* 102 every 20 s, as WebDAV servers say it, for ten minutes; an agent in earnest sends few */
#define REFUSAL_MAX_BYTES        1024 /* the body of a 4xx that the engine itself answers */
#define EXCHANGE_DETAIL_BYTES    192

#define EXCHANGE_STATES(X)                                                                     \
	X(HELD)      /* on the handler's desk */                                               \
	X(DIALING)   /* forwarded; the connection is being made */                             \
	X(WAITING)   /* the request goes out; no final answer yet */                           \
	X(FAILING)   /* a failure is told to the handler at the end of this iteration */       \
	X(ANSWERING) /* the answer goes to the client as it comes */                           \
	X(TUNNEL)    /* both ways as they come, after 101 */                                   \
	X(FLUSHING)  /* all of the answer is here; the client's socket has not taken it all */ \
	X(ENDING)    /* decided; on_end comes at the end of this iteration */                  \
	X(ENDED)     /* on_end was called; freed at the end of this iteration */

enum exchange_state {
#define X(name) EXCHANGE_##name,
	EXCHANGE_STATES(X)
#undef X
};

/* Owned by its connection. */
struct exchange {
	struct connection *connection;
	struct listener *listener;
	struct engine *engine;
	enum exchange_state state;
	struct h1_head *head; /* one block, cut behind its headers, with the head's bytes behind it */
	struct arena *arena;  /* NULL until asked for */
	void *owner_data;
	struct deadline deadline;
	int64_t last_ms;         /* a byte went either way */
	int64_t client_check_ms; /* when to ask after a client that was not read; 0: not to */

	/* towards the upstream */
	struct exchange_forward forward; /* its texts are not valid */
	struct upstream *upstream;       /* referenced while forwarded */
	struct channel *channel;
	struct channel *dropped;   /* taken from us within on_answer: settled behind it */
	struct buf request_head;   /* to be sent, or sent on a reused connection */
	struct buf held;           /* the body's first bytes */
	int64_t held_counted;      /* of the listener's held_bytes */
	int64_t first_byte_due_ms; /* 0: none */
	int64_t confirm_due_ms;    /* 0: not waiting for 100 Continue */
	int interim_left;          /* answers of 100 to 199 that may still come in this attempt */
	bool has_sent;             /* a byte of this attempt went out */
	bool has_received;         /* a byte of this attempt came back */
	bool has_redialled;
	bool has_overflowed;      /* given away more than is held: cannot be repeated */
	bool awaits_confirmation; /* past the held bytes, until 100 Continue */
	bool asks_confirmation;   /* the client did not: that 100 is ours */
	bool has_passed_continue;
	bool drops_body; /* the rest of the request goes nowhere */
	bool asks_upgrade;
	bool is_deciding; /* within on_answer */

	/* towards the client */
	struct h1_body answer;
	struct buf answer_in;              /* part of an answer's head */
	bool has_events;                   /* an event stream began before the answer */
	bool unchunks;                     /* the client gets the payload alone: HTTP/1.0 */
	bool rechunks;                     /* the same in chunks of ours: an answer that is not chunked, in such a stream */
	bool closes;                       /* the connection ends behind the answer */
	bool is_dirty;                     /* the channel sent more than it should */
	bool client_ended, upstream_ended; /* tunnel: half-closed from there */

	/* the end */
	enum exchange_close close;
	enum connection_fate fate;
	enum exchange_failure failure; /* while FAILING */
	char *detail;
	int status;
	int64_t started_ms, first_byte_ms;
	int64_t request_bytes, answer_bytes;
	bool was_tunnel;
};

/* exchange.c */
struct exchange *exchange_new(struct connection *connection, const struct h1_head *head, struct text head_bytes);
void exchange_shorten_head(struct exchange *exchange);            /* of an answer that goes on: nothing is sent again */
void exchange_start(struct exchange *exchange, struct text body); /* the body's bytes that came with the head */
void exchange_enter(struct exchange *exchange, enum exchange_state next, const char *why);
void exchange_finish(struct exchange *exchange, enum exchange_close close, enum connection_fate fate);
void exchange_finish_later(struct exchange *exchange, enum exchange_close close, enum connection_fate fate);
void exchange_flush_or_finish(struct exchange *exchange, enum exchange_close close, enum connection_fate fate);
void exchange_client_left(struct exchange *exchange);
void exchange_refuse_body(struct exchange *exchange, int status, const char *why);
void exchange_update(struct exchange *exchange); /* who is read, and the next deadline */
void exchange_on_client(struct exchange *exchange, int events);
int64_t exchange_now_ms(const struct exchange *exchange);
bool exchange_must_close(const struct exchange *exchange); /* whatever the answer's own framing wants */

/* exchange_request.c */
bool exchange_wants_client(const struct exchange *exchange);
size_t exchange_client_room(const struct exchange *exchange);
void exchange_take_client(struct exchange *exchange, struct text bytes);
void exchange_hold(struct exchange *exchange, struct text bytes);
/* Off the upstream: the channel goes into the pool or is closed. */
void exchange_detach(struct exchange *exchange, bool keeps_channel);
void exchange_release_held(struct exchange *exchange);
void exchange_on_channel(void *exchange, enum channel_event event);
void exchange_fail(struct exchange *exchange, enum exchange_failure failure, const char *format, ...) printf_like(3, 4);
void exchange_await_confirmation(struct exchange *exchange);
void exchange_confirmed(struct exchange *exchange); /* the peer takes the body, or said nothing for too long */
bool exchange_redial(struct exchange *exchange);    /* once, where a reused connection broke before a byte came back */

/* exchange_answer.c */
void exchange_read_answer(struct exchange *exchange);

/* exchange_events.c: in an event stream that is open; -1: the client is gone, or past the scratch's cap */
int exchange_send_error_event(struct exchange *exchange, struct text body) must_check;
int exchange_send_piece(struct exchange *exchange, struct text payload) must_check;
int exchange_send_last_piece(struct exchange *exchange) must_check;
void exchange_refuse_answer(struct exchange *exchange, const struct h1_head *answer);

/* tunnel.c */
void tunnel_start(struct exchange *exchange, struct text from_upstream);
void tunnel_on_client(struct exchange *exchange);
void tunnel_on_upstream(struct exchange *exchange);
void tunnel_on_drained(struct exchange *exchange);
void tunnel_update(struct exchange *exchange);

#endif
