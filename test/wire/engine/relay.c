/* SPDX-License-Identifier: Apache-2.0 */
/* A relay for wire tests: all that comes goes to one upstream, through the engine and nothing else. Answers that carry
   `Krypton-Reason` are taken back and the request goes to the second upstream; `/hold` is kept until the client leaves,
   `/own` is answered by the relay. What comes to `/line` waits for `--comments` comments in an event stream, where that can be,
   before it goes on, `/line/own` before it is answered, `/line/hold` and, with a thousand at a time, `/line/flood` for ever (all
   where `--comments` says how many). How each exchange ended is one line on standard output. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/daemon.h"
#include "base/loop.h"
#include "base/options.h"
#include "net/exchange.h"
#include "net/listener.h"

#define FLOOD_COMMENTS 1000

struct settings {
	const char *listen;
	const char *upstream;
	const char *second;
	int64_t comments, comment_ms, first_byte_ms, idle_ms, head_ms, body_ms, connect_ms, stream_idle_ms, max_body, max_held,
		max_connections;
	bool confirms, is_quiet, dials_posts;
};

static const struct option options[] = {
	{ .name = "listen",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, listen),
		.fallback = "127.0.0.1:0",
		.sentence = "where clients come" },
	{ .name = "upstream",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, upstream),
		.sentence = "where requests go" },
	{ .name = "second",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, second),
		.sentence = "where they go when the first gives them back" },
	{ .name = "first-byte",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, first_byte_ms),
		.fallback = "0s",
		.sentence = "an answer must begin within" },
	{ .name = "idle",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, idle_ms),
		.fallback = "0s",
		.sentence = "between requests of a client" },
	{ .name = "head",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, head_ms),
		.fallback = "0s",
		.sentence = "a head must be there within" },
	{ .name = "body",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, body_ms),
		.fallback = "0s",
		.sentence = "a body must not be silent for" },
	{ .name = "connect",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, connect_ms),
		.fallback = "2s",
		.sentence = "a dial must end within" },
	{ .name = "stream-idle",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, stream_idle_ms),
		.fallback = "0s",
		.sentence = "silence of an answer" },
	{ .name = "max-body",
		.type = OPTION_BYTES,
		.offset = offsetof(struct settings, max_body),
		.fallback = "0",
		.sentence = "of a request" },
	{ .name = "max-held",
		.type = OPTION_BYTES,
		.offset = offsetof(struct settings, max_held),
		.fallback = "0",
		.sentence = "of all requests" },
	{ .name = "max-connections",
		.type = OPTION_INT,
		.offset = offsetof(struct settings, max_connections),
		.fallback = "0",
		.sentence = "of clients" },
	{ .name = "dials-posts",
		.type = OPTION_BOOL,
		.offset = offsetof(struct settings, dials_posts),
		.sentence = "any idle time is too long for a POST" },
	{ .name = "confirms",
		.type = OPTION_BOOL,
		.offset = offsetof(struct settings, confirms),
		.sentence = "the upstream sends 100" },
	{ .name = "comments",
		.type = OPTION_INT,
		.offset = offsetof(struct settings, comments),
		.fallback = "0",
		.sentence = "to those in the line; 0: there is none" },
	{ .name = "comment-every",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, comment_ms),
		.fallback = "20ms",
		.sentence = "between two of them" },
	{ .name = "quiet", .type = OPTION_BOOL, .offset = offsetof(struct settings, is_quiet), .sentence = "say nothing of ends" },
};

static struct settings settings;
static struct loop *loop;
static struct upstream *first, *second;
static struct listener *listener;

static void forward(struct exchange *exchange, struct upstream *upstream);

static enum exchange_verdict on_answer(void *arg, struct exchange *exchange, const struct h1_head *answer)
{
	(void)arg;
	if (second != NULL && h1_head_get(answer, "krypton-reason").at != NULL && exchange_can_repeat(exchange)) {
		forward(exchange, second);
		return EXCHANGE_TAKE_BACK;
	}
	exchange_add_answer_header(exchange, "X-Relay", "1");
	return EXCHANGE_PASS;
}

static void on_failure(void *arg, struct exchange *exchange, enum exchange_failure failure, const char *detail)
{
	char extra[512];
	(void)arg;
	bool was_unsent = failure == EXCHANGE_UNREACHABLE || failure == EXCHANGE_UNSENT;
	if (second != NULL && was_unsent && exchange_owner_data(exchange) == NULL) {
		exchange_set_owner_data(exchange, second);
		forward(exchange, second);
		return;
	}
	int len = snprintf(extra, sizeof(extra), "X-Failure: %s\r\nX-Detail: %s\r\n", exchange_failure_name(failure), detail);
	exchange_answer(exchange, failure == EXCHANGE_FIRST_BYTE_LATE ? 504 : 502, "text/plain",
		(struct text){ extra, (size_t)len }, TEXT("failed\n"));
}

static bool keeps_answer(struct text name)
{
	return !text_is_folded(name, "x-secret");
}

static void forward(struct exchange *exchange, struct upstream *upstream)
{
	const struct h1_head *head = exchange_head(exchange);
	struct text target = head->path;
	if (head->query.at != NULL)
		target.len += 1 + head->query.len;
	const struct exchange_forward onward = {
		.upstream = upstream,
		.target = target,
		.host = TEXT("upstream"),
		.keeps_answer = keeps_answer,
		.first_byte_timeout_ms = settings.first_byte_ms,
		.confirms_large_bodies = settings.confirms,
		.on_answer = on_answer,
		.on_failure = on_failure,
	};
	exchange_forward(exchange, &onward);
}

/* --- the line --- */

/* In its exchange's arena, and its owner data. */
struct place {
	struct exchange *exchange;
	struct loop_timer *timer;
	int64_t left;
};

