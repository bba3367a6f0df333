/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for the engine (net/listener, net/exchange, net/upstream): the same promises, heads as text on wires, no bytes of bodies.
 */
#include "net/exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "krypton/labels.h"
#include "net/h1_headers.h"
#include "net/listener.h"
#include "test/explore/agenda.h"
#include "test/explore/invariants.h"
#include "test/explore/process.h"
#include "test/explore/request.h"
#include "test/explore/story.h"
#include "test/explore/wire.h"

#define HEAD_MAX_BYTES  8192
#define ARENA_MAX_BYTES 65536

struct upstream {
	int references;
	int inflight;
	struct upstream_options options;
};

struct listener {
	struct listener_options options;
	struct loop *loop;
	struct server server;
	struct exchange *exchanges;
	int count;
};

struct exchange {
	struct listener *listener;
	struct exchange *next, *prev;
	struct wire *from; /* NULL: its end is told, or it left */
	struct h1_head *head;
	char *head_bytes;
	struct arena *arena;
	void *owner_data;
	struct exchange_forward forward;
	struct upstream *upstream; /* referenced while forwarded */
	struct wire *onward;
	struct loop_timer *first_byte;
	struct buf added; /* to the answer that is about to be passed on */
	bool (*keeps_answer)(struct text name);
	enum exchange_failure failure;
	bool is_failing, has_begun, is_ended;
	enum exchange_close close;
	int status;
	int64_t started_ms, first_byte_ms;
};

static struct h1_head scratch;

/* --- the end --- */

static void end_onward(struct exchange *exchange)
{
	wire_close(&exchange->onward);
	loop_timer_free(&exchange->first_byte);
	if (exchange->upstream != NULL)
		exchange->upstream->inflight--;
	upstream_unref(&exchange->upstream);
}

static void release(struct exchange *exchange)
{
	struct listener *listener = exchange->listener;

	*(exchange->prev != NULL ? &exchange->prev->next : &listener->exchanges) = exchange->next;
	if (exchange->next != NULL)
		exchange->next->prev = exchange->prev;
	listener->count--;
	mem_release(exchange->head);
	mem_release(exchange->head_bytes);
	arena_free(&exchange->arena);
	buf_fini(&exchange->added);
	mem_release(exchange);
}

static void finish(void *arg)
{
	struct exchange *exchange = arg;
	struct listener *listener = exchange->listener;

	end_onward(exchange);
	listener->options.on_end(listener->options.arg, exchange,
		&(struct exchange_end){ .close = exchange->close,
			.status = exchange->status,
			.started_ms = exchange->started_ms,
			.first_byte_ms = exchange->first_byte_ms,
			.ended_ms = agenda_now_ms() });
	release(exchange);
}

/* on_end comes at the end of this iteration. */
static void end_later(struct exchange *exchange, enum exchange_close close)
{
	if (exchange->is_ended)
		return;
	exchange->is_ended = true;
	exchange->close = close;
	loop_defer(exchange->listener->loop, finish, exchange);
}

/* --- who asked --- */

static void on_gone(void *arg)
{
	struct exchange *exchange = arg;

	exchange->from = NULL;
	end_onward(exchange);
	end_later(exchange, EXCHANGE_CLIENT_LEFT);
}

static void on_request(void *arg, struct wire *wire, struct text request)
{
	struct listener *listener = arg;
	struct exchange *exchange = mem_alloc(sizeof(*exchange));
	const char *why;
	size_t bytes;
	int status;

	exchange->listener = listener;
	exchange->next = listener->exchanges;
	if (exchange->next != NULL)
		exchange->next->prev = exchange;
	listener->exchanges = exchange;
	listener->count++;
	exchange->started_ms = agenda_now_ms();
	exchange->head_bytes = mem_copy_bytes(request.at, request.len);
	BUG_ON(h1_head_parse_request(text_of(exchange->head_bytes), HEAD_MAX_BYTES, HEAD_MAX_BYTES, &scratch, &status, &why) !=
		H1_DONE);
	bytes = offsetof(struct h1_head, headers) + scratch.header_count * sizeof(struct h1_header);
	exchange->head = mem_alloc(bytes);
	memcpy(exchange->head, &scratch, bytes);
	buf_init(&exchange->added, HEAD_MAX_BYTES);
	exchange->from = wire;
	wire_serve(wire, exchange, on_gone);
	listener->options.on_request(listener->options.arg, exchange);
}

