/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for net/ops_pair and net/ops_server: a daemon's own paths on its health port, answered at once or later. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "krypton/ports.h"
#include "net/h1_head.h"
#include "net/ops_pair.h"
#include "net/uri.h"
#include "test/explore/process.h"
#include "test/explore/wire.h"

#define HEAD_MAX_BYTES 8192

struct ops_server {
	struct server server;
	struct ops_pair_options options;
	struct ops_request *requests;
};

struct ops_request {
	struct ops_server *ops;
	struct wire *wire; /* NULL: who asked has left */
	char *bytes;
	struct h1_head *head;
	struct address peer;
	struct ops_request *next;
};

static struct h1_head scratch;

static void release(struct ops_request *request)
{
	for (struct ops_request **at = &request->ops->requests; *at != NULL; at = &(*at)->next) {
		if (*at == request) {
			*at = request->next;
			break;
		}
	}
	mem_release(request->bytes);
	mem_release(request->head);
	mem_release(request);
}

/* The real server does not notice either: the handler answers in time. */
static void on_gone(void *arg)
{
	struct ops_request *request = arg;

	request->wire = NULL;
}

static void on_request(void *arg, struct wire *wire, struct text bytes)
{
	struct ops_server *ops = arg;
	struct ops_request *request = mem_alloc(sizeof(*request));
	struct err err = { 0 };
	const char *why;
	size_t size;
	int status;
	char pattern[128];

	request->ops = ops;
	request->next = ops->requests;
	ops->requests = request;
	request->bytes = mem_copy_bytes(bytes.at, bytes.len);
	BUG_ON(h1_head_parse_request(text_of(request->bytes), HEAD_MAX_BYTES, HEAD_MAX_BYTES, &scratch, &status, &why) != H1_DONE);
	size = offsetof(struct h1_head, headers) + scratch.header_count * sizeof(struct h1_header);
	request->head = mem_alloc(size);
	memcpy(request->head, &scratch, size);
	BUG_ON(address_of_ip(text_of(wire_peer_ip(wire)), 40000, &request->peer, &err) < 0);
	request->wire = wire;
	wire_serve(wire, request, on_gone);
	(void)snprintf(pattern, sizeof(pattern), "%.*s %.*s", TEXT_ARGS(request->head->method), TEXT_ARGS(request->head->path));
	for (size_t i = 0; i < ops->options.route_count; i++) {
		if (strcmp(ops->options.routes[i].pattern, pattern) == 0) {
			ops->options.routes[i].handle(ops->options.arg, request);
			return;
		}
	}
	BUG_ON("a path that nobody serves");
}

int ops_pair_open(struct ops_pair *pair, struct loop *loop, const struct ops_pair_options *options, struct err *err)
{
	struct ops_server *ops = mem_alloc(sizeof(*ops));

	(void)err;
	ops->options = *options;
	ops->server = (struct server){ .loop = loop, .port = PORT_GATEWAY_OPS, .arg = ops, .on_request = on_request };
	(void)snprintf(ops->server.ip, sizeof(ops->server.ip), "%s", loop->ip);
	server_start(&ops->server);
	pair->health = ops;
	return 0;
}

void ops_pair_close(struct ops_pair *pair)
{
	if (pair->health == NULL)
		return;
	server_stop(&pair->health->server);
	while (pair->health->requests != NULL) {
		if (pair->health->requests->wire != NULL)
			wire_break(pair->health->requests->wire);
		release(pair->health->requests);
	}
	mem_release(pair->health);
	pair->health = NULL;
}

struct text ops_request_query(struct ops_request *request, const char *name)
{
	return uri_query_get(request->head->query, name);
}

struct text ops_request_header(struct ops_request *request, const char *name)
{
	return h1_head_get(request->head, name);
}

const struct address *ops_request_peer(struct ops_request *request)
{
	return &request->peer;
}

void ops_reply(struct ops_request *request, int status, const char *content_type, struct text body)
{
	char head[64];
	char *text = mem_copy_bytes(body.at, body.len);

	(void)content_type;
	(void)snprintf(head, sizeof(head), "HTTP/1.1 %d Ops\r\n\r\n", status);
	if (request->wire != NULL) {
		wire_answer(request->wire, head, text);
		wire_finish(request->wire);
	}
	mem_release(text);
	release(request);
}

void ops_reply_problem(struct ops_request *request, int status, const struct problem *problem)
{
	ops_reply(request, status, "application/json", text_of(problem->error));
}
