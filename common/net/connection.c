/* SPDX-License-Identifier: Apache-2.0 */
/* net/connection.c — a client's connection between and around its exchanges: reads heads, refuses bad ones, keeps what was sent
   ahead, and closes so that a client still sending gets its answer. What happens to a request is the exchange's matter. */
#include "net/connection.h"

#include <string.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/exchange_inside.h"
#include "net/h1_write.h"
#include "net/listener_inside.h"
#include "net/problem.h"

#define DRAIN_BYTES    (256 * 1024) /* of a request body that nobody wants */
#define LONGEST_METHOD 40           /* with the spaces and empty lines before a target */
#define LINGER_MS      5000         /* for a client to notice our end */

static const struct text no_text = { NULL, 0 };

static void connection_enter(struct connection *connection, enum connection_state next)
{
	static const unsigned allowed[] = {
		[CONNECTION_IDLE] =
			1U << CONNECTION_HEAD | 1U << CONNECTION_BUSY | 1U << CONNECTION_LINGERING | 1U << CONNECTION_CLOSED,
		[CONNECTION_HEAD] = 1U << CONNECTION_BUSY | 1U << CONNECTION_LINGERING | 1U << CONNECTION_CLOSED,
		[CONNECTION_BUSY] =
			1U << CONNECTION_IDLE | 1U << CONNECTION_DRAINING | 1U << CONNECTION_LINGERING | 1U << CONNECTION_CLOSED,
		[CONNECTION_DRAINING] = 1U << CONNECTION_IDLE | 1U << CONNECTION_LINGERING | 1U << CONNECTION_CLOSED,
		[CONNECTION_LINGERING] = 1U << CONNECTION_CLOSED,
		[CONNECTION_CLOSED] = 0,
	};
	BUG_ON((allowed[connection->state] & 1U << next) == 0);
	connection->state = next;
	connection->since_ms = engine_now_ms(connection->listener->engine);
}

static void wait_for(struct connection *connection, int64_t wait_ms)
{
	deadline_set(&connection->deadline, connection->since_ms + wait_ms);
}

/* What is kept of requests that are not handed out counts for all connections together. */
static void count_ahead(struct connection *connection)
{
	size_t now = buf_len(&connection->in);
	connection->listener->ahead_bytes += (int64_t)now - (int64_t)connection->ahead_counted;
	connection->ahead_counted = now;
}

static bool has_ahead_room(const struct listener *listener)
{
	return listener->ahead_bytes < listener->options.max_held_bytes;
}

void connection_forget_ahead(struct connection *connection)
{
	buf_fini(&connection->in);
	count_ahead(connection);
}

static void release_memory(void *connection)
{
	mem_release(connection);
}

static void leave(struct connection *connection, bool resets)
{
	struct listener *listener = connection->listener;
	if (connection->state == CONNECTION_CLOSED)
		return;
	BUG_ON(connection->exchange != NULL);
	connection_enter(connection, CONNECTION_CLOSED);
	deadline_cancel(&connection->deadline);
	if (resets)
		stream_reset(&connection->stream);
	else
		stream_close(&connection->stream);
	connection_forget_ahead(connection);
	loop_defer(listener->engine->loop, release_memory, connection);
	listener_remove(listener, connection);
}

void connection_close(struct connection *connection)
{
	leave(connection, false);
}

static void linger(struct connection *connection)
{
	connection_enter(connection, CONNECTION_LINGERING);
	connection_forget_ahead(connection);
	if (!stream_is_full(&connection->stream))
		stream_shut_write(&connection->stream);
	stream_watch_read(&connection->stream, true);
	wait_for(connection, LINGER_MS);
}

/* Answers without a handler and closes: what follows on the connection cannot be trusted, or is not wanted. */
static void refuse(struct connection *connection, struct text method, int status, const char *why, struct text extra)
{
	struct engine *engine = connection->listener->engine;
	scoped_buf body;
	buf_init(&body, REFUSAL_MAX_BYTES);
	const char *reason = listener_note_refusal(connection->listener, status, why, &connection->client);
	if (problem_format(&(struct problem){ .error = why, .reason = reason }, &body) < 0)
		BUG_ON("our own sentences are short");
	const struct h1_own_answer own = { .status = status,
		.content_type = "application/json",
		.date = engine_date(engine),
		.extra = extra,
		.body_len = (int64_t)buf_len(&body),
		.closes = true };
	struct text sent = text_is(method, "HEAD") ? no_text : buf_text(&body);
	buf_clear(&engine->scratch);
	if (h1_write_own_answer(&own, &engine->scratch) < 0 ||
		stream_send_two(&connection->stream, buf_text(&engine->scratch), sent, NULL) < 0) {
		connection_close(connection);
		return;
	}
	linger(connection);
}

