/* SPDX-License-Identifier: Apache-2.0 */
/* One small request to a numeric address and its whole answer, over a connection of its own: probes, hellos, loads, drains. Not
   for anything that streams or is large, and without libcurl, so that krypton-proxy stays small. */
#include "net/call.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/h1_body.h"

#define TIMEOUT_DEFAULT_MS 10000
#define REQUEST_HEAD_BYTES (16 * 1024)
#define ANSWER_HEAD_BYTES  (32 * 1024)
#define BODY_DEFAULT_BYTES (64 * 1024)
#define READ_BYTES         (16 * 1024)
#define TARGET_SHOWN       160 /* characters of a target in an error */

/* STARTING: has failed already, says so from the loop. ENDING: in on_done. */
enum call_state { CALL_STARTING, CALL_CONNECTING, CALL_TALKING, CALL_ENDING };

/* Owns itself until on_done or call_cancel(). */
struct call {
	struct loop *loop;
	enum call_state state;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer; /* to connect, then for the whole */
	int64_t due_ms;           /* of the whole, monotonic */
	int64_t timeout_ms;
	char *label; /* "GET 10.0.0.1:8888/readyz": begins every error */
	char *method;
	struct buf request;
	struct buf head_bytes; /* the answer's head, and nothing is moved in it once head is set */
	bool has_head;
	struct h1_head head;
	struct h1_body body;
	struct buf payload;
	struct err err;
	void *arg;
	void (*on_done)(void *arg, const struct call_answer *answer);
};

static const char *reason_of(int error, char out[128])
{
	(void)snprintf(out, 128, "%s", strerror(error));
	out[0] = (char)tolower((unsigned char)out[0]);
	return out;
}

static void call_close(struct call *call)
{
	loop_timer_free(&call->timer);
	loop_io_free(&call->io);
	if (call->fd != -1)
		(void)close(call->fd);
	call->fd = -1;
}

static void call_release(struct call *call)
{
	call_close(call);
	buf_fini(&call->request);
	buf_fini(&call->head_bytes);
	buf_fini(&call->payload);
	mem_release(call->label);
	mem_release(call->method);
	mem_release(call);
}

/* call->err says whether the answer is whole. The call is gone behind this. */
static void call_end(struct call *call)
{
	bool is_whole = call->err.code == ERR_NONE;
	struct call_answer answer = {
		.status = is_whole ? call->head.status : 0,
		.head = is_whole ? &call->head : NULL,
		.body = is_whole ? buf_text(&call->payload) : (struct text){ 0 },
		.err = is_whole ? NULL : &call->err,
		.was_connected = call->state == CALL_TALKING,
	};

	call_close(call);
	call->state = CALL_ENDING;
	call->on_done(call->arg, &answer);
	call_release(call);
}

static void call_fail(struct call *call, enum err_code code, const char *why)
{
	(void)err_set(&call->err, code, "%s: %s", call->label, why);
	call_end(call);
}

/* --- the answer; these return false where the call has ended --- */

static bool take_payload(struct call *call, struct text bytes)
{
	while (bytes.len > 0 && !call->body.done) {
		struct text payload;
		int64_t taken = h1_body_next(&call->body, bytes, &payload);

		if (taken < 0) {
			call_fail(call, ERR_RETRY, "the answer's chunks are malformed");
			return false;
		}
		if (buf_append_text(&call->payload, payload) < 0) {
			call_fail(call, ERR_LIMIT, "the answer is longer than its cap");
			return false;
		}
		bytes = (struct text){ bytes.at + taken, bytes.len - (size_t)taken };
	}
	if (!call->body.done)
		return true;
	call_end(call);
	return false;
}

static bool take_head(struct call *call)
{
	enum h1_result result;
	const char *why = NULL;

	/* Answers of 100 to 199 come before the one that counts. */
	while ((result = h1_head_parse_answer(buf_text(&call->head_bytes), ANSWER_HEAD_BYTES, &call->head, &why)) == H1_DONE) {
		if (call->head.status >= 200 || call->head.status == 101)
			break;
		buf_consume(&call->head_bytes, call->head.bytes);
	}
	if (result == H1_MORE)
		return true;
	if (result == H1_BAD || call->head.status == 101) {
		call_fail(call, ERR_RETRY, result == H1_BAD ? why : "the answer is an upgrade that nobody asked for");
		return false;
	}
	struct text rest = buf_text(&call->head_bytes);

	rest = (struct text){ rest.at + call->head.bytes, rest.len - call->head.bytes };
	call->has_head = true;
	h1_body_of_answer(&call->body, &call->head, text_of(call->method));
	return take_payload(call, rest);
}

static bool take_bytes(struct call *call, struct text bytes)
{
	if (call->has_head)
		return take_payload(call, bytes);
	if (buf_append_text(&call->head_bytes, bytes) < 0) {
		call_fail(call, ERR_LIMIT, "the answer's head is longer than its cap");
		return false;
	}
	return take_head(call);
}

static void take_close(struct call *call)
{
	if (!call->has_head)
		call_fail(call, ERR_RETRY, "the connection was closed before an answer");
	else if (!h1_body_ends_at_close(&call->body))
		call_fail(call, ERR_RETRY, "the connection was closed within the answer");
	else
		call_end(call);
}

/* --- the socket --- */

