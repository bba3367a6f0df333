/* SPDX-License-Identifier: Apache-2.0 */
/* net/listener_inside.h — a listener as its connections and exchanges see it. For their rooms alone. */
#ifndef KRYPTON_NET_LISTENER_INSIDE_H
#define KRYPTON_NET_LISTENER_INSIDE_H

#include "net/engine.h"
#include "net/listener.h"

struct connection;
struct loop_io;
struct loop_timer;

struct listener {
	struct listener_options options;
	struct engine *engine;
	int fd; /* -1: drained */
	struct loop_io *io;
	struct loop_timer *accept_again; /* after descriptors ran out */
	uint16_t port;
	struct connection *connections;
	int connection_count;
	int exchange_count;
	int64_t held_bytes;  /* of requests that were handed out */
	int64_t ahead_bytes; /* of requests that were not: heads on their way, and what was sent ahead */
	bool is_draining;
	bool closes_after_answers;
};

/* Must answers carry Connection: close? */
bool listener_closes(const struct listener *listener);
void listener_add(struct listener *listener, struct connection *connection);
void listener_remove(struct listener *listener, struct connection *connection);
/* Tells whoever counts. */
void listener_note_deadline(struct listener *listener, enum listener_deadline deadline);
/* The reason of a refusal with that status, told to whoever counts. */
const char *listener_note_refusal(struct listener *listener, int status, const char *why, const struct address *client);

#endif
