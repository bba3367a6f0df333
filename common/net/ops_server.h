/* SPDX-License-Identifier: Apache-2.0 */
/* net/ops_server.h — a daemon's operations endpoints (over libmicrohttpd on our loop): health, metrics, small JSON, webhooks by TLS. */
#ifndef KRYPTON_NET_OPS_SERVER_H
#define KRYPTON_NET_OPS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/text.h"
#include "net/address.h"

struct loop;
struct metrics;
struct ops_server;
struct ops_request;

struct ops_route {
	const char *pattern;  /* as net/router.h: "GET /readyz" */
	/* Must call ops_reply() once, now or later. */
	void (*handle)(void *arg, struct ops_request *request);
};

struct ops_server_options {
	const char *address;             /* ":8081" */
	const struct ops_route *routes;  /* kept by pointer */
	size_t route_count;
	void *arg;                       /* for the handlers */
	size_t max_body_bytes;           /* of a request; 0: 64 KiB; past it 413 */
	int max_connections;             /* 0: 256 */
	const char *certificate_pem;     /* both or neither: HTTPS; copied */
	const char *key_pem;
};

/* Listening, or NULL with an error naming the address. */
struct ops_server *ops_server_new(struct loop *loop, const struct ops_server_options *options, struct err *err);
void ops_server_free(struct ops_server **server);  /* waiting requests are closed; their handlers' later ops_reply() must not come */
uint16_t ops_server_port(const struct ops_server *server);

/* Valid from handle() until ops_reply(); a request may be held (long poll), bounded by its handler. */
struct text ops_request_query(struct ops_request *request, const char *name);   /* decoded; at == NULL: absent */
struct text ops_request_header(struct ops_request *request, const char *name);  /* at == NULL: absent */
struct text ops_request_parameter(struct ops_request *request, int index);      /* of the route's `{…}` */
struct text ops_request_body(struct ops_request *request);
const struct address *ops_request_peer(struct ops_request *request);
void *ops_request_arg(struct ops_request *request);
/* Ends it. extra: header lines with CRLF, NULL: none. */
void ops_reply(struct ops_request *request, int status, const char *content_type, struct text body);

/* --- what every daemon answers --- */

/* A named condition for /readyz; all must hold. */
struct health;
struct health *health_new(void);
void health_free(struct health **health);
/* name is kept by pointer; detail (copied) says what is missing while not ready: "403: cannot list agents.krypton.ai". */
void health_set(struct health *health, const char *name, bool is_ready, const char *detail);
bool health_is_ready(const struct health *health);
/* Appends "[+]name ok" and "[-]name: detail" lines. */
struct buf;
int health_format(const struct health *health, struct buf *out) must_check;

/* Handlers for routes; each wants the matching pointer in struct ops_common as the server's arg's first member. */
struct ops_common {
	struct health *health;
	struct metrics *metrics;
	struct json_t *configuration;                 /* for /configz; borrowed */
	void (*before_metrics)(void *arg);            /* refresh gauges; NULL: nothing to do */
};
void ops_handle_healthz(void *arg, struct ops_request *request);  /* 200 ok */
void ops_handle_readyz(void *arg, struct ops_request *request);   /* 200 or 503; ?verbose lists */
void ops_handle_metrics(void *arg, struct ops_request *request);
void ops_handle_configz(void *arg, struct ops_request *request);

#endif
