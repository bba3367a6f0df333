/* SPDX-License-Identifier: Apache-2.0 */
/* net/listener.c — accepts clients up to a bound and keeps the list of them. What they say is connection.c's matter. */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/connection.h"
#include "net/exchange_inside.h"
#include "net/listener_inside.h"

#define DEFAULT_HEAD_BYTES      (64 * 1024)
#define DEFAULT_TARGET_BYTES    (16 * 1024)
#define DEFAULT_HELD_BYTES      (64 * 1024 * 1024)
#define DEFAULT_HEAD_TIMEOUT_MS 60000
#define DEFAULT_BODY_TIMEOUT_MS 300000
#define DEFAULT_IDLE_TIMEOUT_MS 75000
#define RESERVED_DESCRIPTORS    256 /* for everything but clients and their upstream connections */
#define ACCEPTS_AT_ONCE         64
#define ACCEPT_AGAIN_MS         100
#define KEEPALIVE_S             60 /* a client that vanished without a word is noticed after three of these */

static int default_max_connections(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > 2000000)
		return 1000000;
	int64_t spare = (int64_t)limit.rlim_cur - RESERVED_DESCRIPTORS;
	return spare < 64 ? 32 : (int)(spare / 2);
}

static void fill_defaults(struct listener_options *options)
{
	if (options->max_head_bytes == 0)
		options->max_head_bytes = DEFAULT_HEAD_BYTES;
	if (options->max_answer_head_bytes == 0)
		options->max_answer_head_bytes = DEFAULT_HEAD_BYTES;
	if (options->max_target_bytes == 0)
		options->max_target_bytes = DEFAULT_TARGET_BYTES;
	if (options->max_held_bytes == 0)
		options->max_held_bytes = DEFAULT_HELD_BYTES;
	if (options->max_connections == 0)
		options->max_connections = default_max_connections();
	if (options->head_timeout_ms == 0)
		options->head_timeout_ms = DEFAULT_HEAD_TIMEOUT_MS;
	if (options->body_timeout_ms == 0)
		options->body_timeout_ms = DEFAULT_BODY_TIMEOUT_MS;
	if (options->idle_timeout_ms == 0)
		options->idle_timeout_ms = DEFAULT_IDLE_TIMEOUT_MS;
}

/* Accepted sockets inherit these, which spares them a call each. */
static void set_socket_options(int fd)
{
	int one = 1, zero = 0, idle_s = KEEPALIVE_S, probes = 3;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* Where the kernel has no IPv6, "all addresses" is 0.0.0.0. */
static int open_socket(struct address *address)
{
	int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 || errno != EAFNOSUPPORT || address->storage.ss_family != AF_INET6)
		return fd;
	const struct sockaddr_in6 *wanted = (const struct sockaddr_in6 *)&address->storage;
	if (!IN6_IS_ADDR_UNSPECIFIED(&wanted->sin6_addr))
		return fd;
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = wanted->sin6_port };
	memset(&address->storage, 0, sizeof(address->storage));
	memcpy(&address->storage, &any, sizeof(any));
	address->len = sizeof(any);
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int listen_on(struct listener *listener, struct err *err)
{
	const char *text = listener->options.address;
	struct address address;
	if (address_parse(text_of(text), &address, err) < 0)
		return -1;
	int fd = open_socket(&address);
	if (fd < 0)
		return err_set(err, ERR_INVALID, "listen on %s: %s", text, strerror(errno));
	set_socket_options(fd);
	struct address bound = { .len = sizeof(bound.storage) };
	if (bind(fd, (const struct sockaddr *)&address.storage, address.len) < 0 || listen(fd, SOMAXCONN) < 0 ||
		getsockname(fd, (struct sockaddr *)&bound.storage, &bound.len) < 0) {
		int failure = errno;
		(void)close(fd);
		return err_set(err, ERR_INVALID, "listen on %s: %s", text, strerror(failure));
	}
	listener->fd = fd;
	listener->port = address_port(&bound);
	return 0;
}

static void update_accepting(struct listener *listener)
{
	bool accepts = listener->connection_count < listener->options.max_connections && !loop_timer_is_set(listener->accept_again);
	if (listener->io != NULL)
		loop_io_set(listener->io, accepts ? LOOP_READ : 0);
}

static void on_accept_again(void *arg)
{
	update_accepting(arg);
}

/* At the bound the client that has been quiet for longest has to go. The list has the newest first. */
static void close_one_idle(struct listener *listener)
{
	struct connection *oldest = NULL;
	for (struct connection *each = listener->connections; each != NULL; each = each->next)
		if (each->state == CONNECTION_IDLE && !each->proceeds && (oldest == NULL || each->since_ms <= oldest->since_ms))
			oldest = each;
	if (oldest != NULL)
		connection_close(oldest);
}

