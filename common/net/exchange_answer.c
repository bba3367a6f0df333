/* SPDX-License-Identifier: Apache-2.0 */
/* net/exchange_answer.c — the way of an answer: its head read and judged, its body passed as it comes behind the framing tracker,
   its end, or the visible break. */
#include "base/mem.h"
#include "net/exchange_inside.h"
#include "net/h1_write.h"

static const struct text nothing = { NULL, 0 };

/* False: the client is gone, and the exchange with it. */
static bool send_client(struct exchange *exchange, struct text first, struct text second)
{
	if (stream_send_two(&exchange->connection->stream, first, second, NULL) == 0)
		return true;
	exchange_client_left(exchange);
	return false;
}

/* --- the end of an answer --- */

/* May the connection carry another request? Only where both messages are over to the byte. */
static bool is_reusable(const struct exchange *exchange)
{
	return !exchange->is_dirty && exchange->answer.kind != H1_BODY_UNTIL_CLOSE && exchange->connection->body.done &&
		!exchange->drops_body && !stream_is_full(channel_stream(exchange->channel));
}

static void complete(struct exchange *exchange)
{
	exchange_detach(exchange, is_reusable(exchange));
	exchange->drops_body = true;
	if (exchange->rechunks && exchange_send_last_piece(exchange) < 0) {
		exchange_client_left(exchange);
		return;
	}
	exchange_flush_or_finish(exchange, EXCHANGE_COMPLETE, exchange->closes ? CONNECTION_CLOSE : CONNECTION_KEEP);
}

/* The client's framing stays unfinished; where its framing is the end of the connection, that must be a reset. */
static void break_off(struct exchange *exchange)
{
	bool is_until_close = exchange->answer.kind == H1_BODY_UNTIL_CLOSE || exchange->unchunks;
	if (is_until_close && !exchange->rechunks)
		exchange_finish(exchange, EXCHANGE_UPSTREAM_BROKE, CONNECTION_RESET);
	else
		exchange_flush_or_finish(exchange, EXCHANGE_UPSTREAM_BROKE, CONNECTION_CLOSE);
}

/* --- its body --- */

static bool send_run(struct exchange *exchange, struct text payload)
{
	if (!exchange->rechunks)
		return send_client(exchange, payload, nothing);
	if (exchange_send_piece(exchange, payload) == 0)
		return true;
	exchange_client_left(exchange);
	return false;
}

/* The payload alone. Returns as send_client; a malformed chunk shows in *ret_taken < 0. */
static bool send_payload(struct exchange *exchange, struct text bytes, int64_t *ret_taken)
{
	int64_t taken = 0;
	while ((size_t)taken < bytes.len && !exchange->answer.done) {
		struct text payload, left = { bytes.at + taken, bytes.len - (size_t)taken };
		int64_t step = h1_body_next(&exchange->answer, left, &payload);
		if (step < 0) {
			*ret_taken = -1;
			return true;
		}
		if (payload.len > 0 && !send_run(exchange, payload))
			return false;
		taken += step;
	}
	*ret_taken = taken;
	return true;
}

static bool send_body(struct exchange *exchange, struct text bytes, int64_t *ret_taken)
{
	if (exchange->unchunks)
		return send_payload(exchange, bytes, ret_taken);
	*ret_taken = h1_body_take(&exchange->answer, bytes);
	return *ret_taken <= 0 || send_client(exchange, (struct text){ bytes.at, (size_t)*ret_taken }, nothing);
}

static void pass_body(struct exchange *exchange, struct text bytes)
{
	int64_t taken = 0;
	exchange->last_ms = exchange_now_ms(exchange);
	if (!send_body(exchange, bytes, &taken))
		return;
	if (taken < 0) {
		break_off(exchange);
		return;
	}
	exchange->answer_bytes += taken;
	exchange->is_dirty = exchange->is_dirty || (size_t)taken < bytes.len;
	if (exchange->answer.done)
		complete(exchange);
	else
		exchange_update(exchange);
}

/* --- its head --- */

static void compose_head(struct exchange *exchange, const struct h1_head *head)
{
	struct engine *engine = exchange->engine;
	int client_minor = exchange->head->version_minor;
	const struct h1_answer_out out = {
		.keeps = exchange->forward.keeps_answer,
		.date = engine_date(engine),
		.extra = buf_text(&engine->answer_extra),
		.is_chunked = head->is_chunked && client_minor == 1 && head->status >= 200 && head->status != 204,
		.closes = exchange->closes,
		.says_keep_alive = client_minor == 0,
	};
	buf_clear(&engine->scratch);
	/* The scratch holds the largest head there can be, thrice. */
	if (h1_write_answer(head, &out, &engine->scratch) < 0)
		BUG_ON("an answer's head is bounded");
}

