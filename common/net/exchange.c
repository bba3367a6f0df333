/* SPDX-License-Identifier: Apache-2.0 */
/* net/exchange.c — the life of an exchange: its states, what a handler may ask and do, its deadlines and its end. How bytes go
   on is in exchange_request.c, exchange_answer.c, exchange_events.c and tunnel.c. */
#include "net/exchange.h"

#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/exchange_inside.h"
#include "net/h1_write.h"
#include "net/problem.h"

#define HANDLER_ARENA_BYTES    65536
#define CLIENT_CHECK_MS        1000         /* a client that is not read is asked after this often */
#define FLUSH_SILENCE_MS       (5 * 60000)  /* a client that takes nothing of what is left to send */
#define HALF_CLOSED_SILENCE_MS (10 * 60000) /* a tunnel that one side has closed */
#define WORTH_DRAINING_BYTES   (256 * 1024) /* of a request's body: more, and the connection closes */

static const char *const state_names[] = {
#define X(name) [EXCHANGE_##name] = #name,
	EXCHANGE_STATES(X)
#undef X
};

#define TO(name) (1U << EXCHANGE_##name)

static const unsigned allowed[] = {
	[EXCHANGE_HELD] = TO(DIALING) | TO(WAITING) | TO(FAILING) | TO(FLUSHING) | TO(ENDING) | TO(ENDED),
	[EXCHANGE_DIALING] = TO(WAITING) | TO(FAILING) | TO(FLUSHING) | TO(ENDING) | TO(ENDED),
	[EXCHANGE_WAITING] =
		TO(HELD) | TO(DIALING) | TO(FAILING) | TO(ANSWERING) | TO(TUNNEL) | TO(FLUSHING) | TO(ENDING) | TO(ENDED),
	[EXCHANGE_FAILING] = TO(HELD) | TO(FLUSHING) | TO(ENDING) | TO(ENDED),
	[EXCHANGE_ANSWERING] = TO(FLUSHING) | TO(ENDING) | TO(ENDED),
	[EXCHANGE_TUNNEL] = TO(ENDING) | TO(ENDED),
	[EXCHANGE_FLUSHING] = TO(ENDING) | TO(ENDED),
	[EXCHANGE_ENDING] = TO(ENDED),
	[EXCHANGE_ENDED] = 0,
};

void exchange_enter(struct exchange *exchange, enum exchange_state next, const char *why)
{
	BUG_ON((allowed[exchange->state] & 1U << next) == 0);
	if (log_is_on(LOG_LEVEL_DEBUG))
		log_debug("exchange.state_changed", LOG_STR("from", state_names[exchange->state]), LOG_STR("to", state_names[next]),
			LOG_STR("why", why));
	exchange->state = next;
}

int64_t exchange_now_ms(const struct exchange *exchange)
{
	return engine_now_ms(exchange->engine);
}

static bool is_over(const struct exchange *exchange)
{
	return exchange->state == EXCHANGE_ENDING || exchange->state == EXCHANGE_ENDED;
}

/* --- birth --- */

static struct text moved(struct text text, struct text from, const char *to)
{
	if (text.at >= from.at && text.at <= from.at + from.len)
		text.at = to + (text.at - from.at);
	return text;
}

/* "http://host?query" has no path; whoever forwards it expects one, right before its query. */
static bool lacks_path(const struct h1_head *head)
{
	return head->query.at != NULL && head->path.at + head->path.len + 1 != head->query.at;
}

static void give_path(struct h1_head *head, char *room)
{
	memcpy(room, "/?", 2);
	memcpy(room + 2, head->query.at, head->query.len);
	head->path = (struct text){ room, 1 };
	head->query.at = room + 2;
}