/* --- whom it is forwarded to --- */

static int append_header(struct buf *out, struct text name, struct text value)
{
	return buf_append_text(out, name) < 0 || buf_append(out, ": ", 2) < 0 || buf_append_text(out, value) < 0 ||
			buf_append(out, "\r\n", 2) < 0
		? -1
		: 0;
}

/* The framing is the engine's own matter. */
static void append_kept(struct buf *out, const struct h1_head *head, bool (*keeps)(struct text name))
{
	for (size_t i = 0; i < head->header_count; i++) {
		const struct h1_header *header = &head->headers[i];

		if (!text_is_folded(header->name, "host") && (keeps == NULL || keeps(header->name)))
			BUG_ON(append_header(out, header->name, header->value) < 0);
	}
}

static void pass_answer(struct exchange *exchange, const struct h1_head *answer, struct text body)
{
	scoped_buf out;

	buf_init(&out, HEAD_MAX_BYTES);
	BUG_ON(buf_format(&out, "HTTP/1.1 %d Fine\r\n", answer->status) < 0);
	append_kept(&out, answer, exchange->keeps_answer);
	BUG_ON(buf_append_text(&out, buf_text(&exchange->added)) < 0 || buf_append(&out, "\r\n", 2) < 0);
	exchange->has_begun = true;
	exchange->status = answer->status;
	exchange->first_byte_ms = agenda_now_ms();
	wire_answer(exchange->from, buf_terminated(&out), body.at);
}

static void on_onward_answer(void *arg, struct text head, struct text body)
{
	struct exchange *exchange = arg;
	struct wire *wire = exchange->onward;
	const char *why;

	if (exchange->is_ended)
		return;
	BUG_ON(h1_head_parse_answer(head, HEAD_MAX_BYTES, &scratch, &why) != H1_DONE);
	if (text_is(h1_head_get(&scratch, HEADER_REASON), REASON_DRAINING))
		invariants_drained(request_of_head(text_of(exchange->head_bytes)));
	loop_timer_free(&exchange->first_byte);
	exchange->keeps_answer = exchange->forward.keeps_answer;
	buf_clear(&exchange->added);
	if (exchange->forward.on_answer(exchange->forward.arg, exchange, &scratch) == EXCHANGE_PASS) {
		pass_answer(exchange, &scratch, body);
		return;
	}
	BUG_ON(exchange->onward != wire); /* forwarded again from within: nobody does that */
	end_onward(exchange);
}

static void on_onward_end(void *arg, bool is_whole)
{
	struct exchange *exchange = arg;

	exchange->onward = NULL;
	if (exchange->is_ended)
		return;
	if (is_whole)
		wire_finish(exchange->from);
	else
		wire_break(exchange->from);
	exchange->from = NULL;
	end_later(exchange, is_whole ? EXCHANGE_COMPLETE : EXCHANGE_UPSTREAM_BROKE);
}

static void tell_failure(void *arg)
{
	struct exchange *exchange = arg;

	if (exchange->is_failing && !exchange->is_ended) {
		exchange->is_failing = false;
		exchange->forward.on_failure(exchange->forward.arg, exchange, exchange->failure, "the peer failed");
	}
}

static void fail(struct exchange *exchange, enum exchange_failure failure)
{
	end_onward(exchange);
	exchange->failure = failure;
	exchange->is_failing = true;
	loop_defer(exchange->listener->loop, tell_failure, exchange);
}

static void on_onward_failure(void *arg, enum wire_failure failure)
{
	static const enum exchange_failure failures[] = {
		[WIRE_UNREACHABLE] = EXCHANGE_UNREACHABLE, [WIRE_UNSENT] = EXCHANGE_UNSENT, [WIRE_BROKEN] = EXCHANGE_BROKEN
	};
	struct exchange *exchange = arg;

	exchange->onward = NULL;
	if (!exchange->is_ended)
		fail(exchange, failures[failure]);
}

static void on_first_byte_late(void *arg)
{
	fail(arg, EXCHANGE_FIRST_BYTE_LATE);
}