static void note_begin(struct exchange *exchange, const struct h1_head *head)
{
	exchange->status = head->status;
	exchange->first_byte_ms = exchange_now_ms(exchange);
	exchange->last_ms = exchange->first_byte_ms;
	exchange->first_byte_due_ms = 0;
	/* An answer instead of 100 Continue: the peer does not want the rest. */
	exchange->drops_body = exchange->drops_body || exchange->awaits_confirmation;
	exchange_confirmed(exchange);
	exchange_release_held(exchange);
	buf_fini(&exchange->request_head);
}

static void begin_tunnel(struct exchange *exchange, const struct h1_head *head, struct text rest)
{
	note_begin(exchange, head);
	compose_head(exchange, head);
	exchange_shorten_head(exchange);
	exchange_enter(exchange, EXCHANGE_TUNNEL, "101");
	if (send_client(exchange, buf_text(&exchange->engine->scratch), nothing))
		tunnel_start(exchange, rest);
}

/* Behind what the client was told before there was an answer: its head is dropped. */
static void begin_in_events(struct exchange *exchange, const struct h1_head *head, struct text rest)
{
	bool is_chunked = exchange->answer.kind == H1_BODY_CHUNKED;
	int client_minor = exchange->head->version_minor;
	exchange->closes = client_minor == 0 || exchange_must_close(exchange);
	exchange->unchunks = client_minor == 0 || !is_chunked;
	exchange->rechunks = client_minor == 1 && !is_chunked;
	exchange->is_dirty = !head->keep_alive;
	note_begin(exchange, head);
	exchange_enter(exchange, EXCHANGE_ANSWERING, "its events go on");
	pass_body(exchange, rest);
	if (exchange->state == EXCHANGE_ANSWERING)
		exchange_shorten_head(exchange);
}

static void begin(struct exchange *exchange, const struct h1_head *head, struct text rest)
{
	int client_minor = exchange->head->version_minor;
	struct h1_body probe = exchange->answer;
	int64_t taken = h1_body_take(&probe, rest);
	if (taken < 0) {
		exchange_fail(exchange, EXCHANGE_BAD_ANSWER, "malformed chunk in the answer");
		return;
	}
	if (exchange->has_events) {
		begin_in_events(exchange, head, rest);
		return;
	}
	exchange->closes = exchange_must_close(exchange) || h1_answer_needs_close(exchange->answer.kind, client_minor);
	exchange->unchunks = exchange->answer.kind == H1_BODY_CHUNKED && client_minor == 0;
	exchange->is_dirty = !head->keep_alive;
	note_begin(exchange, head);
	compose_head(exchange, head);
	exchange_enter(exchange, EXCHANGE_ANSWERING, "its head is here");
	if (exchange->unchunks) {
		if (send_client(exchange, buf_text(&exchange->engine->scratch), nothing))
			pass_body(exchange, rest);
		return;
	}
	exchange->answer = probe;
	exchange->answer_bytes = taken;
	exchange->is_dirty = exchange->is_dirty || (size_t)taken < rest.len;
	if (!send_client(exchange, buf_text(&exchange->engine->scratch), (struct text){ rest.at, (size_t)taken }))
		return;
	if (exchange->answer.done) {
		complete(exchange);
		return;
	}
	exchange_shorten_head(exchange);
	exchange_update(exchange);
}

/* --- the handler's verdict --- */

/* An answer that is not passed on: its connection is kept where both messages happen to be over. */
static void settle(struct exchange *exchange, struct channel *channel, const struct h1_head *head, struct text rest, bool was_sent)
{
	struct h1_body body = exchange->answer;
	int64_t taken = h1_body_take(&body, rest);
	bool is_over = taken == (int64_t)rest.len && body.done && head->keep_alive && body.kind != H1_BODY_UNTIL_CLOSE;
	if (is_over && was_sent && !stream_is_full(channel_stream(channel)))
		channel_give_back(&channel);
	else
		channel_close(&channel);
}

static enum exchange_verdict ask_handler(struct exchange *exchange, const struct h1_head *head)
{
	buf_clear(&exchange->engine->answer_extra);
	if (exchange->forward.on_answer == NULL)
		return EXCHANGE_PASS;
	exchange->is_deciding = true;
	enum exchange_verdict verdict = exchange->forward.on_answer(exchange->forward.arg, exchange, head);
	exchange->is_deciding = false;
	return verdict;
}

static void judge(struct exchange *exchange, const struct h1_head *head, struct text rest)
{
	bool was_sent = exchange->connection->body.done && !exchange->drops_body && !exchange->awaits_confirmation;
	h1_body_of_answer(&exchange->answer, head, exchange->head->method);
	enum exchange_verdict verdict = ask_handler(exchange, head);
	if (exchange->dropped == NULL && exchange->state == EXCHANGE_WAITING) {
		if (verdict == EXCHANGE_PASS || !exchange_can_repeat(exchange)) {
			if (exchange->has_events && !exchange_is_event_answer(head))
				exchange_refuse_answer(exchange, head);
			else if (head->status == 101)
				begin_tunnel(exchange, head, rest);
			else
				begin(exchange, head, rest);
			return;
		}
		exchange->dropped = exchange->channel;
		exchange->channel = NULL;
		exchange_detach(exchange, false);
		exchange_enter(exchange, EXCHANGE_HELD, "taken back");
	}
	struct channel *dropped = exchange->dropped;
	exchange->dropped = NULL;
	if (dropped != NULL)
		settle(exchange, dropped, head, rest, was_sent);
	exchange_update(exchange);
}