/* One block: the head, cut behind its last header, and the bytes that its texts lie in. */
static struct h1_head *keep_head(const struct h1_head *head, struct text bytes)
{
	size_t struct_bytes = offsetof(struct h1_head, headers) + head->header_count * sizeof(head->headers[0]);
	size_t path_bytes = lacks_path(head) ? 2 + head->query.len : 0;
	char *block = mem_resize(NULL, struct_bytes + bytes.len + path_bytes);
	char *kept_bytes = block + struct_bytes;
	struct h1_head *kept = (struct h1_head *)(void *)block;
	memcpy(block, head, struct_bytes);
	memcpy(kept_bytes, bytes.at, bytes.len);
	kept->method = moved(kept->method, bytes, kept_bytes);
	kept->target = moved(kept->target, bytes, kept_bytes);
	kept->path = moved(kept->path, bytes, kept_bytes);
	kept->query = moved(kept->query, bytes, kept_bytes);
	kept->authority = moved(kept->authority, bytes, kept_bytes);
	kept->upgrade = moved(kept->upgrade, bytes, kept_bytes);
	if (path_bytes > 0)
		give_path(kept, kept_bytes + bytes.len);
	for (size_t i = 0; i < kept->header_count; i++) {
		kept->headers[i].name = moved(kept->headers[i].name, bytes, kept_bytes);
		kept->headers[i].value = moved(kept->headers[i].value, bytes, kept_bytes);
	}
	return kept;
}

/* The method, and path and query, which lie side by side. */
void exchange_shorten_head(struct exchange *exchange)
{
	const struct h1_head *head = exchange->head;
	size_t struct_bytes = offsetof(struct h1_head, headers);
	size_t path_bytes = head->path.len + (head->query.at == NULL ? 0 : 1 + head->query.len);
	char *block = mem_resize(NULL, struct_bytes + head->method.len + path_bytes);
	char *method = block + struct_bytes, *path = method + head->method.len;
	struct h1_head *kept = (struct h1_head *)(void *)block;
	memcpy(block, head, struct_bytes);
	memcpy(method, head->method.at, head->method.len);
	memcpy(path, head->path.at, path_bytes);
	kept->method.at = method;
	kept->path.at = path;
	kept->query.at = head->query.at == NULL ? NULL : path + head->path.len + 1;
	kept->target = kept->authority = kept->upgrade = (struct text){ NULL, 0 };
	kept->header_count = 0;
	mem_release(exchange->head);
	exchange->head = kept;
}

static void on_due(void *arg);

struct exchange *exchange_new(struct connection *connection, const struct h1_head *head, struct text head_bytes)
{
	struct exchange *exchange = mem_alloc(sizeof(*exchange));
	struct listener *listener = connection->listener;
	exchange->connection = connection;
	exchange->listener = listener;
	exchange->engine = listener->engine;
	exchange->state = EXCHANGE_HELD;
	exchange->head = keep_head(head, head_bytes);
	exchange->started_ms = exchange_now_ms(exchange);
	exchange->last_ms = exchange->started_ms;
	deadline_init(&exchange->deadline, listener->engine->sweep, on_due, exchange);
	buf_init(&exchange->request_head, listener->engine->scratch.cap);
	buf_init(&exchange->held, connection->in.cap + EXCHANGE_HELD_BYTES);
	buf_init(&exchange->answer_in, listener->options.max_answer_head_bytes + ENGINE_READ_BYTES);
	listener->exchange_count++;
	return exchange;
}

void exchange_start(struct exchange *exchange, struct text body)
{
	exchange->request_bytes = (int64_t)body.len;
	exchange_hold(exchange, body);
}

/* --- the end --- */

static void release_memory(void *arg)
{
	struct exchange *exchange = arg;
	mem_release(exchange->head);
	arena_free(&exchange->arena);
	mem_release(exchange->detail);
	mem_release(exchange);
}

