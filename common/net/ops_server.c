/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon's operations endpoints: small requests, small answers, from probes, scrapers, other daemons and the API server
   (webhooks). Not for agents' traffic. libmicrohttpd without threads: our loop watches its epoll descriptor and keeps its timer. */
#include "net/ops_server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <microhttpd.h>

#include "base/arena.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/listen_socket.h"
#include "net/pem_file.h"
#include "net/router.h"
#include "net/tls_pair.h"
#include "net/uri.h"

#define BODY_DEFAULT_BYTES    (64 * 1024)
#define DISCARD_MAX_BYTES     (1024 * 1024) /* read and dropped behind a body that is too long, so that the 413 gets through */
#define CONNECTIONS_DEFAULT   256
#define CONNECTION_BYTES      (32 * 1024) /* bounds the head */
#define IDLE_TIMEOUT_S        30          /* of a connection in either direction; held requests do not count */
#define DECODED_QUERIES_BYTES (64 * 1024)
#define PROBLEM_MAX_BYTES     4096

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* READING the body · HANDLING: in its handler · HELD: its handler will answer later · ANSWERED: the response waits to be queued ·
   QUEUED: with libmicrohttpd. */
enum request_state { REQUEST_READING, REQUEST_HANDLING, REQUEST_HELD, REQUEST_ANSWERED, REQUEST_QUEUED };

/* Owned by its connection: from the request line to the end of the answer. */
struct ops_request {
	LIST_ENTRY(ops_request) link;
	struct ops_server *server;
	struct MHD_Connection *connection;
	enum request_state state;
	struct text path, query; /* raw, in line */
	char *line;
	struct router_match match;
	struct buf body;
	size_t discarded;
	bool has_head;
	bool is_too_long;
	struct address peer;
	struct arena *arena; /* decoded query values; NULL: none was asked for */
	int status;
	struct MHD_Response *response;
};

/* Owned by whoever made it. */
struct ops_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	int listening;
	uint16_t port;
	struct loop_io *io;
	struct loop_timer *timer;
	const struct ops_route *routes;
	const char **patterns;
	size_t route_count;
	void *arg;
	size_t max_body_bytes;
	char *certificate_pem, *key_pem;
	LIST_HEAD(, ops_request) requests;
	bool is_running; /* libmicrohttpd is on the stack */
	bool must_run_again;
	unsigned int connections; /* after the last run */
};

/* Whose MHD_run() is on the stack: GnuTLS gives its callback nothing of ours. */
static struct ops_server *running;

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

/* --- answers --- */

static void set_response(struct ops_request *request, int status, const char *content_type, struct text body)
{
	union {
		const char *borrowed;
		void *at; /* libmicrohttpd copies it */
	} bytes = { .borrowed = body.len > 0 ? body.at : "" };

	request->status = status;
	request->response = MHD_create_response_from_buffer(body.len, bytes.at, MHD_RESPMEM_MUST_COPY);
	BUG_ON(request->response == NULL);
	(void)MHD_add_response_header(request->response, "Content-Type", content_type);
}

static enum MHD_Result queue_response(struct ops_request *request)
{
	enum MHD_Result result = MHD_queue_response(request->connection, (unsigned int)request->status, request->response);

	request->state = REQUEST_QUEUED;
	MHD_destroy_response(request->response);
	request->response = NULL;
	return result;
}

static void refuse_method(struct ops_request *request, const char *method)
{
	struct ops_server *server = request->server;
	char allowed[64] = "", sentence[128];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct router_match match;

		if (router_find(server->patterns, server->route_count, text_of(methods[i]), request->path, &match) == ROUTER_FOUND)
			len += (size_t)snprintf(allowed + len, sizeof(allowed) - len, len > 0 ? ", %s" : "%s", methods[i]);
	}
	(void)snprintf(sentence, sizeof(sentence), "%.32s is not allowed here; %s is", method, allowed);
	ops_reply_problem(request, 405, &(struct problem){ .error = sentence });
	(void)MHD_add_response_header(request->response, "Allow", allowed);
}

