/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h — one request and its answer between two processes: dial, delay, order, and what may break. */
#ifndef KRYPTON_EXPLORE_WIRE_H
#define KRYPTON_EXPLORE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "net/address.h"

struct loop;
struct wire;

enum wire_failure { WIRE_UNREACHABLE, WIRE_UNSENT, WIRE_BROKEN };

/* Who asks. Called as callbacks of its process; nothing comes behind a failure or an end. */
struct wire_reader {
	void (*on_answer)(void *arg, struct text head, struct text body);
	void (*on_end)(void *arg, bool is_whole);
	void (*on_failure)(void *arg, enum wire_failure failure); /* before the answer's head */
};

/* Who is asked. */
struct server {
	struct loop *loop; /* NULL: no process of ours */
	char ip[ADDRESS_TEXT_BYTES];
	uint16_t port;
	void *arg;
	void (*on_request)(void *arg, struct wire *wire, struct text request);
	struct server *next;
};

void server_start(struct server *server);
struct server *server_find(const char *ip, uint16_t port); /* NULL: nobody listens there */
void server_stop(struct server *server);                   /* what comes is refused */

/* from NULL: a client outside. connect_timeout_ms: of a dial that nobody answers. */
struct wire *wire_open(struct loop *from, const char *ip, uint16_t port, int64_t connect_timeout_ms, const char *request,
	const struct wire_reader *reader, void *arg);
/* The same for the kubelet's hook, on its own node: nothing breaks it but the peer. */
struct wire *wire_open_well(
	struct loop *from, const char *ip, uint16_t port, const char *request, const struct wire_reader *reader, void *arg);
void wire_close(struct wire **wire); /* by who asks: no more callbacks; the other end learns of it later */

/* By who is asked, from on_request on. */
void wire_serve(struct wire *wire, void *served, void (*on_gone)(void *served));
const char *wire_peer_ip(const struct wire *wire);
void wire_answer(struct wire *wire, const char *head, const char *body);
void wire_finish(struct wire *wire); /* all of the answer is sent; the wire is no more */
void wire_break(struct wire *wire);  /* it ends without that */

/* The Service in front of the gateways: who stands behind it now. NULL: nobody. */
void wire_set_service(const char *ip, struct server *(*pick)(uint16_t port));

#endif