void exchange_finish(struct exchange *exchange, enum exchange_close close, enum connection_fate fate)
{
	struct listener *listener = exchange->listener;
	struct connection *connection = exchange->connection;
	exchange_detach(exchange, false);
	exchange_release_held(exchange);
	exchange_enter(exchange, EXCHANGE_ENDED, exchange_close_name(close));
	deadline_cancel(&exchange->deadline);
	struct exchange_end end = {
		.close = close,
		.status = exchange->status,
		.started_ms = exchange->started_ms,
		.first_byte_ms = exchange->first_byte_ms,
		.ended_ms = exchange_now_ms(exchange),
		.request_bytes = exchange->request_bytes,
		.answer_bytes = exchange->answer_bytes,
		.was_tunnel = exchange->was_tunnel,
	};
	listener->exchange_count--;
	loop_defer(exchange->engine->loop, release_memory, exchange);
	listener->options.on_end(listener->options.arg, exchange, &end);
	connection_release(connection, fate);
}

static void finish_deferred(void *arg)
{
	struct exchange *exchange = arg;
	if (exchange->state == EXCHANGE_ENDING)
		exchange_finish(exchange, exchange->close, exchange->fate);
}

/* For ends that a handler brings about: on_end never comes from within its own call. */
void exchange_finish_later(struct exchange *exchange, enum exchange_close close, enum connection_fate fate)
{
	exchange->close = close;
	exchange->fate = fate;
	exchange_detach(exchange, false);
	exchange_enter(exchange, EXCHANGE_ENDING, exchange_close_name(close));
	stream_watch_read(&exchange->connection->stream, false);
	loop_defer(exchange->engine->loop, finish_deferred, exchange);
}

void exchange_flush_or_finish(struct exchange *exchange, enum exchange_close close, enum connection_fate fate)
{
	if (!stream_is_full(&exchange->connection->stream)) {
		exchange_finish(exchange, close, fate);
		return;
	}
	exchange_detach(exchange, false);
	exchange->close = close;
	exchange->fate = fate;
	exchange_enter(exchange, EXCHANGE_FLUSHING, exchange_close_name(close));
	exchange_update(exchange);
}

void exchange_client_left(struct exchange *exchange)
{
	exchange_finish(exchange, EXCHANGE_CLIENT_LEFT, CONNECTION_DROP);
}

/* --- answers of our own --- */

static bool is_worth_draining(const struct connection *connection)
{
	return connection->body.done || connection->body.kind != H1_BODY_LENGTH || connection->body.left <= WORTH_DRAINING_BYTES;
}

/* After a final answer without 100 Continue the client may send its body or not: nobody could tell it from a request. */
static bool is_body_in_doubt(const struct exchange *exchange)
{
	return exchange->head->expects_continue && !exchange->has_passed_continue && !exchange->connection->body.done &&
		exchange->request_bytes == 0;
}

bool exchange_must_close(const struct exchange *exchange)
{
	return !exchange->head->keep_alive || listener_closes(exchange->listener) || is_body_in_doubt(exchange) ||
		!is_worth_draining(exchange->connection);
}

static bool has_no_body(const struct exchange *exchange, int status)
{
	return text_is(exchange->head->method, "HEAD") || status == 204 || status == 304;
}

/* -1: the client is gone. */
static int send_own_answer(struct exchange *exchange, int status, const char *content_type, struct text extra, struct text body)
{
	struct buf *head = &exchange->engine->scratch;
	int64_t length = status == 204 || status == 304 ? -1 : (int64_t)body.len;
	struct text sent = has_no_body(exchange, status) ? (struct text){ NULL, 0 } : body;
	buf_clear(head);
	exchange->status = status;
	exchange->first_byte_ms = exchange_now_ms(exchange);
	exchange->last_ms = exchange->first_byte_ms;
	exchange->answer_bytes = (int64_t)sent.len;
	if (exchange->has_events)
		return exchange_send_error_event(exchange, body);
	const struct h1_own_answer own = { .status = status,
		.content_type = content_type,
		.date = engine_date(exchange->engine),
		.extra = extra,
		.body_len = length,
		.closes = exchange->closes };
	if (h1_write_own_answer(&own, head) < 0)
		return -1;
	return stream_send_two(&exchange->connection->stream, buf_text(head), sent, NULL);
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type, struct text extra, struct text body)
{
	if (exchange_has_begun(exchange) || is_over(exchange))
		return;
	exchange_detach(exchange, false);
	exchange->closes = exchange->head->version_minor == 0 || exchange_must_close(exchange);
	exchange->drops_body = true;
	if (send_own_answer(exchange, status, content_type, extra, body) < 0) {
		exchange_finish_later(exchange, EXCHANGE_CLIENT_LEFT, CONNECTION_DROP);
		return;
	}
	exchange_release_held(exchange);
	enum connection_fate fate = exchange->closes ? CONNECTION_CLOSE : CONNECTION_KEEP;
	if (stream_is_full(&exchange->connection->stream))
		exchange_flush_or_finish(exchange, EXCHANGE_COMPLETE, fate);
	else
		exchange_finish_later(exchange, EXCHANGE_COMPLETE, fate);
}

