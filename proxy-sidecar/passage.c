/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal says by Krypton-Reason that nothing reached the agent: then, and only then, the gateway may try another pod. */
#include "proxy-sidecar/passage.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/loop.h"
#include "krypton/labels.h"
#include "net/h1_headers.h"
#include "net/problem.h"
#include "proxy-sidecar/hint.h"

#define REJECTED_LOG_PERIOD_MS 1000
#define EXTRA_MAX_BYTES        (16 * 1024)

struct refusal {
	int status;
	const char *wire_reason;   /* Krypton-Reason; NULL: it may have reached the agent */
	const char *metric_reason; /* of krypton_proxy_rejected_total; NULL: not counted there */
	const char *extra;
	struct problem problem; /* the hint's places are to be filled in */
};

static const struct refusal OVER_CAPACITY = { 503, REASON_OVER_CAPACITY, "over_capacity", "Retry-After: 1\r\n",
	{ .error = "the pod is at its concurrency",
		.reason = "OverCapacity",
		.hint = HINT_EDIT "; raise spec.concurrency or spec.maxReplicas, or try again" } };
static const struct refusal SHUT = { 503, REASON_DRAINING, "shutting_down", "Retry-After: 1\r\n",
	{ .error = "the pod is draining", .reason = "Draining", .hint = "try again: another pod takes over" } };
static const struct refusal UNREACHABLE = { 502, REASON_AGENT_UNREACHABLE, NULL, "",
	{ .error = "the agent does not accept connections",
		.reason = "AgentUnreachable",
		.hint = HINT_LOGS "; it is to listen on spec.port" } };
static const struct refusal BROKEN = { 502, NULL, NULL, "",
	{ .error = "the agent closed the connection before it answered",
		.reason = "AgentClosedConnection",
		.hint = HINT_LOGS "; the request may have been carried out" } };
static const struct refusal BAD_ANSWER = { 502, NULL, NULL, "",
	{ .error = "the agent's answer is not HTTP/1.1",
		.reason = "AgentBadAnswer",
		.hint = HINT_LOGS "; look at what listens on spec.port" } };

/* One line a second at most; it says how many it stands for. */
static void log_rejected(struct sidecar *sidecar, const struct refusal *refusal)
{
	int64_t now_ms = loop_now_ms(sidecar->loop);

	sidecar->rejected_unlogged++;
	if (sidecar->rejected_logged_ms != 0 && now_ms - sidecar->rejected_logged_ms < REJECTED_LOG_PERIOD_MS)
		return;
	log_info("request.rejected", LOG_STR("agent", sidecar->options->agent_name),
		LOG_STR("namespace", sidecar->options->agent_namespace), LOG_STR("reason", refusal->metric_reason),
		LOG_INT("count", sidecar->rejected_unlogged), LOG_INT("inflight", sidecar->gate.requests));
	sidecar->rejected_unlogged = 0;
	sidecar->rejected_logged_ms = now_ms;
}

static void refuse(struct sidecar *sidecar, struct visit *visit, const struct refusal *refusal)
{
	struct problem problem = refusal->problem;
	scoped_buf extra;
	scoped_buf hint;
	scoped_buf body;

	buf_init(&extra, 1024);
	buf_init(&hint, HINT_BYTES);
	buf_init(&body, 4096);
	if (refusal->metric_reason != NULL) {
		metrics_add(sidecar->metrics, METRIC_REJECTED,
			METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace, refusal->metric_reason), 1);
		log_rejected(sidecar, refusal);
	}
	(void)buf_append_terminated(&extra, refusal->extra);
	if (refusal->wire_reason != NULL)
		(void)buf_format(&extra, HEADER_REASON ": %s\r\n", refusal->wire_reason);
	if (visit->by_gateway)
		(void)buf_format(&extra, HEADER_INFLIGHT ": %d\r\n", sidecar->gate.requests);
	(void)!hint_append(problem.hint, sidecar->options->agent_namespace, sidecar->options->agent_name, &hint);
	problem.hint = buf_terminated(&hint);
	(void)problem_format(&problem, &body);
	exchange_answer(visit->exchange, refusal->status, "application/json", buf_text(&extra), buf_text(&body));
}

static enum exchange_verdict on_answer(void *arg, struct exchange *exchange, const struct h1_head *answer)
{
	struct sidecar *sidecar = arg;
	struct visit *visit = exchange_owner_data(exchange);
	enum gate_class as = gate_class_of_answer(sidecar_is_mcp(sidecar), exchange_head(exchange), answer);
	char running[16];