static void on_comment_due(void *arg)
{
	struct place *place = arg;
	const struct h1_head *head = exchange_head(place->exchange);
	if (place->left == 0 && text_is(head->path, "/line/own")) {
		exchange_answer(place->exchange, 503, "text/plain", TEXT("Retry-After: 1\r\n"), TEXT("own answer\nof two lines\n"));
	} else if (place->left == 0) {
		forward(place->exchange, first);
	} else {
		place->left -= text_is(head->path, "/line/hold") || text_is(head->path, "/line/flood") ? 0 : 1;
		exchange_open_events(place->exchange, TEXT("X-Opened: 1\r\n"));
		for (int i = 0; i < (text_is(head->path, "/line/flood") ? FLOOD_COMMENTS : 1); i++)
			exchange_comment(place->exchange, TEXT("waiting"));
		loop_timer_set(place->timer, settings.comment_ms);
	}
}

static void wait_in_line(struct exchange *exchange)
{
	struct place *place = arena_take(exchange_arena(exchange), sizeof(*place));
	*place = (struct place){ .exchange = exchange, .left = settings.comments };
	place->timer = loop_timer_new(loop, on_comment_due, place);
	exchange_set_owner_data(exchange, place);
	on_comment_due(place);
}

static void leave_line(struct exchange *exchange)
{
	struct place *place = exchange_owner_data(exchange);
	loop_timer_free(&place->timer);
}

static bool is_for_line(const struct exchange *exchange)
{
	return settings.comments > 0 && text_has_prefix(exchange_head(exchange)->path, "/line");
}

static void on_request(void *arg, struct exchange *exchange)
{
	const struct h1_head *head = exchange_head(exchange);
	(void)arg;
	if (text_is(head->path, "/hold"))
		return;
	if (is_for_line(exchange))
		wait_in_line(exchange);
	else if (text_is(head->path, "/own"))
		exchange_answer(exchange, 503, "text/plain", TEXT("Retry-After: 1\r\n"), TEXT("own answer\n"));
	else
		forward(exchange, first);
}

static void tell_end(struct exchange *exchange, const struct exchange_end *end)
{
	const struct h1_head *head = exchange_head(exchange);
	printf("%.*s %.*s %s status=%d in=%lld out=%lld tunnel=%d inflight=%d\n", TEXT_ARGS(head->method), TEXT_ARGS(head->path),
		exchange_close_name(end->close), end->status, (long long)end->request_bytes, (long long)end->answer_bytes,
		end->was_tunnel, upstream_inflight(first));
	(void)fflush(stdout);
}

static void on_end(void *arg, struct exchange *exchange, const struct exchange_end *end)
{
	(void)arg;
	if (is_for_line(exchange))
		leave_line(exchange);
	if (!settings.is_quiet)
		tell_end(exchange, end);
}

static void on_deadline(void *arg, enum listener_deadline deadline)
{
	(void)arg;
	if (settings.is_quiet)
		return;
	printf("deadline %s\n", listener_deadline_name(deadline));
	(void)fflush(stdout);
}

static void on_refused(void *arg, const struct listener_refusal *refusal)
{
	char client[ADDRESS_TEXT_BYTES];
	(void)arg;
	if (settings.is_quiet)
		return;
	address_format_ip(refusal->client, client);
	printf("refused %d %s: %s from %s\n", refusal->status, refusal->reason, refusal->why, client);
	(void)fflush(stdout);
}

static void on_full(void *arg)
{
	(void)arg;
	if (settings.is_quiet)
		return;
	printf("full\n");
	(void)fflush(stdout);
}

static void on_stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void on_drain(void *arg)
{
	(void)arg;
	listener_drain(listener);
	printf("drains\n");
	(void)fflush(stdout);
}

static struct upstream *make_upstream(const char *text)
{
	struct err err = { 0 };
	struct upstream_options upstream_options = { .connect_timeout_ms = settings.connect_ms,
		.reuse_unsafe_ms = settings.dials_posts ? -1 : 0 };
	if (text == NULL)
		return NULL;
	if (address_parse(text_of(text), &upstream_options.address, &err) < 0)
		exit(daemon_refuse("relay", &err));
	return upstream_new(loop, &upstream_options);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	daemon_setup("relay", getenv("RELAY_DEBUG") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	switch (options_parse(
		options, ARRAY_LEN(options), &settings, "relay", "0", "forwards all to one upstream", argc, argv, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse("relay", &err);
	case OPTIONS_RUN: break;
	}
	loop = loop_new();
	first = make_upstream(settings.upstream);
	second = make_upstream(settings.second);
	const struct listener_options listener_options = {
		.address = settings.listen,
		.max_head_bytes = 16384,
		.max_target_bytes = 4096,
		.max_body_bytes = settings.max_body,
		.max_held_bytes = settings.max_held,
		.max_connections = (int)settings.max_connections,
		.head_timeout_ms = settings.head_ms,
		.body_timeout_ms = settings.body_ms,
		.idle_timeout_ms = settings.idle_ms,
		.stream_idle_timeout_ms = settings.stream_idle_ms,
		.on_request = on_request,
		.on_end = on_end,
		.on_deadline = on_deadline,
		.on_refused = on_refused,
		.on_full = on_full,
	};
	listener = listener_new(loop, &listener_options, &err);
	if (listener == NULL)
		return daemon_refuse("relay", &err);
	printf("listening on %d\n", (int)listener_port(listener));
	(void)fflush(stdout);
	daemon_on_stop(loop, on_stop, NULL);
	loop_on_signal(loop, SIGUSR1, on_drain, NULL);
	loop_run(loop);
	listener_free(&listener);
	upstream_unref(&first);
	upstream_unref(&second);
	loop_free(&loop);
	return 0;
}