static void dispatch(struct ops_request *request, const char *method)
{
	struct ops_server *server = request->server;

	request->state = REQUEST_HANDLING;
	if (request->is_too_long) {
		char sentence[96];

		(void)snprintf(sentence, sizeof(sentence), "the request's body is longer than %zu bytes", server->max_body_bytes);
		ops_reply_problem(request, 413, &(struct problem){ .error = sentence });
		return;
	}
	switch (router_find(server->patterns, server->route_count, text_of(method), request->path, &request->match)) {
	case ROUTER_FOUND: server->routes[request->match.row].handle(server->arg, request); return;
	case ROUTER_NO_PATH: ops_reply_problem(request, 404, &(struct problem){ .error = "no such path" }); return;
	case ROUTER_NO_METHOD: refuse_method(request, method); return;
	}
}

/* --- libmicrohttpd's callbacks --- */

/* -1: so much too long that the connection ends. */
static int take_body(struct ops_request *request, struct text bytes)
{
	if (!request->is_too_long && buf_append_text(&request->body, bytes) == 0)
		return 0;
	request->is_too_long = true;
	request->discarded += bytes.len;
	return request->discarded <= DISCARD_MAX_BYTES ? 0 : -1;
}

static void take_peer(struct ops_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info == NULL || info->client_addr == NULL)
		return;
	request->peer.len = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	memcpy(&request->peer.storage, info->client_addr, request->peer.len);
}

/* The request line is here. What is returned comes back as the request's own pointer, until on_completed. */
static void *on_line(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct ops_server *server = arg;
	struct ops_request *request = mem_alloc(sizeof(*request));

	request->server = server;
	request->connection = connection;
	request->line = mem_copy_text(uri);
	request->query = text_of(request->line);
	request->path = text_cut(&request->query, '?');
	buf_init(&request->body, server->max_body_bytes);
	take_peer(request);
	LIST_INSERT_HEAD(&server->requests, request, link);
	return request;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **of_request, enum MHD_RequestTerminationCode why)
{
	struct ops_request *request = *of_request;

	(void)arg;
	(void)connection;
	(void)why;
	if (request == NULL)
		return;
	*of_request = NULL;
	LIST_REMOVE(request, link);
	if (request->response != NULL)
		MHD_destroy_response(request->response);
	buf_fini(&request->body);
	arena_free(&request->arena);
	mem_release(request->line);
	mem_release(request);
}

/* Its announced length is past what we would read and drop: answered before the body. */
static bool is_hopeless(struct ops_request *request)
{
	struct text length = ops_request_header(request, "Content-Length");
	int64_t bytes;

	if (length.at == NULL || text_to_int(length, 0, INT64_MAX, &bytes) < 0)
		return false;
	return (uint64_t)bytes > request->server->max_body_bytes + DISCARD_MAX_BYTES;
}

/* Called when the head is here, for each part of the body, at its end, and again after a resume. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *bytes, size_t *len, void **of_request)
{
	struct ops_request *request = *of_request;

	(void)arg;
	(void)url;
	(void)version;
	if (!request->has_head) {
		request->has_head = true;
		request->is_too_long = is_hopeless(request);
		if (!request->is_too_long)
			return MHD_YES;
	}
	if (*len > 0) {
		struct text part = { bytes, *len };

		*len = 0;
		return take_body(request, part) == 0 ? MHD_YES : MHD_NO;
	}
	if (request->state == REQUEST_READING)
		dispatch(request, method);
	if (request->state == REQUEST_ANSWERED)
		return queue_response(request);
	request->state = REQUEST_HELD;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

/* --- with the loop --- */

/* At its limit libmicrohttpd does not watch the listening socket, and takes that up again only in the run after one in which a
   connection went: nothing else would call that one. */
static bool has_fewer_connections(struct ops_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	unsigned int before = server->connections;

	BUG_ON(info == NULL);
	server->connections = info->num_connections;
	return server->connections < before;
}

