/* SPDX-License-Identifier: Apache-2.0 */
/* net/exchange_events.c — an event stream that begins before there is an answer to its request: its head, comments while it waits,
   what becomes of an answer that is none, and the framing of one that goes on behind them. */
#include "base/mem.h"
#include "net/exchange_inside.h"
#include "net/h1_headers.h"
#include "net/h1_write.h"
#include "net/problem.h"

#define EVENTS_LAST_CHUNK "0\r\n\r\n"

static const struct text nothing = { NULL, 0 };

static bool is_chunked(const struct exchange *exchange)
{
	return exchange->head->version_minor == 1;
}

/* Three runs as one piece of the body, into the scratch. */
static int append_piece(struct exchange *exchange, struct text first, struct text second, struct text third)
{
	struct buf *out = &exchange->engine->scratch;
	if (is_chunked(exchange) && buf_format(out, "%zx\r\n", first.len + second.len + third.len) < 0)
		return -1;
	if (buf_append_text(out, first) < 0 || buf_append_text(out, second) < 0 || buf_append_text(out, third) < 0)
		return -1;
	return is_chunked(exchange) ? buf_append(out, "\r\n", 2) : 0;
}

static int send_scratch(struct exchange *exchange)
{
	return stream_send(&exchange->connection->stream, buf_text(&exchange->engine->scratch));
}

/* --- its beginning --- */

bool exchange_can_open_events(const struct exchange *exchange)
{
	const struct h1_head *head = exchange->head;
	return exchange->state == EXCHANGE_HELD && !exchange->has_events && !exchange_has_begun(exchange) &&
		exchange->connection->body.done && head->upgrade.at == NULL && !head->expects_continue &&
		!text_is(head->method, "HEAD");
}

static int compose_head(struct exchange *exchange, struct text extra)
{
	struct engine *engine = exchange->engine;
	buf_clear(&engine->answer_extra);
	buf_clear(&engine->scratch);
	if (buf_append_terminated(&engine->answer_extra, "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n") < 0 ||
		buf_append_text(&engine->answer_extra, extra) < 0 ||
		(is_chunked(exchange) && buf_append_terminated(&engine->answer_extra, "Transfer-Encoding: chunked\r\n") < 0))
		return -1;
	const struct h1_own_answer own = { .status = 200,
		.content_type = "text/event-stream",
		.date = engine_date(engine),
		.extra = buf_text(&engine->answer_extra),
		.body_len = -1,
		.closes = exchange->closes };
	return h1_write_own_answer(&own, &engine->scratch);
}

void exchange_open_events(struct exchange *exchange, struct text extra)
{
	if (!exchange_can_open_events(exchange))
		return;
	exchange->closes = !is_chunked(exchange) || exchange_must_close(exchange);
	if (compose_head(exchange, extra) < 0)
		return;
	exchange->has_events = true;
	if (send_scratch(exchange) < 0)
		exchange_finish_later(exchange, EXCHANGE_CLIENT_LEFT, CONNECTION_DROP);
}

bool exchange_has_events(const struct exchange *exchange)
{
	return exchange->has_events;
}

void exchange_comment(struct exchange *exchange, struct text words)
{
	if (exchange->state != EXCHANGE_HELD || !exchange->has_events || stream_is_full(&exchange->connection->stream))
		return;
	buf_clear(&exchange->engine->scratch);
	if (append_piece(exchange, TEXT(": "), words, TEXT("\n\n")) == 0 && send_scratch(exchange) < 0)
		exchange_finish_later(exchange, EXCHANGE_CLIENT_LEFT, CONNECTION_DROP);
}

/* --- what is no event stream --- */

static struct text cut_line(struct text *text)
{
	size_t len = 0;
	while (len < text->len && text->at[len] != '\n' && text->at[len] != '\r')
		len++;
	struct text line = { text->at, len };
	size_t used = len < text->len ? len + 1 : len;
	*text = (struct text){ text->at + used, text->len - used };
	return line;
}

int exchange_send_error_event(struct exchange *exchange, struct text body)
{
	struct buf *out = &exchange->engine->scratch;
	buf_clear(out);
	if (append_piece(exchange, TEXT("event: error\n"), nothing, nothing) < 0)
		return -1;
	do {
		struct text line = cut_line(&body);
		if (append_piece(exchange, TEXT("data: "), line, TEXT("\n")) < 0)
			return -1;
	} while (body.len > 0);
	if (append_piece(exchange, TEXT("\n"), nothing, nothing) < 0)
		return -1;
	exchange->answer_bytes = (int64_t)buf_len(out);
	if (is_chunked(exchange) && buf_append_terminated(out, EVENTS_LAST_CHUNK) < 0)
		return -1;
	return send_scratch(exchange);
}

bool exchange_is_event_answer(const struct h1_head *answer)
{
	bool is_coded = h1_head_get(answer, "Content-Encoding").at != NULL &&
		!h1_headers_lists_only(answer, "Content-Encoding", "identity");
	return answer->status == 200 && h1_headers_is_event_stream(answer) && !is_coded;
}

void exchange_refuse_answer(struct exchange *exchange, const struct h1_head *answer)
{
	scoped_buf body;
	buf_init(&body, REFUSAL_MAX_BYTES);
	if (problem_format(&(struct problem){ .status = answer->status, .error = "the answer is no event stream" }, &body) < 0)
		BUG_ON("our own sentences are short");
	exchange_answer(exchange, answer->status, "application/json", nothing, buf_text(&body));
}

/* --- what is one, in another framing --- */

int exchange_send_piece(struct exchange *exchange, struct text payload)
{
	buf_clear(&exchange->engine->scratch);
	return append_piece(exchange, payload, nothing, nothing) < 0 ? -1 : send_scratch(exchange);
}

int exchange_send_last_piece(struct exchange *exchange)
{
	return stream_send(&exchange->connection->stream, TEXT(EVENTS_LAST_CHUNK));
}
