/* SPDX-License-Identifier: Apache-2.0 */
/* net/ops_server.h — a daemon's operations endpoints (over libmicrohttpd on our loop): health, metrics, small JSON, webhooks by
   TLS. A request that finds no row gets a JSON problem with 404 or 405; HEAD is served by GET rows. */
#ifndef KRYPTON_NET_OPS_SERVER_H
#define KRYPTON_NET_OPS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/text.h"
#include "net/address.h"
#include "net/health.h"
#include "net/ops_answers.h"
#include "net/problem.h"

struct loop;
struct ops_server;
struct ops_request;

struct ops_route {
	const char *pattern; /* as net/router.h: "GET /readyz" */
	/* Must call ops_reply() once, now or later. */
	void (*handle)(void *arg, struct ops_request *request);
};

struct ops_server_options {
	const char *address;            /* ":8081" */
	const struct ops_route *routes; /* kept by pointer */
	size_t route_count;
	void *arg;                   /* for the handlers */
	size_t max_body_bytes;       /* of a request; 0: 64 KiB; past it 413 */
	int max_connections;         /* 0: 256 */
	const char *certificate_pem; /* both or neither: HTTPS; copied */
	const char *key_pem;
};

/* Listening, or NULL with an error naming the address. */
struct ops_server *ops_server_new(struct loop *loop, const struct ops_server_options *options, struct err *err);
/* Waiting requests are closed; their handlers' later ops_reply() must not come. Not from a handler. */
void ops_server_free(struct ops_server **server);
/* Only of a server by HTTPS. Handshakes from now on get this one; connections that are there go on. -1: unusable, the old one
   stays. */
int ops_server_set_certificate(
	struct ops_server *server, const char *certificate_pem, const char *key_pem, struct err *err) must_check;
uint16_t ops_server_port(const struct ops_server *server);

/* Valid from handle() until ops_reply(); a request may be held (long poll), bounded in time by its
   handler: while it is held nobody notices that its client left. */
struct text ops_request_query(struct ops_request *request, const char *name);  /* decoded; at == NULL: absent */
struct text ops_request_header(struct ops_request *request, const char *name); /* at == NULL: absent */
struct text ops_request_parameter(struct ops_request *request, int index);     /* of the route's `{…}` */
struct text ops_request_body(struct ops_request *request);
const struct address *ops_request_peer(struct ops_request *request);
void *ops_request_arg(struct ops_request *request);
/* Ends it, and the request with it. content_type and body are copied. */
void ops_reply(struct ops_request *request, int status, const char *content_type, struct text body);
/* The same with a JSON problem as its body. */
void ops_reply_problem(struct ops_request *request, int status, const struct problem *problem);

#endif