static void server_run(struct ops_server *server)
{
	MHD_UNSIGNED_LONG_LONG due_ms;

	server->is_running = true;
	server->must_run_again = false;
	running = server;
	BUG_ON(MHD_run(server->daemon) != MHD_YES);
	running = NULL;
	server->is_running = false;
	if (server->must_run_again || has_fewer_connections(server))
		loop_timer_set(server->timer, 0);
	else if (MHD_get_timeout(server->daemon, &due_ms) == MHD_YES)
		loop_timer_set(server->timer, (int64_t)due_ms);
	else
		loop_timer_cancel(server->timer);
}

static void on_ready(void *arg, int events)
{
	(void)events;
	server_run(arg);
}

static void on_due(void *arg)
{
	server_run(arg);
}

/* --- life --- */

/* A handshake asks for the certificate: so the next one sees what ops_server_set_certificate() gave. */
static int on_handshake(gnutls_session_t session, const struct gnutls_cert_retr_st *wanted, gnutls_pcert_st **ret_chain,
	unsigned int *ret_length, gnutls_ocsp_data_st **ret_ocsp, unsigned int *ret_ocsp_length, gnutls_privkey_t *ret_key,
	unsigned int *ret_flags)
{
	(void)session;
	(void)wanted;
	if (running == NULL)
		return -1;
	*ret_ocsp = NULL;
	*ret_ocsp_length = 0;
	*ret_flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return tls_pair_take(running->certificate_pem, running->key_pem, ret_chain, ret_length, ret_key);
}

static struct MHD_Daemon *daemon_new(struct ops_server *server, int max_connections)
{
	bool has_tls = server->certificate_pem != NULL;
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (has_tls ? MHD_USE_TLS : 0);
	union {
		const char *borrowed;
		void *at;
	} priorities = { .borrowed = TLS_PRIORITIES };
	struct MHD_OptionItem tls[] = {
		{ has_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, priorities.at },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, server->port, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, server->listening,
		MHD_OPTION_URI_LOG_CALLBACK, on_line, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT_S, MHD_OPTION_ARRAY, tls,
		has_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END, on_handshake, MHD_OPTION_END);
}

static void take_routes(struct ops_server *server, const struct ops_server_options *options)
{
	server->routes = options->routes;
	server->route_count = options->route_count;
	server->patterns = mem_alloc_array(options->route_count, sizeof(*server->patterns));
	for (size_t i = 0; i < options->route_count; i++)
		server->patterns[i] = options->routes[i].pattern;
}

static int server_start(struct ops_server *server, const struct ops_server_options *options, struct err *err)
{
	const union MHD_DaemonInfo *info;

	if ((options->certificate_pem == NULL) != (options->key_pem == NULL))
		return err_set(err, ERR_INVALID, "HTTPS needs a certificate and its key");
	if (options->certificate_pem != NULL && pem_check_pair(options->certificate_pem, options->key_pem, err) < 0)
		return -1;
	server->listening = listen_socket_open(options->address, err);
	if (server->listening == -1)
		return -1;
	server->port = listen_socket_port(server->listening);
	server->daemon = daemon_new(server, options->max_connections > 0 ? options->max_connections : CONNECTIONS_DEFAULT);
	if (server->daemon == NULL)
		return err_set(err, ERR_RETRY, "the server does not start");
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	BUG_ON(info == NULL);
	server->timer = loop_timer_new(server->loop, on_due, server);
	server->io = loop_io_new(server->loop, info->epoll_fd, on_ready, server);
	loop_io_set(server->io, LOOP_READ);
	return 0;
}

struct ops_server *ops_server_new(struct loop *loop, const struct ops_server_options *options, struct err *err)
{
	scoped(ops_server) server = mem_alloc(sizeof(*server));
	struct ops_server *ready;

