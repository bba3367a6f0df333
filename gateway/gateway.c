/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway: requests come by the listener and become invocations; routes knows where they go; the two ops servers tell how it
 * is. */
#include "gateway/gateway.h"

#include <stdio.h>

#include "base/daemon.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gateway/hello.h"
#include "gateway/invocation.h"
#include "gateway/load.h"
#include "gateway/peers.h"
#include "gateway/route.h"

#define MAX_ANSWER_HEAD_BYTES (80 * 1024) /* an agent's largest, which is krypton-proxy's 64 KiB, and what that adds */

void gateway_note_refused(struct gateway *gateway, const struct listener_refusal *refusal)
{
	char status[16], client[ADDRESS_TEXT_BYTES];

	(void)snprintf(status, sizeof(status), "%d", refusal->status);
	metrics_add(gateway->metrics, METRIC_REFUSED, METRIC_LABELS(status, refusal->reason), 1);
	if (!log_is_on(LOG_LEVEL_DEBUG))
		return;
	address_format_ip(refusal->client, client);
	log_debug("request.refused", LOG_INT("status", refusal->status), LOG_STR("reason", refusal->reason),
		LOG_STR("error", refusal->why), LOG_STR("client", client));
}

static void answer_health(struct gateway *gateway, struct exchange *exchange, bool is_fine)
{
	struct text body = is_fine ? TEXT("ok\n") : TEXT("not ready\n");

	(void)gateway;
	exchange_answer(exchange, is_fine ? 200 : 503, "text/plain; charset=utf-8", (struct text){ "", 0 }, body);
}

static void on_request(void *arg, struct exchange *exchange)
{
	struct gateway *gateway = arg;
	struct text path = exchange_head(exchange)->path;

	if (text_is(path, "/healthz"))
		answer_health(gateway, exchange, true);
	else if (text_is(path, "/readyz"))
		answer_health(gateway, exchange, health_is_ready(gateway->common.health));
	else
		invocation_begin(gateway, exchange);
}

static void end_when_idle(struct gateway *gateway)
{
	if (gateway->is_stopping && listener_exchanges(gateway->listener) == 0)
		loop_stop(gateway->loop);
}

static void on_idle_check(void *arg)
{
	end_when_idle(arg);
}

static void on_deadline(void *arg, enum listener_deadline deadline)
{
	struct gateway *gateway = arg;

	metrics_add(gateway->metrics, METRIC_DEADLINES, METRIC_LABELS(listener_deadline_name(deadline)), 1);
}

static void on_refused(void *arg, const struct listener_refusal *refusal)
{
	gateway_note_refused(arg, refusal);
}

static void on_full(void *arg)
{
	struct gateway *gateway = arg;

	metrics_add(gateway->metrics, METRIC_CONNECTIONS_FULL, NULL, 1);
}

static void on_end(void *arg, struct exchange *exchange, const struct exchange_end *end)
{
	struct gateway *gateway = arg;
	struct invocation *invocation = exchange_owner_data(exchange);

	if (end->close == EXCHANGE_STOPPED)
		metrics_add(gateway->metrics, METRIC_DRAIN_CUT, NULL, 1);
	if (invocation != NULL)
		invocation_end(invocation, end);
	if (gateway->is_stopping)
		loop_defer(gateway->loop, on_idle_check, gateway); /* this exchange counts until we return */
}

static void set_depth(void *arg, struct route *route)
{
	struct gateway *gateway = arg;

	metrics_set(
		gateway->metrics, METRIC_BUFFER_DEPTH, METRIC_LABELS(route->name, route->name_space), (double)route->line.count);
}

static void before_metrics(void *arg)
{
	struct gateway *gateway = arg;

	routes_each(gateway->routes, set_depth, gateway);
	metrics_set(gateway->metrics, METRIC_HELD_BYTES, NULL, (double)listener_held_bytes(gateway->listener));
	metrics_set(gateway->metrics, METRIC_CONNECTIONS, NULL, listener_connections(gateway->listener));
}

static const struct ops_route OWN_ROUTES[] = {
	{ "GET /_krypton/load", load_handle },
	{ "POST /_krypton/hello", hello_handle },
};

