/* SPDX-License-Identifier: Apache-2.0 */
/* A request is repeated at another pod only where nothing of it can have been carried out: the sidecar says so by Krypton-Reason,
   the dial failed, or it is idempotent, has no body and not a byte came back. All else is told to the client. */
#include "gateway/invocation.h"

#include <stdio.h>

#include "base/loop.h"
#include "gateway/gateway.h"
#include "gateway/keep_alive.h"
#include "gateway/location.h"
#include "gateway/wake.h"
#include "krypton/labels.h"
#include "net/h1_headers.h"

#define MAX_FAILURES       5
#define AVOID_DRAINING_MS  2000
#define AVOID_FULL_MS      500
#define EXTRA_MAX_BYTES    (32 * 1024)
#define DETAIL_BYTES       128
#define LOCATION_MAX_BYTES (4 * 1024) /* what is longer stays as it is */

static bool has_events(const struct invocation *invocation)
{
	return invocation->keep_alive != NULL && exchange_has_events(invocation->exchange);
}

static void refuse_as(struct invocation *invocation, enum refusal refusal, int status, const char *detail)
{
	const struct route *route = invocation->route;
	const struct agent *agent = route != NULL ? route->agent : NULL;
	struct refusal_facts facts = { .detail = detail, .event_status = has_events(invocation) ? status : 0 };
	scoped_buf body;
	scoped_buf extra;

	buf_init(&body, REFUSAL_MAX_BYTES);
	buf_init(&extra, 4096);
	if (route != NULL) {
		facts.name_space = route->name_space;
		facts.name = route->name;
	}
	if (refusal == REFUSAL_START_TIMEOUT && agent != NULL) {
		facts.reason = refusal_start_reason(agent->is_available ? NULL : agent->available_reason, route->seen_reason);
		if (facts.reason == route->seen_reason)
			facts.detail = route->seen_detail;
		else if (invocation->gateway->options->error_detail == ERROR_DETAIL_FULL && !agent->is_available)
			facts.detail = agent->available_message;
	}
	if (facts.reason == NULL || facts.reason[0] == '\0')
		facts.reason = refusal_reason(refusal);
	invocation->reason = arena_format(exchange_arena(invocation->exchange), "%s", facts.reason);
	if (route == NULL)
		gateway_note_refused(invocation->gateway,
			&(struct listener_refusal){ .status = status,
				.reason = invocation->reason,
				.why = refusal_error(refusal),
				.client = exchange_client(invocation->exchange) });
	(void)refusal_format(refusal, &facts, &body);
	(void)!refusal_headers(refusal, route != NULL ? route_retry_after_s(route) : 1, &extra);
	if (invocation->origin.at != NULL)
		(void)!origin_append_answer(invocation->origin, &extra);
	exchange_answer(invocation->exchange, status, "application/json", buf_text(&extra), buf_text(&body));
}

static void refuse_with(struct invocation *invocation, enum refusal refusal, const char *detail)
{
	refuse_as(invocation, refusal, refusal_status(refusal), detail);
}

/* The agent's answer is none that can go on in an event stream. */
static void refuse_answer(struct invocation *invocation, const struct h1_head *answer)
{
	struct text type = h1_head_get(answer, "Content-Type");
	char detail[DETAIL_BYTES];

	if (type.len == 0)
		type = TEXT("no Content-Type");
	(void)snprintf(detail, sizeof(detail), "it answered %d, %.*s", answer->status, TEXT_ARGS(type));
	refuse_as(invocation, REFUSAL_NO_EVENTS, answer->status, detail);
}

void invocation_refuse(struct invocation *invocation, enum refusal refusal)
{
	if (invocation->route != NULL)
		line_remove(&invocation->route->line, invocation);
	refuse_with(invocation, refusal, NULL);
}

/* It leaves the pod: its slot is free for whoever waits. */
static void leave_pod(struct invocation *invocation)
{
	if (invocation->pod == NULL)
		return;
	invocation->route->running--;
	service_rate_note(&invocation->route->rate, loop_now_ms(invocation->gateway->loop));
	if (!invocation->is_stream)
		invocation->pod->running--;
	pod_unref(&invocation->pod);
	if (invocation->route->line.count > 0)
		route_kick(invocation->route);
}

/* Whoever is the first to wait forms a line, which the scaler has not been told of. */
static void note_first(struct route *route)
{
	if (route->line.count == 0)
		route->is_line_told = false;
}

