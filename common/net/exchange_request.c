/* SPDX-License-Identifier: Apache-2.0 */
/* net/exchange_request.c — the way of a request: held, forwarded, sent as it comes, and what happens when that fails. A byte is
   given away only once unless it is still held. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/exchange_inside.h"
#include "net/h1_headers.h"
#include "net/h1_write.h"

/* --- the held bytes --- */

void exchange_hold(struct exchange *exchange, struct text bytes)
{
	if (buf_append_text(&exchange->held, bytes) < 0)
		BUG_ON("reading stops before the cap");
	exchange->held_counted += (int64_t)bytes.len;
	exchange->listener->held_bytes += (int64_t)bytes.len;
}

void exchange_release_held(struct exchange *exchange)
{
	buf_fini(&exchange->held);
	exchange->listener->held_bytes -= exchange->held_counted;
	exchange->held_counted = 0;
}

/* --- which of the client's bytes are wanted --- */

static bool is_only_held(const struct exchange *exchange)
{
	switch (exchange->state) {
	case EXCHANGE_HELD:
	case EXCHANGE_DIALING:
	case EXCHANGE_FAILING: return true;
	case EXCHANGE_WAITING: return exchange->awaits_confirmation;
	case EXCHANGE_ANSWERING:
	case EXCHANGE_TUNNEL:
	case EXCHANGE_FLUSHING:
	case EXCHANGE_ENDING:
	case EXCHANGE_ENDED: return false;
	}
	return false;
}

/* Room for len bytes more, of this exchange's share and of the listener's. */
static bool has_held_room(const struct exchange *exchange, size_t len)
{
	const struct listener *listener = exchange->listener;
	return !exchange->has_overflowed && buf_len(&exchange->held) + len <= EXCHANGE_HELD_BYTES &&
		listener->held_bytes < listener->options.max_held_bytes;
}

bool exchange_wants_client(const struct exchange *exchange)
{
	if (exchange->connection->body.done)
		return connection_has_room(exchange->connection);
	if (is_only_held(exchange))
		return has_held_room(exchange, 1);
	return exchange->drops_body || exchange->channel == NULL || !stream_is_full(channel_stream(exchange->channel));
}

size_t exchange_client_room(const struct exchange *exchange)
{
	if (exchange->connection->body.done || !is_only_held(exchange))
		return ENGINE_READ_BYTES;
	size_t held = buf_len(&exchange->held);
	return held < EXCHANGE_HELD_BYTES ? EXCHANGE_HELD_BYTES - held : 1;
}

static void send_on(struct exchange *exchange, struct text bytes)
{
	size_t written = 0;
	if (exchange->drops_body || exchange->channel == NULL)
		return;
	/* A broken write is no failure yet: the peer may have answered before it closed. Reading tells. */
	if (stream_send_two(channel_stream(exchange->channel), bytes, (struct text){ NULL, 0 }, &written) < 0)
		exchange->drops_body = true;
	exchange->has_sent = exchange->has_sent || written > 0;
}

static void stop_holding(struct exchange *exchange)
{
	exchange->has_overflowed = true;
	exchange_release_held(exchange);
}

static void give_body(struct exchange *exchange, struct text bytes)
{
	if (is_only_held(exchange)) {
		exchange_hold(exchange, bytes);
		if (exchange->state != EXCHANGE_WAITING)
			return;
	} else if (exchange->state == EXCHANGE_WAITING) {
		if (!exchange->forward.sends_once && has_held_room(exchange, bytes.len))
			exchange_hold(exchange, bytes);
		else
			stop_holding(exchange);
	}
	send_on(exchange, bytes);
}

void exchange_take_client(struct exchange *exchange, struct text bytes)
{
	struct connection *connection = exchange->connection;
	int64_t max = exchange->listener->options.max_body_bytes, taken = 0;
	exchange->last_ms = exchange_now_ms(exchange);
	if (!connection->body.done) {
		taken = h1_body_take(&connection->body, bytes);
		if (taken < 0) {
			exchange_refuse_body(exchange, 400, "malformed chunk in the request body");
			return;
		}
		if (max > 0 && connection->body.payload > max) {
			exchange_refuse_body(exchange, 413, "the request body is too large");
			return;
		}
		exchange->request_bytes += taken;
		give_body(exchange, (struct text){ bytes.at, (size_t)taken });
	}
	if (connection_keep_bytes(connection, (struct text){ bytes.at + taken, bytes.len - (size_t)taken }) < 0)
		BUG_ON("reading stops before the cap");
	exchange_update(exchange);
}

/* The held bytes are full and the peer has not said that it takes the rest: it is given a moment. */
void exchange_await_confirmation(struct exchange *exchange)
{
	if (exchange->state == EXCHANGE_WAITING && exchange->awaits_confirmation && exchange->confirm_due_ms == 0 &&
		!exchange->connection->body.done && !has_held_room(exchange, 1))
		exchange->confirm_due_ms = exchange_now_ms(exchange) + EXCHANGE_CONFIRM_WAIT_MS;
}

void exchange_confirmed(struct exchange *exchange)
{
	exchange->awaits_confirmation = false;
	exchange->confirm_due_ms = 0;
}