void exchange_refuse_body(struct exchange *exchange, int status, const char *why)
{
	scoped_buf body;
	buf_init(&body, REFUSAL_MAX_BYTES);
	if (exchange_has_begun(exchange)) {
		exchange_finish(exchange, EXCHANGE_CLIENT_BROKE, CONNECTION_RESET);
		return;
	}
	exchange_detach(exchange, false);
	exchange->closes = true;
	const char *reason = listener_note_refusal(exchange->listener, status, why, exchange_client(exchange));
	if (problem_format(&(struct problem){ .error = why, .reason = reason }, &body) < 0)
		BUG_ON("our own sentences are short");
	if (send_own_answer(exchange, status, "application/json", (struct text){ NULL, 0 }, buf_text(&body)) < 0)
		exchange_client_left(exchange);
	else
		exchange_flush_or_finish(exchange, EXCHANGE_CLIENT_BROKE, CONNECTION_CLOSE);
}

void exchange_abort(struct exchange *exchange)
{
	if (!is_over(exchange))
		exchange_finish_later(exchange, EXCHANGE_STOPPED, CONNECTION_RESET);
}

/* --- the client's side --- */

static void on_client_drained(struct exchange *exchange)
{
	if (exchange->state == EXCHANGE_FLUSHING)
		exchange_finish(exchange, exchange->close, exchange->fate);
	else if (exchange->state == EXCHANGE_TUNNEL)
		tunnel_on_drained(exchange);
	else
		exchange_update(exchange);
}

static void on_client_readable(struct exchange *exchange)
{
	struct text bytes;
	ssize_t got = stream_receive(&exchange->connection->stream, exchange_client_room(exchange), &bytes);
	if (got == STREAM_NOTHING)
		return;
	if (got == STREAM_END || got == STREAM_BROKEN)
		exchange_client_left(exchange);
	else
		exchange_take_client(exchange, bytes);
}

void exchange_on_client(struct exchange *exchange, int events)
{
	struct stream *stream = &exchange->connection->stream;
	if ((events & LOOP_WRITE) != 0 && stream_is_full(stream)) {
		exchange->last_ms = exchange_now_ms(exchange);
		if (stream_flush(stream) < 0)
			exchange_client_left(exchange);
		else if (!stream_is_full(stream))
			on_client_drained(exchange);
	}
	if ((events & LOOP_READ) == 0 || is_over(exchange) || !stream_is_read(stream))
		return;
	if (exchange->state == EXCHANGE_TUNNEL)
		tunnel_on_client(exchange);
	else
		on_client_readable(exchange);
}

/* --- deadlines --- */