void exchange_forward(struct exchange *exchange, const struct exchange_forward *forward)
{
	static const struct wire_reader reader = { on_onward_answer, on_onward_end, on_onward_failure };
	struct loop *loop = exchange->listener->loop;
	char ip[ADDRESS_TEXT_BYTES];
	scoped_buf out;

	if (exchange->is_ended || exchange->has_begun)
		return;
	BUG_ON(exchange->onward != NULL || exchange->upstream != NULL);
	exchange->forward = *forward;
	exchange->upstream = upstream_ref(forward->upstream);
	exchange->upstream->inflight++;
	buf_init(&out, HEAD_MAX_BYTES);
	BUG_ON(buf_format(&out, "%.*s %.*s HTTP/1.1\r\nHost: %.*s\r\n", TEXT_ARGS(exchange->head->method),
		       TEXT_ARGS(forward->target), TEXT_ARGS(forward->host)) < 0);
	append_kept(&out, exchange->head, forward->keeps_request);
	BUG_ON(buf_append_text(&out, forward->extra) < 0 || buf_append(&out, "\r\n", 2) < 0);
	address_format_ip(&forward->upstream->options.address, ip);
	exchange->onward = wire_open(loop, ip, address_port(&forward->upstream->options.address),
		forward->upstream->options.connect_timeout_ms, buf_terminated(&out), &reader, exchange);
	if (forward->first_byte_timeout_ms > 0) {
		exchange->first_byte = loop_timer_new(loop, on_first_byte_late, exchange);
		loop_timer_set(exchange->first_byte, forward->first_byte_timeout_ms);
	}
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type, struct text extra, struct text body)
{
	scoped_buf head;
	scoped_buf text;

	if (exchange->is_ended || exchange->has_begun)
		return;
	end_onward(exchange);
	buf_init(&head, HEAD_MAX_BYTES);
	buf_init(&text, 4 << 20);
	BUG_ON(buf_format(&head, "HTTP/1.1 %d Own\r\nContent-Type: %s\r\n%.*s\r\n", status,
		       content_type != NULL ? content_type : "", TEXT_ARGS(extra)) < 0);
	BUG_ON(body.len > 0 && buf_append_text(&text, body) < 0);
	exchange->status = status;
	exchange->has_begun = true;
	exchange->first_byte_ms = agenda_now_ms();
	wire_answer(exchange->from, buf_terminated(&head), buf_terminated(&text));
	wire_finish(exchange->from);
	exchange->from = NULL;
	end_later(exchange, EXCHANGE_COMPLETE);
}

/* --- what a handler may ask --- */

const struct h1_head *exchange_head(const struct exchange *exchange)
{
	return exchange->head;
}

const struct address *exchange_client(const struct exchange *exchange)
{
	static struct address client;
	struct err err = { 0 };

	(void)exchange;
	if (client.len == 0)
		BUG_ON(address_of_ip(TEXT("10.99.0.1"), 40000, &client, &err) < 0);
	return &client;
}

struct arena *exchange_arena(struct exchange *exchange)
{
	if (exchange->arena == NULL)
		exchange->arena = arena_new(ARENA_MAX_BYTES);
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
	return !exchange->has_begun && !exchange->is_ended;
}

bool exchange_is_safe_to_repeat(const struct exchange *exchange)
{
	return text_is(exchange->head->method, "GET") && !exchange->has_begun;
}

void exchange_keep_of_answer(struct exchange *exchange, bool (*keeps)(struct text name))
{
	exchange->keeps_answer = keeps;
}

void exchange_add_answer_header(struct exchange *exchange, const char *name, const char *value)
{
	BUG_ON(append_header(&exchange->added, text_of(name), text_of(value)) < 0);
}

const char *exchange_close_name(enum exchange_close close)
{
	static const char *const names[] = { [EXCHANGE_COMPLETE] = "complete",
		[EXCHANGE_CLIENT_LEFT] = "client_left",
		[EXCHANGE_UPSTREAM_BROKE] = "upstream_broke",
		[EXCHANGE_SILENT] = "silent",
		[EXCHANGE_CLIENT_BROKE] = "client_broke",
		[EXCHANGE_STOPPED] = "stopped" };

	return names[close];
}