/* --- failing --- */

void exchange_detach(struct exchange *exchange, bool keeps_channel)
{
	if (exchange->is_deciding && exchange->dropped == NULL) {
		exchange->dropped = exchange->channel;
		exchange->channel = NULL;
	}
	if (keeps_channel && exchange->channel != NULL)
		channel_give_back(&exchange->channel);
	else
		channel_close(&exchange->channel);
	if (exchange->upstream != NULL)
		upstream_count(exchange->upstream, -1);
	upstream_unref(&exchange->upstream);
	buf_fini(&exchange->request_head);
	buf_fini(&exchange->answer_in);
	exchange->first_byte_due_ms = 0;
	exchange_confirmed(exchange);
}

static void tell_failure(void *arg)
{
	struct exchange *exchange = arg;
	if (exchange->state != EXCHANGE_FAILING)
		return;
	exchange_enter(exchange, EXCHANGE_HELD, "the handler is told");
	char *detail = exchange->detail;
	exchange->detail = NULL;
	if (exchange->forward.on_failure != NULL)
		exchange->forward.on_failure(exchange->forward.arg, exchange, exchange->failure, detail);
	else
		exchange_answer(exchange, 502, "text/plain; charset=utf-8", (struct text){ NULL, 0 }, text_of(detail));
	mem_release(detail);
	exchange_update(exchange);
}

/* Told at the end of this iteration, so that no handler is called from within its own call. */
void exchange_fail(struct exchange *exchange, enum exchange_failure failure, const char *format, ...)
{
	char detail[EXCHANGE_DETAIL_BYTES];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	exchange_detach(exchange, false);
	exchange->failure = failure;
	mem_release(exchange->detail);
	exchange->detail = mem_copy_text(detail);
	exchange_enter(exchange, EXCHANGE_FAILING, detail);
	loop_defer(exchange->engine->loop, tell_failure, exchange);
	exchange_update(exchange);
}

/* --- forwarding --- */

static struct channel_owner owner_of(struct exchange *exchange)
{
	return (struct channel_owner){ .on_event = exchange_on_channel, .arg = exchange };
}

/* The word that a client with a large body waits for. If it is gone, reading tells. */
static void confirm_here(struct exchange *exchange)
{
	const struct text interim = TEXT("HTTP/1.1 100 Continue\r\n\r\n");
	if (!exchange->forward.confirms_here || !exchange->head->expects_continue || exchange->has_passed_continue ||
		exchange->connection->body.done)
		return;
	exchange->has_passed_continue = true;
	(void)!stream_send(&exchange->connection->stream, interim);
}

/* Head and held body in one write. -1: not one byte went out. */
static int send_request(struct exchange *exchange, struct text head)
{
	size_t written = 0;
	int sent = stream_send_two(channel_stream(exchange->channel), head, buf_text(&exchange->held), &written);
	exchange->has_sent = written > 0;
	if (sent < 0 && written == 0)
		return -1;
	exchange->drops_body = sent < 0;
	if (exchange->forward.sends_once && buf_len(&exchange->held) > 0)
		stop_holding(exchange);
	confirm_here(exchange);
	return 0;
}

static void dial(struct exchange *exchange)
{
	char address[ADDRESS_TEXT_BYTES], reason[96];
	exchange->channel = channel_dial(exchange->upstream, owner_of(exchange));
	if (exchange->channel != NULL) {
		exchange_enter(exchange, EXCHANGE_DIALING, "no idle connection to use");
		return;
	}
	channel_failure_of(errno, reason, sizeof(reason));
	address_format(upstream_address(exchange->upstream), address);
	exchange_fail(exchange, EXCHANGE_UNREACHABLE, "dial tcp %s: %s", address, reason);
}

bool exchange_redial(struct exchange *exchange)
{
	if (exchange->has_redialled || !channel_is_reused(exchange->channel) || !exchange_is_safe_to_repeat(exchange))
		return false;
	exchange->has_redialled = true;
	channel_close(&exchange->channel);
	dial(exchange);
	exchange_update(exchange);
	return true;
}

/* The head is in the engine's scratch; it is copied only where it may have to be sent later. */
static void start_attempt(struct exchange *exchange)
{
	struct text head = buf_text(&exchange->engine->scratch);
	bool is_safe = exchange_is_safe_to_repeat(exchange);
	exchange->channel = channel_take(exchange->upstream, is_safe, owner_of(exchange));
	if (exchange->channel != NULL) {
		exchange_enter(exchange, EXCHANGE_WAITING, "an idle connection is used");
		if (send_request(exchange, head) == 0) {
			if (is_safe && buf_append_text(&exchange->request_head, head) < 0)
				BUG_ON("as large as the scratch");
			return;
		}
		channel_close(&exchange->channel);
	}
	if (buf_append_text(&exchange->request_head, head) < 0)
		BUG_ON("as large as the scratch");
	dial(exchange);
}

static bool is_larger_than_held(const struct exchange *exchange)
{
	const struct h1_body *body = &exchange->connection->body;
	return !body->done && (body->kind != H1_BODY_LENGTH || exchange->head->content_length > EXCHANGE_HELD_BYTES);
}

