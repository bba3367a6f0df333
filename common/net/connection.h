/* SPDX-License-Identifier: Apache-2.0 */
/* net/connection.h — one client's connection: reads heads, hands out exchanges one after another, ends as it must.
   For the listener and the exchange's rooms alone. */
#ifndef KRYPTON_NET_CONNECTION_H
#define KRYPTON_NET_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "net/exchange.h"
#include "net/h1_body.h"
#include "net/listener.h"
#include "net/stream.h"

#define CONNECTION_STATES(X)                                                        \
	X(IDLE)      /* nothing of a request is here */                             \
	X(HEAD)      /* a head is arriving */                                       \
	X(BUSY)      /* an exchange has it */                                       \
	X(DRAINING)  /* the answer is out, the request's body still comes in */     \
	X(LINGERING) /* our side is shut: what the client still sends is dropped */ \
	X(CLOSED)    /* freed at the end of this iteration */

enum connection_state {
#define X(name) CONNECTION_##name,
	CONNECTION_STATES(X)
#undef X
};

/* Owned by its listener. Kept small: there may be thousands that are idle. */
struct connection {
	struct listener *listener;
	struct connection *next, *previous; /* among all of the listener's */
	struct stream stream;
	enum connection_state state;
	bool proceeds;             /* connection_proceed() is deferred */
	struct exchange *exchange; /* while BUSY */
	struct buf in;             /* read and not yet used: part of a head, requests sent ahead */
	size_t ahead_counted;      /* of the listener's ahead_bytes */
	struct h1_body body;       /* of the request that came last */
	size_t parsed_bytes;       /* of the head so far, when it was looked at last */
	int64_t drained_bytes;
	int64_t since_ms; /* when this state's wait began */
	struct deadline deadline;
	struct address client;
};

/* What is to become of a connection when its exchange is over. */
enum connection_fate {
	CONNECTION_KEEP,  /* the next request, or close where the listener says so */
	CONNECTION_CLOSE, /* all was sent: shut and linger */
	CONNECTION_RESET, /* the client must see that something broke */
	CONNECTION_DROP,  /* the client is gone */
};

/* Takes over fd. */
void connection_start(struct listener *listener, int fd, const struct address *client);
/* From the exchange, which is gone for the connection from here on. */
void connection_release(struct connection *connection, enum connection_fate fate);
/* Without a word; no exchange may be on. */
void connection_close(struct connection *connection);
/* Bytes read behind the request at hand. -1: past the cap. */
int connection_keep_bytes(struct connection *connection, struct text bytes) must_check;
/* Those bytes went elsewhere. */
void connection_forget_ahead(struct connection *connection);
bool connection_has_room(const struct connection *connection);

#endif
