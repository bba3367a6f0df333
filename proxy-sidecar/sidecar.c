/* SPDX-License-Identifier: Apache-2.0 */
/* krypton-proxy: every request is either for a path of ours (own_paths) or for the agent (passage); readiness watches the agent,
   drain ends it all. No API server, no name resolution, no file but /proc/net/tcp. */
#include "proxy-sidecar/sidecar.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "krypton/labels.h"
#include "net/problem.h"
#include "proxy-sidecar/drain.h"
#include "proxy-sidecar/own_paths.h"
#include "proxy-sidecar/passage.h"
#include "proxy-sidecar/waiting.h"

bool sidecar_is_mcp(const struct sidecar *sidecar)
{
	return sidecar->options->protocol == SIDECAR_PROTOCOL_MCP;
}

static void on_request(void *arg, struct exchange *exchange)
{
	struct sidecar *sidecar = arg;
	struct visit *visit = arena_take(exchange_arena(exchange), sizeof(*visit));

	visit->exchange = exchange;
	visit->by_gateway = h1_head_get(exchange_head(exchange), HEADER_GATEWAY).at != NULL;
	exchange_set_owner_data(exchange, visit);
	if (visit->by_gateway || !own_paths_serve(sidecar, visit))
		passage_begin(sidecar, visit);
}

static void on_deadline(void *arg, enum listener_deadline deadline)
{
	struct sidecar *sidecar = arg;

	metrics_add(sidecar->metrics, METRIC_DEADLINES,
		METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace, listener_deadline_name(deadline)),
		1);
}

static void on_refused(void *arg, const struct listener_refusal *refusal)
{
	struct sidecar *sidecar = arg;
	char status[16], client[ADDRESS_TEXT_BYTES];

	(void)snprintf(status, sizeof(status), "%d", refusal->status);
	metrics_add(sidecar->metrics, METRIC_REFUSED,
		METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace, status, refusal->reason), 1);
	if (!log_is_on(LOG_LEVEL_DEBUG))
		return;
	address_format_ip(refusal->client, client);
	log_debug("request.refused", LOG_STR("agent", sidecar->options->agent_name),
		LOG_STR("namespace", sidecar->options->agent_namespace), LOG_INT("status", refusal->status),
		LOG_STR("reason", refusal->reason), LOG_STR("error", refusal->why), LOG_STR("client", client));
}

static void on_full(void *arg)
{
	struct sidecar *sidecar = arg;

	metrics_add(sidecar->metrics, METRIC_CONNECTIONS_FULL,
		METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace), 1);
}

static void on_end(void *arg, struct exchange *exchange, const struct exchange_end *end)
{
	struct sidecar *sidecar = arg;
	struct visit *visit = exchange_owner_data(exchange);

	waiting_drop(visit);
	if (visit->kind != VISIT_AGENT && visit->kind != VISIT_REFUSED)
		return;
	passage_end(sidecar, visit, end);
	drain_check(sidecar);
}

/* Users look for these words: "dial tcp 127.0.0.1:8080: connect: connection refused". */
static void log_unreachable(const struct sidecar *sidecar, enum readiness_agent agent, int error)
{
	char where[ADDRESS_TEXT_BYTES], text[256], seen[128] = "";
	const struct sockets_ports *ports = readiness_ports(sidecar->readiness);
	const char *why = strerror(error);
	size_t used = 0;

	address_format(&sidecar->options->upstream, where);
	(void)snprintf(text, sizeof(text), "dial tcp %s: connect: %c%s", where, tolower((unsigned char)why[0]), why + 1);
	for (size_t i = 0; i < ports->count; i++)
		used += (size_t)snprintf(seen + used, sizeof(seen) - used, "%s%u", i > 0 ? "," : "", ports->ports[i]);
	log_warn("agent.unreachable", LOG_STR("agent", sidecar->options->agent_name),
		LOG_STR("namespace", sidecar->options->agent_namespace), LOG_STR("state", readiness_agent_name(agent)),
		LOG_STR("error", text), LOG_STR("listening_ports", seen));
}