/* --- 1xx --- */

/* All but the one that we asked for ourselves (RFC 9110 section 15.2), and 100 once. */
static bool is_passed(const struct exchange *exchange, const struct h1_head *head)
{
	if (exchange->head->version_minor == 0 || exchange->has_events)
		return false;
	return head->status != 100 || (!exchange->asks_confirmation && !exchange->has_passed_continue);
}

/* False: the exchange is over. */
static bool take_interim(struct exchange *exchange, const struct h1_head *head)
{
	const struct h1_answer_out out = { .keeps = exchange->forward.keeps_answer };
	if (head->status == 100)
		exchange_confirmed(exchange);
	if (!is_passed(exchange, head))
		return true;
	exchange->has_passed_continue = exchange->has_passed_continue || head->status == 100;
	buf_clear(&exchange->engine->scratch);
	if (h1_write_answer(head, &out, &exchange->engine->scratch) < 0)
		BUG_ON("an answer's head is bounded");
	return send_client(exchange, buf_text(&exchange->engine->scratch), nothing);
}

/* --- reading --- */

static void fail_bad_answer(struct exchange *exchange, const char *why)
{
	char address[ADDRESS_TEXT_BYTES];
	address_format(upstream_address(exchange->upstream), address);
	exchange_fail(exchange, EXCHANGE_BAD_ANSWER, "bad answer from %s: %s", address, why);
}

static void take_heads(struct exchange *exchange, struct text bytes)
{
	struct h1_head head;
	const char *why = NULL;
	size_t max_bytes = exchange->listener->options.max_answer_head_bytes;
	for (;;) {
		switch (h1_head_parse_answer(bytes, max_bytes, &head, &why)) {
		case H1_BAD: fail_bad_answer(exchange, why); return;
		case H1_MORE:
			if (buf_append_text(&exchange->answer_in, bytes) < 0)
				fail_bad_answer(exchange, "its head is too long");
			else
				exchange_update(exchange);
			return;
		case H1_DONE: break;
		}
		struct text rest = { bytes.at + head.bytes, bytes.len - head.bytes };
		if (head.status == 101 && (!exchange->asks_upgrade || head.upgrade.at == NULL)) {
			fail_bad_answer(exchange, "101 without the Upgrade that was asked for");
			return;
		}
		if (head.status >= 200 || head.status == 101) {
			judge(exchange, &head, rest);
			return;
		}
		if (exchange->interim_left-- == 0) {
			fail_bad_answer(exchange, "too many interim answers");
			return;
		}
		if (!take_interim(exchange, &head))
			return;
		bytes = rest;
	}
}

/* Before the answer's head is whole. */
static void read_head(struct exchange *exchange, struct text fresh)
{
	scoped_buf kept = { .cap = exchange->answer_in.cap };
	exchange->has_received = true;
	exchange->last_ms = exchange_now_ms(exchange);
	if (buf_len(&exchange->answer_in) > 0) {
		if (buf_append_text(&exchange->answer_in, fresh) < 0) {
			fail_bad_answer(exchange, "its head is too long");
			return;
		}
		kept = exchange->answer_in;
		buf_init(&exchange->answer_in, kept.cap);
		fresh = buf_text(&kept);
	}
	take_heads(exchange, fresh);
}

static void on_end_of_answer(struct exchange *exchange, bool is_reset)
{
	char address[ADDRESS_TEXT_BYTES];
	if (exchange->state == EXCHANGE_ANSWERING) {
		if (!is_reset && h1_body_ends_at_close(&exchange->answer))
			complete(exchange);
		else
			break_off(exchange);
		return;
	}
	if (exchange_redial(exchange))
		return;
	address_format(upstream_address(exchange->upstream), address);
	exchange_fail(exchange, exchange->has_sent ? EXCHANGE_BROKEN : EXCHANGE_UNSENT,
		"%s closed the connection before it answered%s", address, is_reset ? " (reset)" : "");
}

void exchange_read_answer(struct exchange *exchange)
{
	struct text fresh;
	ssize_t got = stream_receive(channel_stream(exchange->channel), ENGINE_READ_BYTES, &fresh);
	if (got == STREAM_NOTHING)
		return;
	if (got == STREAM_END || got == STREAM_BROKEN)
		on_end_of_answer(exchange, got == STREAM_BROKEN);
	else if (exchange->state == EXCHANGE_ANSWERING)
		pass_body(exchange, fresh);
	else
		read_head(exchange, fresh);
}