	if (as != visit->as) {
		gate_leave(&sidecar->gate, visit->as);
		gate_enter(&sidecar->gate, as);
		visit->as = as;
	}
	if (visit->by_gateway) {
		(void)snprintf(running, sizeof(running), "%d", sidecar->gate.requests);
		exchange_add_answer_header(exchange, HEADER_INFLIGHT, running);
	}
	return EXCHANGE_PASS;
}

static void on_failure(void *arg, struct exchange *exchange, enum exchange_failure failure, const char *detail)
{
	struct sidecar *sidecar = arg;
	struct visit *visit = exchange_owner_data(exchange);

	log_debug("request.failed", LOG_STR("failure", exchange_failure_name(failure)), LOG_STR("detail", detail));
	readiness_recheck(sidecar->readiness);
	switch (failure) {
	case EXCHANGE_UNREACHABLE:
	case EXCHANGE_UNSENT: refuse(sidecar, visit, &UNREACHABLE); break;
	case EXCHANGE_BAD_ANSWER: refuse(sidecar, visit, &BAD_ANSWER); break;
	case EXCHANGE_BROKEN:
	case EXCHANGE_FIRST_BYTE_LATE: refuse(sidecar, visit, &BROKEN); break;
	}
}

static bool keeps_all_but_ours(struct text name)
{
	return !text_has_prefix_folded(name, HEADER_PREFIX);
}

static bool keeps_for_service_client(struct text name)
{
	return keeps_all_but_ours(name) && !h1_headers_is_forwarding(name);
}

/* A client of the Service did not come through a gateway: we say where it came from. Peers of a pod are in the cluster, so what
   they say of their own client is passed on. */
static int add_forwarding(const struct visit *visit, struct buf *extra)
{
	const struct h1_head *head = exchange_head(visit->exchange);
	char client[ADDRESS_TEXT_BYTES];

	address_format_ip(exchange_client(visit->exchange), client);
	return h1_headers_forwarding(head,
		&(struct h1_forwarding){ .client_address = text_of(client),
			.peer_is_trusted = true,
			.scheme = TEXT("http"),
			.host = head->authority },
		extra);
}

/* Path and query as they were sent, also where the target was in absolute form. */
static struct text origin_form(const struct h1_head *head)
{
	struct text target = head->path;

	if (head->query.at != NULL)
		target.len = (size_t)(head->query.at + head->query.len - head->path.at);
	return target;
}

static void forward(struct sidecar *sidecar, struct visit *visit)
{
	char host[ADDRESS_TEXT_BYTES];
	scoped_buf extra;

	buf_init(&extra, EXTRA_MAX_BYTES);
	if (!visit->by_gateway && add_forwarding(visit, &extra) < 0) {
		exchange_answer(visit->exchange, 431, "text/plain", (struct text){ "", 0 }, TEXT("forwarding headers too large\n"));
		return;
	}
	address_format(&sidecar->options->upstream, host);
	exchange_forward(visit->exchange,
		&(struct exchange_forward){ .upstream = sidecar->agent,
			.target = origin_form(exchange_head(visit->exchange)),
			.host = text_of(host),
			.keeps_request = visit->by_gateway ? keeps_all_but_ours : keeps_for_service_client,
			.keeps_answer = keeps_all_but_ours,
			.via = "krypton-proxy",
			.extra = buf_text(&extra),
			.confirms_here = visit->by_gateway,
			.sends_once = true,
			.arg = sidecar,
			.on_answer = on_answer,
			.on_failure = on_failure });
}

void passage_begin(struct sidecar *sidecar, struct visit *visit)
{
	const struct h1_head *head = exchange_head(visit->exchange);
	enum gate_class as = gate_class_of_request(sidecar_is_mcp(sidecar), head);
	enum gate_verdict verdict = gate_admit(&sidecar->gate, visit->by_gateway, as, loop_now_ms(sidecar->loop));

	visit->kind = VISIT_REFUSED;
	if (verdict != GATE_ADMIT) {
		refuse(sidecar, visit, verdict == GATE_SHUT ? &SHUT : &OVER_CAPACITY);
		return;
	}
	visit->kind = VISIT_AGENT;
	visit->as = as;
	gate_enter(&sidecar->gate, as);
	sidecar->last_activity_ns = instant_wall_ns();
	forward(sidecar, visit);
}

void passage_end(struct sidecar *sidecar, struct visit *visit, const struct exchange_end *end)
{
	size_t class = (size_t)end->status / 100;

	if (visit->kind == VISIT_AGENT) {
		gate_leave(&sidecar->gate, visit->as);
		sidecar->last_activity_ns = instant_wall_ns();
	}
	if (class < ARRAY_LEN(sidecar->answered))
		sidecar->answered[class]++;
}