/* Back into the line, at its head, as nothing reached the agent. */
static void go_again(struct invocation *invocation, const char *reason)
{
	struct route *route = invocation->route;

	invocation->reason = reason;
	metrics_add(invocation->gateway->metrics, METRIC_REPEATS, METRIC_LABELS(route->name, route->name_space, reason), 1);
	leave_pod(invocation);
	note_first(route);
	line_push_front(&route->line, invocation);
	keep_alive_start(invocation);
	route_kick(route);
}

/* The sidecar refused it: what does that say of the pod? A full or draining pod costs no try, as the line bounds the wait. */
static const char *note_refusal(struct invocation *invocation, struct text reason, struct text inflight)
{
	struct pod *pod = invocation->pod;
	int64_t now_ms = loop_now_ms(invocation->gateway->loop), running;

	if (text_is(reason, REASON_OVER_CAPACITY)) {
		if (invocation->is_stream)
			invocation->failures++; /* of these there is a cap of its own, which nobody is told */
		else if (text_to_int(inflight, 1, INT32_MAX - 1, &running) == 0)
			pod_note_full(pod, (int)running, now_ms);
		else
			pod->avoid_until_ms = now_ms + AVOID_FULL_MS;
		return REASON_OVER_CAPACITY;
	}
	pod->is_warm = false;
	if (text_is(reason, REASON_DRAINING)) {
		pod->avoid_until_ms = now_ms + AVOID_DRAINING_MS;
		return REASON_DRAINING;
	}
	invocation->failures++;
	pod_note_unreachable(pod, now_ms);
	return REASON_AGENT_UNREACHABLE;
}

/* The answer tells whether it counts: a GET of an mcp agent answered with an event stream does not. */
static void note_stream(struct invocation *invocation, bool is_stream)
{
	if (is_stream == invocation->is_stream)
		return;
	invocation->is_stream = is_stream;
	invocation->pod->running += is_stream ? -1 : 1;
	if (is_stream)
		route_kick(invocation->route);
}

/* Less the client's address. */
static struct h1_forwarding forwarding_of(const struct invocation *invocation)
{
	const struct h1_head *head = exchange_head(invocation->exchange);
	const struct address *client = exchange_client(invocation->exchange);

	return (struct h1_forwarding){ .peer_is_trusted =
					       address_ranges_hold(&invocation->gateway->options->trusted_proxies, client),
		.scheme = TEXT("http"),
		.host = head->authority,
		.prefix = invocation->path.prefix };
}

static bool is_mcp_get(const struct invocation *invocation)
{
	const struct agent *agent = invocation->route->agent;

	return agent != NULL && agent->protocol == AGENT_MCP && text_is(exchange_head(invocation->exchange)->method, "GET");
}

static bool keeps_answer(struct text name)
{
	return !text_has_prefix_folded(name, HEADER_PREFIX);
}

static bool keeps_answer_but_locations(struct text name)
{
	return keeps_answer(name) && !text_is_folded(name, "location") && !text_is_folded(name, "content-location");
}

/* Where the agent points to itself, clients are pointed here. */
static void map_locations(struct invocation *invocation, const struct h1_head *answer)
{
	static const char *const NAMES[] = { "Location", "Content-Location" };
	const struct h1_forwarding forwarding = forwarding_of(invocation);
	const struct location_place place = {
		.outside = h1_headers_public(exchange_head(invocation->exchange), &forwarding),
		.prefix = invocation->path.prefix,
		.rest = invocation->path.rest,
		.name_space = invocation->path.name_space,
		.name = invocation->path.name,
		.pod_ip = text_of(invocation->pod->ip),
		.port = invocation->agent_port,
	};
	struct buf mapped[ARRAY_LEN(NAMES)];
	bool is_mapped = false, fits = true;

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		struct text value = h1_head_get(answer, NAMES[i]);

		buf_init(&mapped[i], LOCATION_MAX_BYTES);
		if (value.len == 0)
			continue;
		if (location_map(value, &place, &mapped[i])) {
			is_mapped = true;
			continue;
		}
		buf_clear(&mapped[i]);
		fits = buf_append_text(&mapped[i], value) == 0 && fits;
	}
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		if (is_mapped && fits && buf_len(&mapped[i]) > 0)
			exchange_add_answer_header(invocation->exchange, NAMES[i], buf_terminated(&mapped[i]));
		buf_fini(&mapped[i]);
	}
	if (is_mapped && fits)
		exchange_keep_of_answer(invocation->exchange, keeps_answer_but_locations);
}