static bool is_body_too_large(const struct connection *connection, const struct h1_head *head)
{
	int64_t max = connection->listener->options.max_body_bytes;
	return max > 0 && (head->content_length > max || connection->body.payload > max);
}

/* A whole head stands at the start of bytes, which are connection->in's where is_kept. */
static void start_exchange(struct connection *connection, const struct h1_head *head, struct text bytes, bool is_kept)
{
	struct listener *listener = connection->listener;
	struct text rest = { bytes.at + head->bytes, bytes.len - head->bytes };
	h1_body_of_request(&connection->body, head);
	int64_t body_bytes = h1_body_take(&connection->body, rest);
	if (body_bytes < 0) {
		refuse(connection, head->method, 400, "malformed chunk in the request body", no_text);
		return;
	}
	if (is_body_too_large(connection, head)) {
		refuse(connection, head->method, 413, "the request body is too large", no_text);
		return;
	}
	if (body_bytes > 0 && listener->held_bytes >= listener->options.max_held_bytes) {
		refuse(connection, head->method, 503, "too many requests are held here", TEXT("Retry-After: 1\r\n"));
		return;
	}
	connection_enter(connection, CONNECTION_BUSY);
	connection->exchange = exchange_new(connection, head, (struct text){ bytes.at, head->bytes });
	exchange_start(connection->exchange, (struct text){ rest.at, (size_t)body_bytes });
	if (is_kept)
		buf_consume(&connection->in, head->bytes + (size_t)body_bytes);
	else if (connection_keep_bytes(connection, (struct text){ rest.at + body_bytes, rest.len - (size_t)body_bytes }) < 0)
		BUG_ON("the cap is larger than a read");
	if (buf_len(&connection->in) == 0)
		buf_fini(&connection->in);
	count_ahead(connection);
	struct exchange *exchange = connection->exchange;
	listener->options.on_request(listener->options.arg, exchange);
	exchange_update(exchange);
}

static void keep_head(struct connection *connection, struct text bytes, bool is_kept)
{
	connection->parsed_bytes = bytes.len;
	if (!is_kept && connection_keep_bytes(connection, bytes) < 0) {
		connection_close(connection);
		return;
	}
	if (connection->state == CONNECTION_HEAD || bytes.len == 0)
		return;
	connection_enter(connection, CONNECTION_HEAD);
	wait_for(connection, connection->listener->options.head_timeout_ms);
}

static void take_head(struct connection *connection, struct text bytes, bool is_kept)
{
	const struct listener_options *options = &connection->listener->options;
	struct h1_head head;
	int status = 0;
	const char *why = NULL;
	switch (h1_head_parse_request(bytes, options->max_head_bytes, options->max_target_bytes, &head, &status, &why)) {
	case H1_DONE: start_exchange(connection, &head, bytes, is_kept); break;
	case H1_MORE: keep_head(connection, bytes, is_kept); break;
	case H1_BAD: refuse(connection, head.method, status, why, no_text); break;
	}
}

/* The parser starts anew each time: at every line end, where a cap is reached, and where the part has doubled, so that a trickle
   costs little. */
static bool is_worth_parsing(const struct connection *connection, struct text fresh)
{
	const struct listener_options *options = &connection->listener->options;
	size_t before = connection->parsed_bytes, now = buf_len(&connection->in),
	       target = options->max_target_bytes + LONGEST_METHOD;
	return now >= 2 * before || (before <= target && now > target) || now >= options->max_head_bytes ||
		memchr(fresh.at, '\n', fresh.len) != NULL;
}

static void read_head(struct connection *connection, struct text fresh)
{
	if (buf_len(&connection->in) == 0) {
		take_head(connection, fresh, false);
	} else if (connection_keep_bytes(connection, fresh) < 0) {
		connection_close(connection);
	} else if (is_worth_parsing(connection, fresh)) {
		take_head(connection, buf_text(&connection->in), true);
	}
	if (connection->state == CONNECTION_HEAD && !has_ahead_room(connection->listener))
		refuse(connection, no_text, 503, "too many request heads are on their way", TEXT("Retry-After: 1\r\n"));
}

/* Requests sent ahead. Deferred, so that a long row of them does not grow the stack. */
static void proceed(void *arg)
{
	struct connection *connection = arg;
	connection->proceeds = false;
	if (connection->state == CONNECTION_IDLE && buf_len(&connection->in) > 0)
		take_head(connection, buf_text(&connection->in), true);
}

static void next_request(struct connection *connection)
{
	struct listener *listener = connection->listener;
	if (listener->is_draining) {
		linger(connection);
		return;
	}
	connection_enter(connection, CONNECTION_IDLE);
	wait_for(connection, listener->options.idle_timeout_ms);
	stream_watch_read(&connection->stream, true);
	if (buf_len(&connection->in) == 0 || connection->proceeds)
		return;
	connection->proceeds = true;
	loop_defer(listener->engine->loop, proceed, connection);
}

