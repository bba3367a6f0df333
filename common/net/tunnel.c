/* SPDX-License-Identifier: Apache-2.0 */
/* net/tunnel.c — after 101: bytes both ways as they come, each side's end handed to the other, paused while the other is full.
   What the bytes mean is nobody's business here. */
#include "net/exchange_inside.h"

static struct stream *client_of(struct exchange *exchange)
{
	return &exchange->connection->stream;
}

static struct stream *upstream_of(struct exchange *exchange)
{
	return channel_stream(exchange->channel);
}

static void break_tunnel(struct exchange *exchange, enum exchange_close close)
{
	channel_reset(&exchange->channel);
	exchange_finish(exchange, close, CONNECTION_RESET);
}

/* False: the exchange is over. */
static bool send_upstream(struct exchange *exchange, struct text bytes)
{
	exchange->request_bytes += (int64_t)bytes.len;
	if (stream_send(upstream_of(exchange), bytes) == 0)
		return true;
	break_tunnel(exchange, EXCHANGE_UPSTREAM_BROKE);
	return false;
}

static bool send_client(struct exchange *exchange, struct text bytes)
{
	exchange->answer_bytes += (int64_t)bytes.len;
	if (stream_send(client_of(exchange), bytes) == 0)
		return true;
	break_tunnel(exchange, EXCHANGE_CLIENT_LEFT);
	return false;
}

/* An end goes on when all that came before it is out. */
static void pass_ends(struct exchange *exchange)
{
	bool is_client_full = stream_is_full(client_of(exchange)), is_upstream_full = stream_is_full(upstream_of(exchange));
	if (exchange->client_ended && !is_upstream_full)
		stream_shut_write(upstream_of(exchange));
	if (exchange->upstream_ended && !is_client_full)
		stream_shut_write(client_of(exchange));
	if (exchange->client_ended && exchange->upstream_ended && !is_client_full && !is_upstream_full)
		exchange_finish(exchange, EXCHANGE_COMPLETE, CONNECTION_DROP);
	else
		exchange_update(exchange);
}

void tunnel_start(struct exchange *exchange, struct text from_upstream)
{
	struct buf *ahead = &exchange->connection->in;
	exchange->was_tunnel = true;
	if (from_upstream.len > 0 && !send_client(exchange, from_upstream))
		return;
	if (buf_len(ahead) > 0 && !send_upstream(exchange, buf_text(ahead)))
		return;
	connection_forget_ahead(exchange->connection);
	exchange_update(exchange);
}

void tunnel_on_client(struct exchange *exchange)
{
	struct text bytes;
	ssize_t got = stream_receive(client_of(exchange), ENGINE_READ_BYTES, &bytes);
	exchange->last_ms = exchange_now_ms(exchange);
	if (got == STREAM_BROKEN) {
		break_tunnel(exchange, EXCHANGE_CLIENT_LEFT);
	} else if (got == STREAM_END) {
		exchange->client_ended = true;
		pass_ends(exchange);
	} else if (got > 0 && send_upstream(exchange, bytes)) {
		exchange_update(exchange);
	}
}

void tunnel_on_upstream(struct exchange *exchange)
{
	struct text bytes;
	ssize_t got = stream_receive(upstream_of(exchange), ENGINE_READ_BYTES, &bytes);
	exchange->last_ms = exchange_now_ms(exchange);
	if (got == STREAM_BROKEN) {
		break_tunnel(exchange, EXCHANGE_UPSTREAM_BROKE);
	} else if (got == STREAM_END) {
		exchange->upstream_ended = true;
		pass_ends(exchange);
	} else if (got > 0 && send_client(exchange, bytes)) {
		exchange_update(exchange);
	}
}

/* Either side took what was kept for it. */
void tunnel_on_drained(struct exchange *exchange)
{
	if (exchange->drops_body)
		break_tunnel(exchange, EXCHANGE_UPSTREAM_BROKE);
	else
		pass_ends(exchange);
}

void tunnel_update(struct exchange *exchange)
{
	stream_watch_read(client_of(exchange), !exchange->client_ended && !stream_is_full(upstream_of(exchange)));
	stream_watch_read(upstream_of(exchange), !exchange->upstream_ended && !stream_is_full(client_of(exchange)));
}