/* A page may read the answer. An agent that does CORS itself is left alone; caches learn that answers differ by Origin. */
static void add_cors(struct invocation *invocation, const struct h1_head *answer)
{
	struct exchange *exchange = invocation->exchange;

	if (!invocation->gateway->options->allowed_origins.is_set || h1_head_get(answer, "Access-Control-Allow-Origin").at != NULL)
		return;
	exchange_add_answer_header(exchange, "Vary", "Origin");
	if (invocation->origin.at == NULL)
		return;
	exchange_add_answer_header(
		exchange, "Access-Control-Allow-Origin", arena_copy(exchange_arena(exchange), invocation->origin));
	exchange_add_answer_header(exchange, "Access-Control-Expose-Headers", ORIGIN_EXPOSED);
}

static enum exchange_verdict on_answer(void *arg, struct exchange *exchange, const struct h1_head *answer)
{
	struct invocation *invocation = arg;
	struct text reason = h1_head_get(answer, HEADER_REASON);
	struct text inflight = h1_head_get(answer, HEADER_INFLIGHT);
	int64_t running;

	if (reason.at != NULL) {
		int failures = invocation->failures;
		const char *why = note_refusal(invocation, reason, inflight);
		bool has_tries = invocation->failures == failures || invocation->failures < MAX_FAILURES;

		if (has_tries && exchange_can_repeat(exchange)) {
			go_again(invocation, why);
			return EXCHANGE_TAKE_BACK;
		}
		if (has_events(invocation)) {
			refuse_with(invocation, text_is(reason, REASON_OVER_CAPACITY) ? REFUSAL_QUEUE_TIMEOUT : REFUSAL_UNREACHABLE,
				NULL);
			return EXCHANGE_PASS;
		}
		invocation->reason = why;
		add_cors(invocation, answer);
		return EXCHANGE_PASS;
	}
	pod_note_reached(invocation->pod);
	note_stream(invocation, is_mcp_get(invocation) && answer->status == 200 && h1_headers_is_event_stream(answer));
	if (text_to_int(inflight, 0, INT32_MAX, &running) == 0)
		pod_note_inflight(invocation->pod, (int)running, loop_now_ms(invocation->gateway->loop));
	if (has_events(invocation) && !exchange_is_event_answer(answer)) {
		refuse_answer(invocation, answer);
		return EXCHANGE_PASS;
	}
	if (h1_headers_is_event_stream(answer) && h1_head_get(answer, "X-Accel-Buffering").at == NULL)
		exchange_add_answer_header(exchange, "X-Accel-Buffering", "no");
	add_cors(invocation, answer);
	if (h1_head_get(answer, "Location").at != NULL || h1_head_get(answer, "Content-Location").at != NULL)
		map_locations(invocation, answer);
	return EXCHANGE_PASS;
}

static void on_failure(void *arg, struct exchange *exchange, enum exchange_failure failure, const char *detail)
{
	struct invocation *invocation = arg;
	int64_t now_ms = loop_now_ms(invocation->gateway->loop);
	bool nothing_sent = failure == EXCHANGE_UNREACHABLE || failure == EXCHANGE_UNSENT;
	bool may_repeat = (nothing_sent && exchange_can_repeat(exchange)) ||
		(failure == EXCHANGE_BROKEN && exchange_is_safe_to_repeat(exchange));

	if (failure == EXCHANGE_UNREACHABLE)
		pod_note_unreachable(invocation->pod, now_ms);
	invocation->failures++;
	/* Pods that went all at once are no agent that cannot be reached: their slice will say so, or whoever is dialled next
	 * answers. */
	if (may_repeat && (invocation->failures < MAX_FAILURES || pod_may_be_gone(invocation->pod, now_ms))) {
		go_again(invocation, exchange_failure_name(failure));
		return;
	}
	switch (failure) {
	case EXCHANGE_UNREACHABLE:
	case EXCHANGE_UNSENT:
		refuse_with(invocation, REFUSAL_UNREACHABLE,
			invocation->gateway->options->error_detail == ERROR_DETAIL_FULL ? detail : NULL);
		break;
	case EXCHANGE_BROKEN: refuse_with(invocation, REFUSAL_CLOSED, NULL); break;
	case EXCHANGE_BAD_ANSWER: refuse_with(invocation, REFUSAL_BAD_ANSWER, NULL); break;
	case EXCHANGE_FIRST_BYTE_LATE: refuse_with(invocation, REFUSAL_FIRST_BYTE_LATE, NULL); break;
	}
}

