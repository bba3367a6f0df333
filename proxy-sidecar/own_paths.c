/* SPDX-License-Identifier: Apache-2.0 */
/* The sidecar's own paths. Those that change something want the agent's token: where a request comes from proves nothing. */
#include "proxy-sidecar/own_paths.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/loop.h"
#include "krypton/labels.h"
#include "net/problem.h"
#include "net/uri.h"
#include "proxy-sidecar/drain.h"
#include "proxy-sidecar/hint.h"
#include "proxy-sidecar/waiting.h"

#define READY_WAIT_MAX_MS 60000
#define METRICS_MAX_BYTES (256 * 1024)

static const struct text NO_EXTRA = { "", 0 };

static void answer_text(struct visit *visit, int status, const char *body)
{
	exchange_answer(visit->exchange, status, "text/plain; charset=utf-8", NO_EXTRA, text_of(body));
}

static void answer_problem(struct visit *visit, int status, const char *error, const char *reason, const char *hint)
{
	scoped_buf body;

	buf_init(&body, 4096);
	(void)problem_format(&(struct problem){ .error = error, .reason = reason, .hint = hint }, &body);
	exchange_answer(visit->exchange, status, "application/json", NO_EXTRA, buf_text(&body));
}

/* With a hint that names the agent. */
static void answer_problem_of(
	struct sidecar *sidecar, struct visit *visit, int status, const char *error, const char *reason, const char *hint)
{
	scoped_buf filled;

	buf_init(&filled, HINT_BYTES);
	(void)!hint_append(hint, sidecar->options->agent_namespace, sidecar->options->agent_name, &filled);
	answer_problem(visit, status, error, reason, buf_terminated(&filled));
}

/* "8081, 9000" */
static const char *list_ports(const struct sidecar *sidecar, const char *separator, struct buf *out)
{
	const struct sockets_ports *ports = readiness_ports(sidecar->readiness);

	for (size_t i = 0; i < ports->count; i++)
		(void)buf_format(out, "%s%u", i > 0 ? separator : "", ports->ports[i]);
	return buf_terminated(out);
}

/* The lowest port seen: with one, which is usual, it is the agent's. */
static void answer_mismatch(struct sidecar *sidecar, struct visit *visit)
{
	unsigned port = sidecar->options->port;
	scoped_buf error;
	scoped_buf ports;
	scoped_buf hint;

	buf_init(&error, 1024);
	buf_init(&ports, 256);
	buf_init(&hint, 512);
	(void)buf_format(
		&error, "the agent does not listen on port %u; the pod listens on %s", port, list_ports(sidecar, ", ", &ports));
	(void)buf_format(&hint, HINT_PATCH "'{\"spec\":{\"port\":%u}}'; or let the agent listen on %u",
		readiness_ports(sidecar->readiness)->ports[0], port);
	answer_problem_of(sidecar, visit, 503, buf_terminated(&error), "PortMismatch", buf_terminated(&hint));
}

static void answer_not_ready(struct sidecar *sidecar, struct visit *visit)
{
	scoped_buf error;

	buf_init(&error, 1024);
	if (sidecar->gate.state != GATE_OPEN) {
		answer_problem(visit, 503, "the pod is draining", "Draining", NULL);
		return;
	}
	switch (readiness_agent(sidecar->readiness)) {
	case READINESS_PORT_MISMATCH: answer_mismatch(sidecar, visit); break;
	case READINESS_PROBE_FAILING:
		(void)buf_format(&error, "the agent's readiness probe %s does not pass", sidecar->options->readiness_path);
		answer_problem_of(sidecar, visit, 503, buf_terminated(&error), "AgentProbeFailing", HINT_LOGS);
		break;
	case READINESS_NOT_LISTENING:
	case READINESS_LISTENING:
		(void)buf_format(&error, "the agent does not listen on port %u yet", sidecar->options->port);
		answer_problem_of(sidecar, visit, 503, buf_terminated(&error), "AgentNotListening", HINT_LOGS);
		break;
	}
}

static void answer_readiness(struct sidecar *sidecar, struct visit *visit)
{
	if (sidecar->gate.state == GATE_OPEN && readiness_is_ready(sidecar->readiness))
		answer_text(visit, 200, "ok\n");
	else
		answer_not_ready(sidecar, visit);
}

static void serve_healthz(struct sidecar *sidecar, struct visit *visit)
{
	(void)sidecar;
	answer_text(visit, 200, "ok\n");
}

/* Answers with what was seen last and looks anew, so that the kubelet's next question has a fresh answer. */
static void serve_readyz(struct sidecar *sidecar, struct visit *visit)
{
	struct text wait = uri_query_get(exchange_head(visit->exchange)->query, "wait");
	int64_t wait_ms = 0;

	if (wait.at != NULL && (duration_parse(wait, &wait_ms) < 0 || wait_ms > READY_WAIT_MAX_MS)) {
		answer_problem(visit, 400, "wait is a duration of at most 60s", NULL, "for example ?wait=10s");
		return;
	}
	readiness_recheck(sidecar->readiness);
	if (wait_ms > 0 && sidecar->gate.state == GATE_OPEN && !readiness_is_ready(sidecar->readiness))
		waiting_add(sidecar, visit, VISIT_WAIT_READY, wait_ms);
	else
		answer_readiness(sidecar, visit);
}

