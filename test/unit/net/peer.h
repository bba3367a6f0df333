/* SPDX-License-Identifier: Apache-2.0 */
/* test/unit/net/peer.h — a scripted HTTP peer on loopback, in a thread of its own: it takes one connection after the other, reads
   a request's head and body, then does what its script says. Steps that wait make tests wait on facts. */
#ifndef KRYPTON_TEST_PEER_H
#define KRYPTON_TEST_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a script is made of, ended by PEER_END: then the thread ends too. */
enum peer_step_kind {
	PEER_END,
	PEER_ACCEPT,       /* the next connection */
	PEER_REQUEST,      /* read one whole request on it, into peer->seen */
	PEER_SEND,         /* send text */
	PEER_CLOSE,        /* close it */
	PEER_RESET,        /* close it with a RST */
	PEER_AWAIT_SIGNAL, /* until the test calls peer_signal() */
	PEER_AWAIT_CLOSED, /* until the other side closed: counted in peer->closed */
};

struct peer_step {
	enum peer_step_kind kind;
	const char *text;
};

struct peer {
	int listening, connection;
	uint16_t port;
	pthread_t thread;
	sem_t signals;
	const struct peer_step *script;
	int accepted, closed; /* read after peer_end() */
	char seen[65536];     /* all requests, one behind the other */
	size_t seen_len;
	bool has_failed;
};

static bool peer_read_some(struct peer *peer)
{
	ssize_t got = recv(peer->connection, peer->seen + peer->seen_len, sizeof(peer->seen) - 1 - peer->seen_len, 0);

	if (got <= 0)
		return false;
	peer->seen_len += (size_t)got;
	peer->seen[peer->seen_len] = '\0';
	return true;
}

static bool peer_read_request(struct peer *peer)
{
	size_t start = peer->seen_len, body = 0;
	const char *end, *length;

	peer->seen[start] = '\0';
	while ((end = strstr(peer->seen + start, "\r\n\r\n")) == NULL) {
		if (!peer_read_some(peer))
			return false;
	}
	length = strcasestr(peer->seen + start, "\r\nContent-Length:");
	if (length != NULL && length < end)
		body = strtoul(length + 17, NULL, 10);
	while (peer->seen_len < (size_t)(end + 4 - peer->seen) + body) {
		if (!peer_read_some(peer))
			return false;
	}
	return true;
}

static bool peer_send_all(struct peer *peer, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t sent = send(peer->connection, text, left, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		text += sent;
		left -= (size_t)sent;
	}
	return true;
}

static bool peer_await_closed(struct peer *peer)
{
	char byte;

	while (recv(peer->connection, &byte, 1, 0) > 0)
		;
	peer->closed++;
	return true;
}

static void peer_close(struct peer *peer, bool with_reset)
{
	struct linger linger = { .l_onoff = 1 };

	if (peer->connection == -1)
		return;
	if (with_reset)
		(void)setsockopt(peer->connection, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	(void)close(peer->connection);
	peer->connection = -1;
}

static bool peer_do(struct peer *peer, const struct peer_step *step)
{
	switch (step->kind) {
	case PEER_ACCEPT:
		peer_close(peer, false);
		peer->connection = accept(peer->listening, NULL, NULL);
		peer->accepted += peer->connection != -1;
		return peer->connection != -1;
	case PEER_REQUEST: return peer_read_request(peer);
	case PEER_SEND: return peer_send_all(peer, step->text);
	case PEER_CLOSE: peer_close(peer, false); return true;
	case PEER_RESET: peer_close(peer, true); return true;
	case PEER_AWAIT_SIGNAL:
		while (sem_wait(&peer->signals) == -1 && errno == EINTR)
			;
		return true;
	case PEER_AWAIT_CLOSED: return peer_await_closed(peer);
	case PEER_END: break;
	}
	return false;
}

static void *peer_run(void *arg)
{
	struct peer *peer = arg;

	for (const struct peer_step *step = peer->script; step->kind != PEER_END; step++) {
		if (!peer_do(peer, step)) {
			peer->has_failed = true;
			break;
		}
	}
	peer_close(peer, false);
	return NULL;
}

/* Listening on 127.0.0.1:peer->port; ends the process where that fails. */
static inline struct peer *peer_start(const struct peer_step *script)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 20 };
	socklen_t len = sizeof(name);

	if (peer == NULL)
		abort();
	peer->script = script;
	peer->connection = -1;
	peer->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(peer->listening, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)); /* a lost test ends */
	if (bind(peer->listening, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(peer->listening, 16) != 0 ||
		getsockname(peer->listening, (struct sockaddr *)&name, &len) != 0 || sem_init(&peer->signals, 0, 0) != 0)
		abort();
	peer->port = ntohs(name.sin_port);
	if (pthread_create(&peer->thread, NULL, peer_run, peer) != 0)
		abort();
	return peer;
}

static inline void peer_signal(struct peer *peer)
{
	(void)sem_post(&peer->signals);
}

/* Waits for the script's end; peer->seen, ->accepted and ->closed may be looked at behind it. */
static inline void peer_join(struct peer *peer)
{
	(void)pthread_join(peer->thread, NULL);
}

static inline void peer_free(struct peer *peer)
{
	(void)close(peer->listening);
	(void)sem_destroy(&peer->signals);
	free(peer);
}

/* A port of loopback that nobody listens on; *ret_fd holds it. */
static inline uint16_t peer_closed_port(int *ret_fd)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(name);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(*ret_fd, (struct sockaddr *)&name, sizeof(name)) != 0 || getsockname(*ret_fd, (struct sockaddr *)&name, &len) != 0)
		abort();
	return ntohs(name.sin_port);
}

#endif