static bool keeps_request(struct text name)
{
	return !text_has_prefix_folded(name, HEADER_PREFIX) && !h1_headers_is_forwarding(name);
}

/* The answer's head, which would tell its coding, is not passed on. */
static bool keeps_request_for_events(struct text name)
{
	return keeps_request(name) && !text_is_folded(name, "accept-encoding");
}

static int add_headers(const struct invocation *invocation, struct buf *extra)
{
	struct h1_forwarding forwarding = forwarding_of(invocation);
	char ip[ADDRESS_TEXT_BYTES];

	address_format_ip(exchange_client(invocation->exchange), ip);
	forwarding.client_address = text_of(ip);
	if (h1_headers_forwarding(exchange_head(invocation->exchange), &forwarding, extra) < 0)
		return -1;
	if (has_events(invocation) && buf_append_terminated(extra, "Accept-Encoding: identity\r\n") < 0)
		return -1;
	return buf_append_terminated(extra, HEADER_GATEWAY ": 1\r\n");
}

/* What is behind the prefix, verbatim; a bare agent path is "/". Made once: how often a request is sent on is not bounded, and its
   memory is. */
static struct text target_of(struct invocation *invocation)
{
	struct text rest = invocation->path.rest;

	if (rest.len > 0 && rest.at[0] == '/')
		return rest;
	if (invocation->target == NULL)
		invocation->target = arena_format(exchange_arena(invocation->exchange), "/%.*s", TEXT_ARGS(rest));
	return text_of(invocation->target);
}

void invocation_forward(struct invocation *invocation, struct pod *pod)
{
	struct route *route = invocation->route;
	char host[ADDRESS_TEXT_BYTES];
	scoped_buf extra;

	line_remove(&route->line, invocation);
	invocation->attempts++;
	invocation->agent_port = route->agent->port;
	invocation->forwarded_ms = loop_now_ms(invocation->gateway->loop);
	invocation->pod = pod_ref(pod);
	if (!invocation->is_stream)
		pod->running++;
	route->running++;
	buf_init(&extra, EXTRA_MAX_BYTES);
	if (add_headers(invocation, &extra) < 0) {
		refuse_with(invocation, REFUSAL_BAD_PATH, "forwarding headers are too large");
		return;
	}
	(void)snprintf(host, sizeof(host), "127.0.0.1:%d", invocation->agent_port);
	exchange_forward(invocation->exchange,
		&(struct exchange_forward){ .upstream = pod->upstream,
			.target = target_of(invocation),
			.host = text_of(host),
			.keeps_request = has_events(invocation) ? keeps_request_for_events : keeps_request,
			.keeps_answer = keeps_answer,
			.via = "krypton-gateway",
			.extra = buf_text(&extra),
			.first_byte_timeout_ms = route->agent->timeout_ms,
			.confirms_large_bodies = true,
			.arg = invocation,
			.on_answer = on_answer,
			.on_failure = on_failure });
}

/* A new request: to a pod if one is free and nobody is before it, else into the line. */
static void join(struct invocation *invocation)
{
	struct route *route = invocation->route;
	struct pod *pod = NULL;

	wake_note_invocation(route->wake);
	if (invocation->is_stream && (pod = route_pick_any(route)) != NULL) {
		invocation_forward(invocation, pod);
		return;
	}
	if ((int64_t)route->line.count >= invocation->gateway->options->max_buffer_per_agent) {
		refuse_with(invocation, REFUSAL_BUFFER_FULL, NULL);
		return;
	}
	invocation->was_cold = route_usable_pods(route, invocation->arrived_ms) == 0;
	note_first(route);
	line_push_back(&route->line, invocation);
	route_dispatch(route);
	keep_alive_start(invocation);
}

static void answer_preflight(struct invocation *invocation)
{
	scoped_buf extra;

	buf_init(&extra, EXTRA_MAX_BYTES);
	(void)!origin_append_preflight(exchange_head(invocation->exchange), invocation->origin, &extra);
	exchange_answer(invocation->exchange, 204, NULL, buf_text(&extra), (struct text){ NULL, 0 });
}