const char *exchange_failure_name(enum exchange_failure failure)
{
	static const char *const names[] = { [EXCHANGE_UNREACHABLE] = "unreachable",
		[EXCHANGE_UNSENT] = "unsent",
		[EXCHANGE_BROKEN] = "broken",
		[EXCHANGE_BAD_ANSWER] = "bad_answer",
		[EXCHANGE_FIRST_BYTE_LATE] = "first_byte_late" };

	return names[failure];
}

/* --- net/upstream.h --- */

struct upstream *upstream_new(struct loop *loop, const struct upstream_options *options)
{
	struct upstream *upstream = mem_alloc(sizeof(*upstream));

	(void)loop;
	upstream->references = 1;
	upstream->options = *options;
	if (upstream->options.connect_timeout_ms == 0)
		upstream->options.connect_timeout_ms = 5000;
	return upstream;
}

struct upstream *upstream_ref(struct upstream *upstream)
{
	upstream->references++;
	return upstream;
}

void upstream_unref(struct upstream **upstream)
{
	if (*upstream != NULL && --(*upstream)->references == 0) {
		BUG_ON((*upstream)->inflight != 0);
		mem_release(*upstream);
	}
	*upstream = NULL;
}

void upstream_retire(struct upstream *upstream)
{
	(void)upstream;
}

int upstream_inflight(const struct upstream *upstream)
{
	return upstream->inflight;
}

const struct address *upstream_address(const struct upstream *upstream)
{
	return &upstream->options.address;
}

/* --- net/listener.h --- */

struct listener *listener_new(struct loop *loop, const struct listener_options *options, struct err *err)
{
	struct listener *listener = mem_alloc(sizeof(*listener));

	(void)err;
	listener->options = *options;
	listener->loop = loop;
	listener->server = (struct server){ .loop = loop, .port = loop->port, .arg = listener, .on_request = on_request };
	(void)snprintf(listener->server.ip, sizeof(listener->server.ip), "%s", loop->ip);
	server_start(&listener->server);
	return listener;
}

void listener_drain(struct listener *listener)
{
	server_stop(&listener->server);
}

static void cut(struct exchange *exchange)
{
	if (exchange->is_ended)
		return;
	end_onward(exchange);
	wire_break(exchange->from);
	exchange->from = NULL;
	end_later(exchange, EXCHANGE_STOPPED);
}

void listener_abort(struct listener *listener)
{
	for (struct exchange *exchange = listener->exchanges; exchange != NULL; exchange = exchange->next)
		cut(exchange);
}

/* Deferred ends come before the process is freed, but their listener must be there. */
void listener_free(struct listener **listener)
{
	if (*listener == NULL)
		return;
	server_stop(&(*listener)->server);
	while ((*listener)->exchanges != NULL) {
		struct exchange *exchange = (*listener)->exchanges;

		if (!exchange->is_ended) {
			end_onward(exchange);
			wire_break(exchange->from);
			exchange->close = EXCHANGE_STOPPED;
		}
		finish(exchange);
	}
	mem_release(*listener);
	*listener = NULL;
}

void listener_close_after_answers(struct listener *listener, bool closes)
{
	(void)listener;
	(void)closes;
}

int listener_exchanges(const struct listener *listener)
{
	return listener->count;
}

int listener_connections(const struct listener *listener)
{
	return listener->count;
}

int64_t listener_held_bytes(const struct listener *listener)
{
	(void)listener;
	return 0;
}

uint16_t listener_port(const struct listener *listener)
{
	return listener->server.port;
}

const char *listener_deadline_name(enum listener_deadline deadline)
{
	(void)deadline;
	return "deadline";
}

/* --- event streams that begin before their answer: no Agent here asks for them --- */

bool exchange_can_open_events(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

bool exchange_has_events(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

void exchange_open_events(struct exchange *exchange, struct text extra)
{
	(void)exchange;
	(void)extra;
	BUG_ON("it may not");
}

void exchange_comment(struct exchange *exchange, struct text words)
{
	(void)exchange;
	(void)words;
}

bool exchange_is_event_answer(const struct h1_head *answer)
{
	return answer->status == 200 && h1_headers_is_event_stream(answer);
}
