/* SPDX-License-Identifier: Apache-2.0 */
/* net/ops_pair.c — every daemon's two ports are made in one place, so that they answer alike. */
#include "net/ops_pair.h"

#include <string.h>

#include "base/mem.h"

static const struct ops_route METRICS[] = { { "GET /metrics", ops_handle_metrics } };
static const struct ops_route HEALTH[] = {
	{ "GET /healthz", ops_handle_healthz },
	{ "GET /readyz", ops_handle_readyz },
	{ "GET /configz", ops_handle_configz },
};

int ops_pair_open(struct ops_pair *pair, struct loop *loop, const struct ops_pair_options *options, struct err *err)
{
	struct ops_server_options metrics = {
		.address = options->metrics_address, .routes = METRICS, .route_count = ARRAY_LEN(METRICS), .arg = options->arg
	};
	struct ops_server_options health = {
		.address = options->health_address, .route_count = ARRAY_LEN(HEALTH) + options->route_count, .arg = options->arg
	};

	pair->health_routes = mem_alloc_array(health.route_count, sizeof(struct ops_route));
	memcpy(pair->health_routes, HEALTH, sizeof(HEALTH));
	for (size_t i = 0; i < options->route_count; i++)
		pair->health_routes[ARRAY_LEN(HEALTH) + i] = options->routes[i];
	health.routes = pair->health_routes;
	pair->metrics = ops_server_new(loop, &metrics, err);
	if (pair->metrics == NULL)
		return err_wrap(err, "--metrics-bind-address=%s", options->metrics_address);
	pair->health = ops_server_new(loop, &health, err);
	if (pair->health == NULL)
		return err_wrap(err, "--health-probe-bind-address=%s", options->health_address);
	return 0;
}

void ops_pair_close(struct ops_pair *pair)
{
	ops_server_free(&pair->metrics);
	ops_server_free(&pair->health);
	mem_release(pair->health_routes);
	pair->health_routes = NULL;
}