static void on_agent_change(void *arg, enum readiness_agent agent, int error)
{
	struct sidecar *sidecar = arg;
	struct visit *visit;

	if (agent == READINESS_LISTENING) {
		log_info("agent.listening", LOG_STR("agent", sidecar->options->agent_name),
			LOG_STR("namespace", sidecar->options->agent_namespace), LOG_INT("port", sidecar->options->port));
		while ((visit = waiting_take(sidecar, VISIT_WAIT_READY)) != NULL)
			own_paths_answer_waiting(sidecar, visit);
		hello_say(sidecar->hello);
	} else if (agent == READINESS_PROBE_FAILING) {
		log_warn("agent.probe_failed", LOG_STR("agent", sidecar->options->agent_name),
			LOG_STR("namespace", sidecar->options->agent_namespace), LOG_STR("path", sidecar->options->readiness_path));
	} else {
		log_unreachable(sidecar, agent, error);
	}
}

static void on_drain_due(void *arg)
{
	drain_check(arg);
}

void sidecar_stop(struct sidecar *sidecar)
{
	sidecar->is_stopping = true;
	drain_start(sidecar);
}

static int listen_for_requests(struct sidecar *sidecar, struct err *err)
{
	const struct sidecar_options *options = sidecar->options;

	sidecar->listener = listener_new(sidecar->loop,
		&(struct listener_options){ .address = options->listen_address,
			.max_head_bytes = (size_t)options->max_request_head_bytes,
			.max_body_bytes = options->max_request_body_bytes,
			.max_connections = (int)options->max_connections,
			.head_timeout_ms = options->request_head_timeout_ms,
			.body_timeout_ms = options->request_body_timeout_ms,
			.idle_timeout_ms = options->keep_alive_timeout_ms,
			.stream_idle_timeout_ms = options->stream_idle_timeout_ms,
			.arg = sidecar,
			.on_request = on_request,
			.on_end = on_end,
			.on_deadline = on_deadline,
			.on_refused = on_refused,
			.on_full = on_full },
		err);
	return sidecar->listener != NULL ? 0 : err_wrap(err, "KRYPTON_LISTEN_ADDR");
}

struct sidecar *sidecar_new(struct loop *loop, const struct sidecar_options *options, struct err *err)
{
	struct sidecar *sidecar = mem_alloc(sizeof(*sidecar));

	sidecar->loop = loop;
	sidecar->options = options;
	sidecar->gate.concurrency = (int)options->concurrency;
	sidecar->last_activity_ns = instant_wall_ns();
	waiting_init(sidecar);
	sidecar->drain_timer = loop_timer_new(loop, on_drain_due, sidecar);
	sidecar->metrics = sidecar_metrics_new();
	sidecar->agent = upstream_new(loop,
		&(struct upstream_options){ .address = options->upstream, .connect_timeout_ms = options->connect_timeout_ms });
	if (listen_for_requests(sidecar, err) < 0) {
		sidecar_free(&sidecar);
		return NULL;
	}
	sidecar->hello = hello_new(loop, options);
	sidecar->readiness = readiness_new(loop,
		&(struct readiness_options){ .agent = options->upstream,
			.own_port = listener_port(sidecar->listener),
			.probe_path = options->readiness_path,
			.arg = sidecar,
			.on_change = on_agent_change });
	return sidecar;
}

void sidecar_free(struct sidecar **sidecar)
{
	if (*sidecar == NULL)
		return;
	if ((*sidecar)->listener != NULL)
		listener_free(&(*sidecar)->listener);
	readiness_free(&(*sidecar)->readiness);
	hello_free(&(*sidecar)->hello);
	upstream_unref(&(*sidecar)->agent);
	loop_timer_free(&(*sidecar)->waiting_timer);
	loop_timer_free(&(*sidecar)->drain_timer);
	metrics_free(&(*sidecar)->metrics);
	mem_release(*sidecar);
	*sidecar = NULL;
}