static void on_acceptable(void *arg, int events)
{
	struct listener *listener = arg;
	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE && listener->connection_count < listener->options.max_connections; i++) {
		struct address client = { .len = sizeof(client.storage) };
		int fd = accept4(listener->fd, (struct sockaddr *)&client.storage, &client.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			connection_start(listener, fd, &client);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			loop_timer_set(listener->accept_again, ACCEPT_AGAIN_MS);
		if (errno != ECONNABORTED && errno != EINTR)
			break;
	}
	if (listener->connection_count >= listener->options.max_connections) {
		close_one_idle(listener);
		if (listener->options.on_full != NULL)
			listener->options.on_full(listener->options.arg);
	}
	update_accepting(listener);
}

struct listener *listener_new(struct loop *loop, const struct listener_options *options, struct err *err)
{
	struct listener *listener = mem_alloc(sizeof(*listener));
	listener->options = *options;
	listener->fd = -1;
	fill_defaults(&listener->options);
	if (listen_on(listener, err) < 0) {
		mem_release(listener);
		return NULL;
	}
	listener->engine = engine_get(loop);
	listener->accept_again = loop_timer_new(loop, on_accept_again, listener);
	listener->io = loop_io_new(loop, listener->fd, on_acceptable, listener);
	loop_io_set(listener->io, LOOP_READ);
	return listener;
}

static void stop_accepting(struct listener *listener)
{
	loop_timer_cancel(listener->accept_again);
	loop_io_free(&listener->io);
	if (listener->fd != -1)
		(void)close(listener->fd);
	listener->fd = -1;
}

void listener_free(struct listener **listener)
{
	struct listener *freed = *listener;
	*listener = NULL;
	if (freed == NULL)
		return;
	stop_accepting(freed);
	freed->is_draining = true;
	while (freed->connections != NULL) {
		struct connection *connection = freed->connections;
		if (connection->exchange != NULL)
			exchange_finish(connection->exchange, EXCHANGE_STOPPED, CONNECTION_RESET);
		else
			connection_close(connection);
	}
	loop_timer_free(&freed->accept_again);
	engine_release(&freed->engine);
	mem_release(freed);
}

void listener_drain(struct listener *listener)
{
	stop_accepting(listener);
	listener->is_draining = true;
	struct connection *next = NULL;
	for (struct connection *each = listener->connections; each != NULL; each = next) {
		next = each->next;
		/* A request may be on its way in already: that one is answered. */
		if (each->state == CONNECTION_IDLE && !each->proceeds && stream_is_quiet(&each->stream))
			connection_close(each);
	}
}

void listener_abort(struct listener *listener)
{
	for (struct connection *each = listener->connections; each != NULL; each = each->next)
		if (each->exchange != NULL)
			exchange_abort(each->exchange);
}

void listener_close_after_answers(struct listener *listener, bool closes)
{
	listener->closes_after_answers = closes;
}

bool listener_closes(const struct listener *listener)
{
	return listener->is_draining || listener->closes_after_answers;
}

void listener_add(struct listener *listener, struct connection *connection)
{
	connection->next = listener->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	listener->connections = connection;
	listener->connection_count++;
}

void listener_remove(struct listener *listener, struct connection *connection)
{
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		listener->connections = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	connection->next = NULL;
	connection->previous = NULL;
	listener->connection_count--;
	update_accepting(listener);
}

void listener_note_deadline(struct listener *listener, enum listener_deadline deadline)
{
	if (listener->options.on_deadline != NULL)
		listener->options.on_deadline(listener->options.arg, deadline);
}

static const char *refusal_reason(int status)
{
	switch (status) {
	case 408: return "RequestTimeout";
	case 413: return "BodyTooLarge";
	case 414: return "TargetTooLong";
	case 431: return "HeadTooLarge";
	case 501: return "NotImplemented";
	case 503: return "HeldBytesExceeded";
	case 505: return "VersionNotSupported";
	default: return "BadRequest";
	}
}

const char *listener_note_refusal(struct listener *listener, int status, const char *why, const struct address *client)
{
	struct listener_refusal refusal = { .status = status, .reason = refusal_reason(status), .why = why, .client = client };
	if (listener->options.on_refused != NULL)
		listener->options.on_refused(listener->options.arg, &refusal);
	return refusal.reason;
}

const char *listener_deadline_name(enum listener_deadline deadline)
{
	switch (deadline) {
	case LISTENER_REQUEST_HEAD: return "request_head";
	case LISTENER_REQUEST_BODY: return "request_body";
	case LISTENER_CONNECT: return "connect";
	case LISTENER_FIRST_BYTE: return "first_byte";
	case LISTENER_STREAM_IDLE: return "stream_idle";
	case LISTENER_KEEP_ALIVE: return "keep_alive";
	}
	return "unknown";
}

int listener_exchanges(const struct listener *listener)
{
	return listener->exchange_count;
}

int listener_connections(const struct listener *listener)
{
	return listener->connection_count;
}

int64_t listener_held_bytes(const struct listener *listener)
{
	return listener->held_bytes;
}

uint16_t listener_port(const struct listener *listener)
{
	return listener->port;
}
