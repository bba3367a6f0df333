/* SPDX-License-Identifier: Apache-2.0 */
/* client.h — one connection of the load generator: a request out, an answer in, again. */
#ifndef KRYPTON_BENCH_CLIENT_H
#define KRYPTON_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "net/address.h"

#define CLIENT_HEAD_BYTES 2048

enum client_state {
	CLIENT_CLOSED,
	CLIENT_IDLE, /* connected (or about to be), nothing asked */
	CLIENT_ASKS, /* the request is not all out */
	CLIENT_WAITS /* for the answer or the rest of it */
};

enum client_result {
	CLIENT_NOTHING,  /* not yet */
	CLIENT_ANSWERED, /* a 200, complete */
	CLIENT_REFUSED,  /* another status, complete */
	CLIENT_EVENTS,   /* bytes of a stream: client_take_event() */
	CLIENT_BROKE     /* closed or reset; the client is closed now */
};

struct client {
	int fd;
	enum client_state state;
	bool in_body, is_chunked, is_stream, was_refused, waits_to_write;
	size_t sent;       /* of the request */
	int64_t body_left; /* of the answer */
	int64_t due_ns;    /* when the request was to go out */
	size_t head_len;
	char head[CLIENT_HEAD_BYTES];
	/* of the stream: what of "data: NUMBER\n" was seen */
	int event_matched;
	int64_t event_number;
};

/* Zeroed is closed. -1: no socket, or no way there. */
int client_open(struct client *client, const struct address *peer, int epoll_fd);
void client_close(struct client *client);
/* The request, from its first byte. The peer closed it: CLIENT_BROKE. */
enum client_result client_ask(struct client *client, struct text request, int epoll_fd);
/* Something is ready. bytes: of a stream, valid until the next call. */
enum client_result client_ready(struct client *client, struct text request, int epoll_fd, struct text *ret_bytes);
/* The next number of an event within bytes, which it consumes; false: there is none any more. */
bool client_take_event(struct client *client, struct text *bytes, int64_t *ret_number);

#endif