/* Counted as numbers and named here: a scrape is rarer than a request. */
static void take_answered(struct sidecar *sidecar)
{
	static const char *const CLASSES[] = { NULL, "1xx", "2xx", "3xx", "4xx", "5xx" };

	for (size_t i = 1; i < ARRAY_LEN(CLASSES); i++) {
		if (sidecar->answered[i] > 0)
			metrics_add(sidecar->metrics, METRIC_REQUESTS,
				METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace, CLASSES[i]),
				(double)sidecar->answered[i]);
		sidecar->answered[i] = 0;
	}
}

static void serve_metrics(struct sidecar *sidecar, struct visit *visit)
{
	const char *const *labels = METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace);
	scoped_buf body;

	buf_init(&body, METRICS_MAX_BYTES);
	take_answered(sidecar);
	metrics_set(sidecar->metrics, METRIC_INFLIGHT, labels, sidecar->gate.requests);
	metrics_set(sidecar->metrics, METRIC_STREAMS, labels, sidecar->gate.streams);
	if (metrics_render(sidecar->metrics, &body) < 0)
		answer_text(visit, 500, "metrics are larger than their bound\n");
	else
		exchange_answer(visit->exchange, 200, "text/plain; version=0.0.4; charset=utf-8", NO_EXTRA, buf_text(&body));
}

static void serve_inflight(struct sidecar *sidecar, struct visit *visit)
{
	scoped_buf body;
	scoped_buf ports;

	buf_init(&body, 1024);
	buf_init(&ports, 256);
	(void)buf_format(&body,
		"{\"inflight\": %d, \"lastActivity\": %" PRId64
		", \"concurrency\": %d, \"streams\": %d, \"draining\": %s, \"retired\": %s, "
		"\"agent\": \"%s\", \"ports\": [%s]}\n",
		sidecar->gate.requests, sidecar->last_activity_ns, sidecar->gate.concurrency, sidecar->gate.streams,
		sidecar->gate.state == GATE_DRAINING ? "true" : "false", sidecar->gate.state == GATE_RETIRED ? "true" : "false",
		readiness_agent_name(readiness_agent(sidecar->readiness)), list_ports(sidecar, ", ", &ports));
	exchange_answer(visit->exchange, 200, "application/json", NO_EXTRA, buf_text(&body));
}

static void serve_drain(struct sidecar *sidecar, struct visit *visit)
{
	waiting_add(sidecar, visit, VISIT_WAIT_DRAIN, sidecar->options->shutdown_timeout_ms);
	drain_start(sidecar);
}

static void serve_retire(struct sidecar *sidecar, struct visit *visit)
{
	bool retires = !text_is(exchange_head(visit->exchange)->method, "DELETE");

	if (drain_retire(sidecar, retires))
		answer_text(visit, 200, retires ? "retired\n" : "serving\n");
	else
		answer_problem(visit, 409, "the pod is draining", "Draining", NULL);
}

/* The answer to a drain that is not over is an honest 504: the caller gives the agent its SIGTERM all the same. */
void own_paths_answer_waiting(struct sidecar *sidecar, struct visit *visit)
{
	if (visit->kind == VISIT_WAIT_READY)
		answer_readiness(sidecar, visit);
	else if (gate_is_drained(&sidecar->gate, loop_now_ms(sidecar->loop)))
		answer_text(visit, 200, "drained\n");
	else
		answer_problem_of(sidecar, visit, 504, "work still runs at the end of the drain timeout", "DrainTimeout",
			HINT_LOGS "; raise spec.drainTimeout if it needs longer");
}

static const struct own_path {
	const char *path;
	const char *methods; /* space-separated */
	bool wants_token;
	void (*serve)(struct sidecar *sidecar, struct visit *visit);
} PATHS[] = {
	{ "/healthz", "GET HEAD", false, serve_healthz },
	{ "/readyz", "GET HEAD", false, serve_readyz },
	{ "/metrics", "GET HEAD", false, serve_metrics },
	{ "/_krypton/inflight", "GET HEAD", false, serve_inflight },
	{ "/_krypton/drain", "GET POST", true, serve_drain },
	{ "/_krypton/retire", "POST DELETE", true, serve_retire },
};

static bool allows(const struct own_path *own, struct text method)
{
	struct text methods = text_of(own->methods);

	while (methods.len > 0) {
		if (text_equal(text_cut(&methods, ' '), method))
			return true;
	}
	return false;
}

/* A token that is shown must be right even where none is wanted: by that a gateway that was told of this pod knows whose it is. */
static bool lacks_token(const struct sidecar *sidecar, const struct own_path *own, const struct h1_head *head)
{
	struct text shown = h1_head_get(head, HEADER_TOKEN);

	if (shown.at == NULL && !own->wants_token)
		return false;
	return sidecar->options->token == NULL || !text_equal_secret(shown, text_of(sidecar->options->token));
}

bool own_paths_serve(struct sidecar *sidecar, struct visit *visit)
{
	const struct h1_head *head = exchange_head(visit->exchange);

	for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
		const struct own_path *own = &PATHS[i];

		if (!text_is(head->path, own->path))
			continue;
		visit->kind = VISIT_OWN;
		if (!allows(own, head->method))
			answer_problem(visit, 405, "method not allowed here", NULL, own->methods);
		else if (lacks_token(sidecar, own, head))
			answer_problem(visit, 403, "the agent's token is required", NULL, "header " HEADER_TOKEN);
		else
			own->serve(sidecar, visit);
		return true;
	}
	return false;
}