/* How long nothing may move; 0: for ever. */
static int64_t silence_ms(const struct exchange *exchange)
{
	int64_t limit_ms = exchange->listener->options.stream_idle_timeout_ms, own_ms = 0;
	if (exchange->state == EXCHANGE_FLUSHING)
		own_ms = FLUSH_SILENCE_MS;
	else if (exchange->state == EXCHANGE_TUNNEL && (exchange->client_ended || exchange->upstream_ended))
		own_ms = HALF_CLOSED_SILENCE_MS;
	else if (exchange->state != EXCHANGE_ANSWERING && exchange->state != EXCHANGE_TUNNEL)
		return 0;
	return own_ms > 0 && (limit_ms == 0 || limit_ms > own_ms) ? own_ms : limit_ms;
}

/* The client owes us more of its body and nothing holds it back. */
static bool is_awaiting_body(const struct exchange *exchange)
{
	if (exchange->state != EXCHANGE_WAITING || exchange->connection->body.done ||
		!stream_is_read(&exchange->connection->stream))
		return false;
	return !exchange->head->expects_continue || exchange->has_passed_continue || exchange->request_bytes > 0;
}

static bool is_awaiting_first_byte(const struct exchange *exchange)
{
	return exchange->first_byte_due_ms > 0 && (exchange->state == EXCHANGE_DIALING || exchange->state == EXCHANGE_WAITING);
}

/* The client is not read, so its end would not be seen. A tunnel may be half-closed. */
static bool is_client_unwatched(const struct exchange *exchange)
{
	return exchange->state != EXCHANGE_TUNNEL && !stream_is_read(&exchange->connection->stream);
}

static void arm(struct exchange *exchange)
{
	int64_t now_ms = exchange_now_ms(exchange), due_ms = INT64_MAX;
	/* Whatever goes on meanwhile does not put it off. */
	if (is_client_unwatched(exchange) && exchange->client_check_ms == 0)
		exchange->client_check_ms = now_ms + CLIENT_CHECK_MS - SWEEP_PERIOD_MS;
	if (exchange->client_check_ms > 0)
		due_ms = exchange->client_check_ms;
	if (is_awaiting_first_byte(exchange) && exchange->first_byte_due_ms < due_ms)
		due_ms = exchange->first_byte_due_ms;
	if (exchange->confirm_due_ms > 0 && exchange->confirm_due_ms < due_ms)
		due_ms = exchange->confirm_due_ms;
	if (is_awaiting_body(exchange) && exchange->last_ms + exchange->listener->options.body_timeout_ms < due_ms)
		due_ms = exchange->last_ms + exchange->listener->options.body_timeout_ms;
	int64_t limit_ms = silence_ms(exchange);
	if (limit_ms > 0 && exchange->last_ms + limit_ms < due_ms)
		due_ms = exchange->last_ms + limit_ms;
	if (due_ms != INT64_MAX)
		deadline_set(&exchange->deadline, due_ms);
}

static void on_due(void *arg)
{
	struct exchange *exchange = arg;
	int64_t now_ms = exchange_now_ms(exchange), limit_ms = silence_ms(exchange);
	if (is_over(exchange))
		return;
	if (exchange->client_check_ms > 0 && now_ms >= exchange->client_check_ms) {
		exchange->client_check_ms = 0;
		if (is_client_unwatched(exchange) && stream_peer_left(&exchange->connection->stream)) {
			exchange_client_left(exchange);
			return;
		}
	}
	if (is_awaiting_first_byte(exchange) && now_ms >= exchange->first_byte_due_ms) {
		char address[ADDRESS_TEXT_BYTES];
		address_format(upstream_address(exchange->upstream), address);
		listener_note_deadline(exchange->listener, LISTENER_FIRST_BYTE);
		exchange_fail(exchange, EXCHANGE_FIRST_BYTE_LATE, "%s did not begin to answer in time", address);
		return;
	}
	if (is_awaiting_body(exchange) && now_ms >= exchange->last_ms + exchange->listener->options.body_timeout_ms) {
		listener_note_deadline(exchange->listener, LISTENER_REQUEST_BODY);
		exchange_refuse_body(exchange, 408, "the request body did not come in time");
		return;
	}
	if (limit_ms > 0 && now_ms >= exchange->last_ms + limit_ms) {
		listener_note_deadline(exchange->listener, LISTENER_STREAM_IDLE);
		exchange_finish(exchange, EXCHANGE_SILENT, CONNECTION_RESET);
		return;
	}
	if (exchange->confirm_due_ms > 0 && now_ms >= exchange->confirm_due_ms)
		exchange_confirmed(exchange);
	exchange_update(exchange);
}