/* The client's own expectation goes on until its body comes. */
static bool passes_expectation(const struct exchange *exchange)
{
	return exchange->head->expects_continue && !exchange->forward.confirms_here && !exchange->connection->body.done &&
		exchange->request_bytes == 0;
}

/* Max-Forwards: 0 makes us the last one to be asked. */
static void answer_as_last(struct exchange *exchange)
{
	const struct text nothing = { NULL, 0 };
	if (text_is(exchange->head->method, "OPTIONS"))
		exchange_answer(exchange, 200, NULL, nothing, nothing);
	else
		exchange_answer(exchange, 501, "text/plain; charset=utf-8", nothing, TEXT("TRACE is not answered here\n"));
}

void exchange_forward(struct exchange *exchange, const struct exchange_forward *forward)
{
	if (exchange->state != EXCHANGE_HELD && !(exchange->is_deciding && exchange->state == EXCHANGE_WAITING))
		return;
	if (h1_headers_forwards_left(exchange->head) == 0) {
		answer_as_last(exchange);
		return;
	}
	if (exchange->has_overflowed) {
		exchange_answer(
			exchange, 502, "text/plain; charset=utf-8", (struct text){ NULL, 0 }, TEXT("it cannot be sent again\n"));
		return;
	}
	exchange_detach(exchange, false);
	if (exchange->state == EXCHANGE_WAITING)
		exchange_enter(exchange, EXCHANGE_HELD, "taken back");
	const struct h1_body *body = &exchange->connection->body;
	exchange->forward = *forward;
	exchange->upstream = upstream_ref(forward->upstream);
	upstream_count(exchange->upstream, 1);
	exchange->last_ms = exchange_now_ms(exchange);
	exchange->has_sent = false;
	exchange->has_received = false;
	exchange->has_redialled = false;
	exchange->is_dirty = false;
	exchange->drops_body = false;
	exchange->awaits_confirmation = forward->confirms_large_bodies && is_larger_than_held(exchange);
	exchange->asks_confirmation = exchange->awaits_confirmation && !exchange->head->expects_continue;
	exchange->asks_upgrade = exchange->head->upgrade.at != NULL && body->kind == H1_BODY_NONE;
	if (forward->first_byte_timeout_ms > 0)
		exchange->first_byte_due_ms = exchange_now_ms(exchange) + forward->first_byte_timeout_ms;
	const struct h1_request_out out = {
		.target = forward->target,
		.host = forward->host,
		.keeps = forward->keeps_request,
		.via = forward->via,
		.extra = forward->extra,
		.expects_continue = exchange->awaits_confirmation || passes_expectation(exchange),
		.asks_upgrade = exchange->asks_upgrade,
	};
	/* The 100 that is asked for comes on top: it may be the word of a proxy of ours, which passes an agent's others on. */
	exchange->interim_left = EXCHANGE_MAX_INTERIM + (out.expects_continue ? 1 : 0);
	buf_clear(&exchange->engine->scratch);
	if (h1_write_request(exchange->head, &out, &exchange->engine->scratch) < 0) {
		exchange_fail(exchange, EXCHANGE_UNSENT, "the request head is too large to be sent on");
		return;
	}
	start_attempt(exchange);
	exchange_update(exchange);
}

/* --- what the upstream's connection says --- */

static void on_open(struct exchange *exchange)
{
	exchange_enter(exchange, EXCHANGE_WAITING, "connected");
	/* A failure shows as the end that is read next. */
	if (send_request(exchange, buf_text(&exchange->request_head)) < 0)
		exchange->drops_body = true;
	buf_fini(&exchange->request_head);
	exchange_update(exchange);
}

static void on_refused(struct exchange *exchange)
{
	char address[ADDRESS_TEXT_BYTES], reason[96];
	if (channel_is_timed_out(exchange->channel))
		listener_note_deadline(exchange->listener, LISTENER_CONNECT);
	channel_failure(exchange->channel, reason, sizeof(reason));
	address_format(upstream_address(exchange->upstream), address);
	exchange_fail(exchange, EXCHANGE_UNREACHABLE, "dial tcp %s: %s", address, reason);
}

static void on_writable(struct exchange *exchange)
{
	struct stream *stream = channel_stream(exchange->channel);
	exchange->last_ms = exchange_now_ms(exchange);
	if (stream_flush(stream) < 0)
		exchange->drops_body = true;
	else
		exchange->has_sent = true;
	if (exchange->state == EXCHANGE_TUNNEL)
		tunnel_on_drained(exchange);
	else
		exchange_update(exchange);
}

void exchange_on_channel(void *arg, enum channel_event event)
{
	struct exchange *exchange = arg;
	switch (event) {
	case CHANNEL_OPEN: on_open(exchange); break;
	case CHANNEL_REFUSED: on_refused(exchange); break;
	case CHANNEL_WRITABLE: on_writable(exchange); break;
	case CHANNEL_READABLE:
		if (exchange->state == EXCHANGE_TUNNEL)
			tunnel_on_upstream(exchange);
		else
			exchange_read_answer(exchange);
		break;
	}
}