static void drain_body(struct connection *connection, struct text fresh)
{
	int64_t taken = h1_body_take(&connection->body, fresh);
	connection->drained_bytes += (int64_t)fresh.len;
	if (taken < 0 || (!connection->body.done && connection->drained_bytes > DRAIN_BYTES)) {
		linger(connection);
		return;
	}
	if (!connection->body.done)
		return;
	struct text ahead = { fresh.at + taken, fresh.len - (size_t)taken };
	if (connection_keep_bytes(connection, ahead) < 0)
		connection_close(connection);
	else
		next_request(connection);
}

static void on_readable(struct connection *connection)
{
	struct text fresh;
	ssize_t got = stream_receive(&connection->stream, ENGINE_READ_BYTES, &fresh);
	if (got == STREAM_NOTHING)
		return;
	if (got == STREAM_END || got == STREAM_BROKEN) {
		connection_close(connection);
		return;
	}
	switch (connection->state) {
	case CONNECTION_IDLE:
	case CONNECTION_HEAD: read_head(connection, fresh); break;
	case CONNECTION_DRAINING: drain_body(connection, fresh); break;
	case CONNECTION_BUSY:
	case CONNECTION_LINGERING:
	case CONNECTION_CLOSED: break;
	}
}

static void on_writable(struct connection *connection)
{
	if (stream_flush(&connection->stream) < 0)
		connection_close(connection);
	else if (connection->state == CONNECTION_LINGERING && !stream_is_full(&connection->stream))
		stream_shut_write(&connection->stream);
}

static void on_ready(void *arg, int events)
{
	struct connection *connection = arg;
	if (connection->state == CONNECTION_BUSY) {
		exchange_on_client(connection->exchange, events);
		return;
	}
	if ((events & LOOP_WRITE) != 0 && stream_is_full(&connection->stream))
		on_writable(connection);
	if ((events & LOOP_READ) != 0 && connection->state != CONNECTION_CLOSED)
		on_readable(connection);
}

static void on_due(void *arg)
{
	struct connection *connection = arg;
	const struct listener_options *options = &connection->listener->options;
	int64_t limit_ms = LINGER_MS;
	if (connection->state == CONNECTION_BUSY)
		return;
	if (connection->state == CONNECTION_IDLE)
		limit_ms = options->idle_timeout_ms;
	if (connection->state == CONNECTION_HEAD)
		limit_ms = options->head_timeout_ms;
	if (engine_now_ms(connection->listener->engine) < connection->since_ms + limit_ms) {
		wait_for(connection, limit_ms);
	} else if (connection->state == CONNECTION_HEAD) {
		listener_note_deadline(connection->listener, LISTENER_REQUEST_HEAD);
		refuse(connection, no_text, 408, "the request head did not come in time", no_text);
	} else if (connection->state == CONNECTION_DRAINING) {
		linger(connection);
	} else {
		if (connection->state == CONNECTION_IDLE)
			listener_note_deadline(connection->listener, LISTENER_KEEP_ALIVE);
		connection_close(connection);
	}
}

void connection_start(struct listener *listener, int fd, const struct address *client)
{
	struct connection *connection = mem_alloc(sizeof(*connection));
	connection->listener = listener;
	connection->client = *client;
	connection->state = CONNECTION_IDLE;
	connection->body.done = true;
	connection->since_ms = engine_now_ms(listener->engine);
	buf_init(&connection->in, listener->options.max_head_bytes + ENGINE_READ_BYTES);
	stream_open(&connection->stream, listener->engine, fd, on_ready, connection);
	stream_watch_read(&connection->stream, true);
	deadline_init(&connection->deadline, listener->engine->sweep, on_due, connection);
	wait_for(connection, listener->options.idle_timeout_ms);
	listener_add(listener, connection);
}

void connection_release(struct connection *connection, enum connection_fate fate)
{
	connection->exchange = NULL;
	switch (fate) {
	case CONNECTION_DROP:
	case CONNECTION_RESET: leave(connection, fate == CONNECTION_RESET); break;
	case CONNECTION_CLOSE: linger(connection); break;
	case CONNECTION_KEEP:
		if (connection->body.done) {
			next_request(connection);
			break;
		}
		connection_enter(connection, CONNECTION_DRAINING);
		connection->drained_bytes = 0;
		stream_watch_read(&connection->stream, true);
		wait_for(connection, LINGER_MS);
		break;
	}
}

int connection_keep_bytes(struct connection *connection, struct text bytes)
{
	int result = buf_append_text(&connection->in, bytes);
	count_ahead(connection);
	return result;
}

bool connection_has_room(const struct connection *connection)
{
	return buf_len(&connection->in) < connection->listener->options.max_head_bytes && has_ahead_room(connection->listener);
}