/* Before anything else is looked at. False: the request is answered. */
static bool admit(struct invocation *invocation)
{
	const struct gateway_options *options = invocation->gateway->options;
	const struct h1_head *head = exchange_head(invocation->exchange);

	if (!host_is_allowed(&options->allowed_hosts, head->authority)) {
		refuse_with(invocation, REFUSAL_BAD_HOST, NULL);
		return false;
	}
	if (!options->allowed_origins.is_set)
		return true;
	switch (origin_judge(&options->allowed_origins, head, &invocation->origin)) {
	case ORIGIN_FORBIDDEN: refuse_with(invocation, REFUSAL_BAD_ORIGIN, NULL); return false;
	case ORIGIN_NONE: return true;
	case ORIGIN_ALLOWED: break;
	}
	if (!origin_is_preflight(head))
		return true;
	answer_preflight(invocation);
	return false;
}

void invocation_begin(struct gateway *gateway, struct exchange *exchange)
{
	struct invocation *invocation = arena_take(exchange_arena(exchange), sizeof(*invocation));

	invocation->gateway = gateway;
	invocation->exchange = exchange;
	invocation->arrived_ms = loop_now_ms(gateway->loop);
	exchange_set_owner_data(exchange, invocation);
	if (!admit(invocation))
		return;
	if (!agent_path_parse(exchange_head(exchange), &invocation->path)) {
		refuse_with(invocation, REFUSAL_BAD_PATH, NULL);
		return;
	}
	invocation->route = routes_find(gateway->routes, invocation->path.name_space, invocation->path.name);
	if (invocation->route == NULL) {
		refuse_with(invocation, routes_are_complete(gateway->routes) ? REFUSAL_NO_AGENT : REFUSAL_STARTING, NULL);
		return;
	}
	route_ref(invocation->route);
	invocation->is_stream = is_mcp_get(invocation) && h1_headers_lists(exchange_head(exchange), "Accept", "text/event-stream");
	join(invocation);
}

static void log_ended(const struct invocation *invocation, const struct exchange_end *end)
{
	const struct h1_head *head = exchange_head(invocation->exchange);
	int64_t waited_ms = (invocation->forwarded_ms != 0 ? invocation->forwarded_ms : end->ended_ms) - invocation->arrived_ms;

	log_info("invocation.ended", LOG_STR("agent", invocation->route->name), LOG_STR("namespace", invocation->route->name_space),
		LOG_TEXT("method", head->method), LOG_INT("status", end->status), LOG_STR("close", exchange_close_name(end->close)),
		LOG_INT("duration_ms", end->ended_ms - end->started_ms),
		LOG_INT("first_byte_ms", end->first_byte_ms != 0 ? end->first_byte_ms - end->started_ms : -1),
		LOG_INT("waited_ms", waited_ms), LOG_INT("cold_start_ms", invocation->was_cold ? waited_ms : 0),
		LOG_INT("attempts", invocation->attempts), LOG_STR("pod_ip", invocation->pod != NULL ? invocation->pod->ip : ""),
		LOG_STR("reason", invocation->reason != NULL ? invocation->reason : ""),
		LOG_INT("request_bytes", end->request_bytes), LOG_INT("answer_bytes", end->answer_bytes));
}

static void count_ended(const struct invocation *invocation, const struct exchange_end *end)
{
	const struct route *route = invocation->route;
	struct metrics *metrics = invocation->gateway->metrics;
	char status[16];

	(void)snprintf(status, sizeof(status), "%d", end->status);
	metrics_add(metrics, METRIC_INVOCATIONS, METRIC_LABELS(route->name, route->name_space, status), 1);
	metrics_observe(metrics, METRIC_INVOCATION_DURATION, METRIC_LABELS(route->name, route->name_space),
		(double)(end->ended_ms - end->started_ms) / 1000);
}

void invocation_end(struct invocation *invocation, const struct exchange_end *end)
{
	struct route *route = invocation->route;

	if (route == NULL)
		return;
	keep_alive_end(invocation);
	line_remove(&route->line, invocation);
	if (route->agent != NULL) /* else its series are forgotten already, and would come back for good */
		count_ended(invocation, end);
	log_ended(invocation, end);
	leave_pod(invocation);
	route_unref(&invocation->route);
}