void exchange_update(struct exchange *exchange)
{
	if (is_over(exchange))
		return;
	if (exchange->state == EXCHANGE_TUNNEL) {
		tunnel_update(exchange);
	} else {
		exchange_await_confirmation(exchange);
		stream_watch_read(&exchange->connection->stream, exchange_wants_client(exchange));
		/* Interim answers too may come faster than the client takes them. */
		if (exchange->state == EXCHANGE_ANSWERING || exchange->state == EXCHANGE_WAITING)
			stream_watch_read(channel_stream(exchange->channel), !stream_is_full(&exchange->connection->stream));
	}
	arm(exchange);
}

/* --- what a handler may ask --- */

const struct h1_head *exchange_head(const struct exchange *exchange)
{
	return exchange->head;
}

const struct address *exchange_client(const struct exchange *exchange)
{
	return &exchange->connection->client;
}

struct arena *exchange_arena(struct exchange *exchange)
{
	if (exchange->arena == NULL)
		exchange->arena = arena_new(HANDLER_ARENA_BYTES);
	return exchange->arena;
}

void exchange_set_owner_data(struct exchange *exchange, void *owner_data)
{
	exchange->owner_data = owner_data;
}

void *exchange_owner_data(const struct exchange *exchange)
{
	return exchange->owner_data;
}

bool exchange_can_repeat(const struct exchange *exchange)
{
	return !exchange_has_begun(exchange) && !exchange->has_overflowed;
}

bool exchange_is_safe_to_repeat(const struct exchange *exchange)
{
	static const char *const idempotent[] = { "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE" };
	if (exchange->connection->body.kind != H1_BODY_NONE || exchange->has_received)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(idempotent); i++)
		if (text_is(exchange->head->method, idempotent[i]))
			return true;
	return false;
}

size_t exchange_held_bytes(const struct exchange *exchange)
{
	return buf_len(&exchange->held);
}

bool exchange_has_begun(const struct exchange *exchange)
{
	return exchange->status != 0;
}

void exchange_keep_of_answer(struct exchange *exchange, bool (*keeps)(struct text name))
{
	BUG_ON(!exchange->is_deciding);
	exchange->forward.keeps_answer = keeps;
}

void exchange_add_answer_header(struct exchange *exchange, const char *name, const char *value)
{
	BUG_ON(!exchange->is_deciding || strpbrk(value, "\r\n") != NULL);
	/* Past the cap it is left out: 16 KiB of headers that daemons add is no case but a mistake. */
	(void)!buf_format(&exchange->engine->answer_extra, "%s: %s\r\n", name, value);
}

const char *exchange_close_name(enum exchange_close close)
{
	switch (close) {
	case EXCHANGE_COMPLETE: return "complete";
	case EXCHANGE_CLIENT_LEFT: return "client_left";
	case EXCHANGE_UPSTREAM_BROKE: return "upstream_broke";
	case EXCHANGE_SILENT: return "silent";
	case EXCHANGE_CLIENT_BROKE: return "client_broke";
	case EXCHANGE_STOPPED: return "stopped";
	}
	return "unknown";
}

const char *exchange_failure_name(enum exchange_failure failure)
{
	switch (failure) {
	case EXCHANGE_UNREACHABLE: return "unreachable";
	case EXCHANGE_UNSENT: return "unsent";
	case EXCHANGE_BROKEN: return "broken";
	case EXCHANGE_BAD_ANSWER: return "bad_answer";
	case EXCHANGE_FIRST_BYTE_LATE: return "first_byte_late";
	}
	return "unknown";
}