	server->loop = loop;
	server->listening = -1;
	server->arg = options->arg;
	server->max_body_bytes = options->max_body_bytes > 0 ? options->max_body_bytes : BODY_DEFAULT_BYTES;
	server->certificate_pem = mem_copy_text(options->certificate_pem);
	server->key_pem = mem_copy_text(options->key_pem);
	LIST_INIT(&server->requests);
	take_routes(server, options);
	if (server_start(server, options, err) < 0) {
		(void)err_wrap(err, "listen on %s", options->address);
		return NULL;
	}
	ready = server;
	server = NULL;
	return ready;
}

void ops_server_free(struct ops_server **server)
{
	struct ops_server *ending = *server;
	struct ops_request *request;

	*server = NULL;
	if (ending == NULL)
		return;
	BUG_ON(ending->is_running);
	loop_io_free(&ending->io);
	loop_timer_free(&ending->timer);
	if (ending->daemon != NULL) {
		/* libmicrohttpd takes none that is still suspended to its end. */
		for (request = LIST_FIRST(&ending->requests); request != NULL; request = LIST_NEXT(request, link)) {
			if (request->state == REQUEST_HELD)
				MHD_resume_connection(request->connection);
		}
		MHD_stop_daemon(ending->daemon); /* closes the listening socket as well */
	} else if (ending->listening != -1) {
		(void)close(ending->listening);
	}
	mem_release(ending->patterns);
	mem_release(ending->certificate_pem);
	mem_release(ending->key_pem);
	mem_release(ending);
}

int ops_server_set_certificate(struct ops_server *server, const char *certificate_pem, const char *key_pem, struct err *err)
{
	BUG_ON(server->certificate_pem == NULL);
	if (pem_check_pair(certificate_pem, key_pem, err) < 0)
		return -1;
	mem_release(server->certificate_pem);
	mem_release(server->key_pem);
	server->certificate_pem = mem_copy_text(certificate_pem);
	server->key_pem = mem_copy_text(key_pem);
	return 0;
}

uint16_t ops_server_port(const struct ops_server *server)
{
	return server->port;
}

struct text ops_request_query(struct ops_request *request, const char *name)
{
	struct text raw = uri_query_get(request->query, name);
	char *decoded;
	int len;

	if (raw.at == NULL)
		return raw;
	if (request->arena == NULL)
		request->arena = arena_new(DECODED_QUERIES_BYTES);
	if (arena_left(request->arena) < raw.len + 64)
		return (struct text){ NULL, 0 };
	decoded = arena_take(request->arena, raw.len + 1);
	len = uri_decode(raw, true, decoded, raw.len + 1);
	return len == -1 ? (struct text){ NULL, 0 } : (struct text){ decoded, (size_t)len };
}

struct text ops_request_header(struct ops_request *request, const char *name)
{
	struct text value = { NULL, 0 };

	(void)MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name), &value.at, &value.len);
	return value;
}

struct text ops_request_parameter(struct ops_request *request, int index)
{
	BUG_ON(index < 0 || index >= request->match.parameter_count);
	return request->match.parameters[index];
}

struct text ops_request_body(struct ops_request *request)
{
	return buf_text(&request->body);
}

const struct address *ops_request_peer(struct ops_request *request)
{
	return &request->peer;
}

void *ops_request_arg(struct ops_request *request)
{
	return request->server->arg;
}

void ops_reply(struct ops_request *request, int status, const char *content_type, struct text body)
{
	struct ops_server *server = request->server;
	bool was_held = request->state == REQUEST_HELD;

	BUG_ON(request->state != REQUEST_HANDLING && !was_held);
	set_response(request, status, content_type, body);
	request->state = REQUEST_ANSWERED;
	if (!was_held)
		return; /* on_request queues it */
	MHD_resume_connection(request->connection);
	if (server->is_running)
		server->must_run_again = true;
	else
		loop_timer_set(server->timer, 0);
}

void ops_reply_problem(struct ops_request *request, int status, const struct problem *problem)
{
	scoped_buf out;

	buf_init(&out, PROBLEM_MAX_BYTES);
	if (problem_format(problem, &out) < 0)
		buf_clear(&out);
	ops_reply(request, status, "application/json", buf_text(&out));
}