static int serve(struct gateway *gateway, struct err *err)
{
	const struct gateway_options *options = gateway->options;

	gateway->listener = listener_new(gateway->loop,
		&(struct listener_options){ .address = options->listen_address,
			.max_head_bytes = (size_t)options->max_request_head_bytes,
			.max_answer_head_bytes = MAX_ANSWER_HEAD_BYTES,
			.max_body_bytes = options->max_request_body_bytes,
			.max_held_bytes = options->max_held_bytes,
			.max_connections = (int)options->max_connections,
			.head_timeout_ms = options->request_head_timeout_ms,
			.body_timeout_ms = options->request_body_timeout_ms,
			.idle_timeout_ms = options->idle_timeout_ms,
			.stream_idle_timeout_ms = options->stream_idle_timeout_ms,
			.arg = gateway,
			.on_request = on_request,
			.on_end = on_end,
			.on_deadline = on_deadline,
			.on_refused = on_refused,
			.on_full = on_full },
		err);
	if (gateway->listener == NULL)
		return err_wrap(err, "--listen-address");
	return ops_pair_open(&gateway->ops, gateway->loop,
		&(struct ops_pair_options){ .metrics_address = options->metrics_address,
			.health_address = options->health_address,
			.routes = OWN_ROUTES,
			.route_count = ARRAY_LEN(OWN_ROUTES),
			.arg = gateway },
		err);
}

static void on_delay_over(void *arg)
{
	struct gateway *gateway = arg;

	gateway->is_stopping = true;
	listener_drain(gateway->listener);
	log_info("gateway.draining", LOG_INT("running", listener_exchanges(gateway->listener)));
	end_when_idle(gateway);
}

static void on_bound(void *arg)
{
	struct gateway *gateway = arg;

	loop_timer_cancel(gateway->shutdown_timer);
	if (!gateway->is_stopping)
		on_delay_over(gateway);
	if (listener_exchanges(gateway->listener) > 0)
		log_warn("gateway.drain_cut", LOG_INT("cut", listener_exchanges(gateway->listener)));
	listener_abort(gateway->listener);
}

void gateway_stop(struct gateway *gateway)
{
	health_set(gateway->common.health, "shutdown", false, "shutting down");
	listener_close_after_answers(gateway->listener, true);
	log_info("gateway.stopping", LOG_INT("running", listener_exchanges(gateway->listener)));
	loop_timer_set(gateway->shutdown_timer, gateway->options->shutdown_delay_ms);
	loop_timer_set(gateway->bound_timer, gateway->options->shutdown_timeout_ms);
}

struct gateway *gateway_new(struct loop *loop, const struct gateway_options *options, struct err *err)
{
	struct gateway *gateway = mem_alloc(sizeof(*gateway));

	gateway->loop = loop;
	gateway->options = options;
	gateway->metrics = gateway_metrics_new();
	gateway->shutdown_timer = loop_timer_new(loop, on_delay_over, gateway);
	gateway->bound_timer = loop_timer_new(loop, on_bound, gateway);
	gateway->common = (struct ops_common){ .health = health_new(),
		.metrics = gateway->metrics,
		.configuration = gateway_options_to_json(options),
		.before_metrics = before_metrics };
	gateway->load = load_new(gateway);
	if (mounted_key_read(options->internal_key_file, &gateway->key, err) == 0)
		gateway->client = kube_client_connect(loop, options->kubeconfig, "krypton-gateway", err);
	if (gateway->client == NULL) {
		gateway_free(&gateway);
		return NULL;
	}
	gateway->peers = peers_new(gateway);
	gateway->routes = routes_new(gateway);
	if (serve(gateway, err) < 0)
		gateway_free(&gateway);
	return gateway;
}

void gateway_free(struct gateway **gateway)
{
	if (*gateway == NULL)
		return;
	listener_free(&(*gateway)->listener);
	ops_pair_close(&(*gateway)->ops);
	routes_free(&(*gateway)->routes);
	peers_free(&(*gateway)->peers);
	load_free(&(*gateway)->load);
	kube_client_free(&(*gateway)->client);
	loop_timer_free(&(*gateway)->shutdown_timer);
	loop_timer_free(&(*gateway)->bound_timer);
	health_free(&(*gateway)->common.health);
	json_release(&(*gateway)->common.configuration);
	metrics_free(&(*gateway)->metrics);
	mem_release(*gateway);
	*gateway = NULL;
}