static void call_receive(struct call *call)
{
	char bytes[READ_BYTES];
	ssize_t got = recv(call->fd, bytes, sizeof(bytes), 0);
	char reason[128];

	if (got > 0)
		(void)take_bytes(call, (struct text){ bytes, (size_t)got });
	else if (got == 0)
		take_close(call);
	else if (errno != EAGAIN && errno != EINTR)
		call_fail(call, ERR_RETRY, reason_of(errno, reason));
}

static void call_transmit(struct call *call)
{
	struct text left = buf_text(&call->request);
	ssize_t sent = send(call->fd, left.at, left.len, MSG_NOSIGNAL);

	if (sent > 0)
		buf_consume(&call->request, (size_t)sent);
	else if (sent == -1 && errno != EAGAIN && errno != EINTR)
		buf_clear(&call->request); /* an answer may be there all the same; if not, reading says what happened */
	loop_io_set(call->io, buf_len(&call->request) > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void call_connected(struct call *call)
{
	int error = 0;
	socklen_t len = sizeof(error);
	char reason[128];

	if (getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		call_fail(call, ERR_RETRY, reason_of(error, reason));
		return;
	}
	call->state = CALL_TALKING;
	loop_timer_set(call->timer, call->due_ms - loop_now_ms(call->loop));
	call_transmit(call);
}

static void on_ready(void *arg, int events)
{
	struct call *call = arg;

	if (call->state == CALL_CONNECTING) {
		call_connected(call);
		return;
	}
	if (events & LOOP_WRITE)
		call_transmit(call);
	if (events & LOOP_READ)
		call_receive(call);
}

static void on_due(void *arg)
{
	struct call *call = arg;
	char why[64];

	if (call->state == CALL_STARTING) {
		call_end(call);
	} else if (call->state == CALL_CONNECTING) {
		call_fail(call, ERR_TIMEOUT, "no connection in time");
	} else {
		(void)snprintf(why, sizeof(why), "no whole answer within %lld ms", (long long)call->timeout_ms);
		call_fail(call, ERR_TIMEOUT, why);
	}
}

static int open_socket(struct call *call, const struct address *address)
{
	int one = 1;
	char reason[128];

	call->fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (call->fd == -1)
		return err_set(&call->err, ERR_RETRY, "%s: %s", call->label, reason_of(errno, reason));
	(void)setsockopt(call->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(call->fd, (const struct sockaddr *)&address->storage, address->len) == -1 && errno != EINPROGRESS)
		return err_set(&call->err, ERR_RETRY, "%s: %s", call->label, reason_of(errno, reason));
	return 0;
}

static int compose(struct call *call, const struct call_options *options)
{
	bool has_length = options->body.len > 0 || strcmp(options->method, "POST") == 0;

	buf_init(&call->request, REQUEST_HEAD_BYTES + options->body.len);
	if (buf_format(&call->request, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", options->method, options->target,
		    options->host) < 0 ||
		(has_length && buf_format(&call->request, "Content-Length: %zu\r\n", options->body.len) < 0) ||
		(options->extra != NULL && buf_append_terminated(&call->request, options->extra) < 0) ||
		buf_append_terminated(&call->request, "\r\n") < 0 || buf_append_text(&call->request, options->body) < 0)
		return err_set(&call->err, ERR_LIMIT, "%s: the request is longer than its cap", call->label);
	return 0;
}

static void set_label(struct call *call, const struct call_options *options)
{
	char address[ADDRESS_TEXT_BYTES], label[ADDRESS_TEXT_BYTES + TARGET_SHOWN + 32];
	bool is_long = strlen(options->target) > TARGET_SHOWN;

	address_format(&options->address, address);
	(void)snprintf(label, sizeof(label), "%.16s %s%.*s%s", options->method, address, TARGET_SHOWN, options->target,
		is_long ? "..." : "");
	call->label = mem_copy_text(label);
}

struct call *call_start(struct loop *loop, const struct call_options *options)
{
	struct call *call = mem_alloc(sizeof(*call));
	int64_t connect_ms = options->connect_timeout_ms;

	call->loop = loop;
	call->fd = -1;
	call->arg = options->arg;
	call->on_done = options->on_done;
	call->method = mem_copy_text(options->method);
	call->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
	call->due_ms = loop_now_ms(loop) + call->timeout_ms;
	call->timer = loop_timer_new(loop, on_due, call);
	buf_init(&call->head_bytes, ANSWER_HEAD_BYTES + READ_BYTES);
	buf_init(&call->payload, options->max_body_bytes > 0 ? options->max_body_bytes : BODY_DEFAULT_BYTES);
	set_label(call, options);
	if (compose(call, options) < 0 || open_socket(call, &options->address) < 0) {
		loop_timer_set(call->timer, 0);
		return call;
	}
	call->state = CALL_CONNECTING;
	call->io = loop_io_new(loop, call->fd, on_ready, call);
	loop_io_set(call->io, LOOP_WRITE);
	loop_timer_set(call->timer, connect_ms > 0 && connect_ms < call->timeout_ms ? connect_ms : call->timeout_ms);
	return call;
}

void call_cancel(struct call **call)
{
	struct call *ending = *call;

	*call = NULL;
	if (ending != NULL && ending->state != CALL_ENDING)
		call_release(ending);
}
