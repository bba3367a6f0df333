/* SPDX-License-Identifier: Apache-2.0 */
/* The table over the roster: a route exists as long as its Agent does; invocations may hold one a little longer. */
#include "gateway/routes.h"

#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "krypton/roster.h"

struct routes {
	struct gateway *gateway;
	struct roster *roster;
	struct map *by_key; /* of struct route, one reference each */
};

static void log_route(const char *event, const struct route *route)
{
	log_info(event, LOG_STR("agent", route->name), LOG_STR("namespace", route->name_space));
}

static void remove_route(struct routes *routes, const char *key, struct route *route)
{
	log_route("route.removed", route);
	metrics_forget_agent(routes->gateway->metrics, route->name, route->name_space);
	route_set_agent(route, NULL);
	route_dispatch(route); /* whoever waits is told before the table lets the route go */
	map_remove(routes->by_key, key);
}

static void on_agent(void *arg, const char *key, const struct agent *agent)
{
	struct routes *routes = arg;
	struct route *route = map_get(routes->by_key, key);

	if (route == NULL && agent != NULL) {
		route = route_new(routes->gateway, agent);
		map_put(routes->by_key, key, route);
		log_route("route.added", route);
	} else if (route != NULL && agent == NULL) {
		remove_route(routes, key, route);
	} else if (route != NULL) {
		route_set_agent(route, agent);
	}
}

static void on_endpoints(void *arg, const char *key, const struct endpoint *const *endpoints, size_t count)
{
	struct routes *routes = arg;
	struct route *route = map_get(routes->by_key, key);

	if (route != NULL)
		route_set_endpoints(route, endpoints, count);
}

static void on_state(void *arg, const char *resource, const struct err *err)
{
	struct routes *routes = arg;

	health_set(routes->gateway->common.health, resource, err == NULL, err != NULL ? err->message : NULL);
	if (err != NULL)
		log_warn("watch.interrupted", LOG_STR("resource", resource), LOG_ERR(err));
	else
		log_info("watch.synced", LOG_STR("resource", resource));
}

static void on_unreadable(void *arg, const char *key, const struct err *err)
{
	(void)arg;
	log_warn("agent.unreadable", LOG_STR("agent", key), LOG_ERR(err));
}

static void route_release(void *value)
{
	struct route *route = value;

	route_unref(&route);
}

struct routes *routes_new(struct gateway *gateway)
{
	struct routes *routes = mem_alloc(sizeof(*routes));

	routes->gateway = gateway;
	routes->by_key = map_new(route_release);
	health_set(gateway->common.health, "agents", false, "not listed yet");
	health_set(gateway->common.health, "endpointslices", false, "not listed yet");
	routes->roster = roster_new(gateway->loop, gateway->client,
		&(struct roster_options){ .arg = routes,
			.on_agent = on_agent,
			.on_endpoints = on_endpoints,
			.on_state = on_state,
			.on_unreadable = on_unreadable });
	return routes;
}

void routes_free(struct routes **routes)
{
	if (*routes == NULL)
		return;
	map_free(&(*routes)->by_key);
	roster_free(&(*routes)->roster);
	mem_release(*routes);
	*routes = NULL;
}

struct route *routes_find(const struct routes *routes, struct text name_space, struct text name)
{
	char key[KUBE_KEY_BYTES];

	if (name_space.len + name.len + 2 > sizeof(key) || name.at == NULL || name_space.at == NULL)
		return NULL;
	memcpy(key, name_space.at, name_space.len);
	key[name_space.len] = '/';
	memcpy(key + name_space.len + 1, name.at, name.len);
	key[name_space.len + 1 + name.len] = '\0';
	return map_get(routes->by_key, key);
}

bool routes_are_complete(const struct routes *routes)
{
	return roster_is_complete(routes->roster);
}

struct visiting {
	void (*visit)(void *arg, struct route *route);
	void *arg;
};

static bool visit_one(void *arg, const char *key, void *value)
{
	const struct visiting *visiting = arg;

	(void)key;
	visiting->visit(visiting->arg, value);
	return true;
}

void routes_each(const struct routes *routes, void (*visit)(void *arg, struct route *route), void *arg)
{
	map_each(routes->by_key, visit_one, &(struct visiting){ .visit = visit, .arg = arg });
}
