/* SPDX-License-Identifier: Apache-2.0 */
/* Two caches feed the table. A route exists as long as its Agent does; its pods are what all its slices say together. */
#include "gateway/routes.h"

#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "krypton/agent.h"
#include "krypton/endpoints.h"
#include "krypton/labels.h"
#include "kube/cache.h"
#include "net/ops_server.h"

struct routes {
	struct gateway *gateway;
	struct kube_cache *agents;
	struct kube_cache *slices;
	struct map *by_key;  /* of struct route, one reference each */
};

/* All endpoints of an agent's slices; an agent with hundreds of pods has several. */
struct gathering {
	const struct route *route;
	const struct endpoint **endpoints;
	size_t count;
};

static bool gather_slice(void *arg, const char *key, const void *row)
{
	struct gathering *gathering = arg;
	const struct endpoint_slice *slice = row;

	(void)key;
	if (strcmp(slice->owner, gathering->route->name) != 0 || strcmp(slice->name_space, gathering->route->name_space) != 0)
		return true;
	gathering->endpoints = mem_resize(gathering->endpoints, (gathering->count + slice->count + 1) * sizeof(gathering->endpoints[0]));
	for (size_t i = 0; i < slice->count; i++)
		gathering->endpoints[gathering->count++] = &slice->endpoints[i];
	return true;
}

static void refresh_endpoints(struct routes *routes, struct route *route)
{
	struct gathering gathering = { .route = route };

	kube_cache_each(routes->slices, gather_slice, &gathering);
	route_set_endpoints(route, gathering.endpoints, gathering.count);
	mem_release(gathering.endpoints);
}

static void *agent_row(void *arg, const struct json_t *object)
{
	struct err err = { 0 };
	struct agent *agent = agent_from_json(object, &err);
	char key[KUBE_KEY_BYTES];

	(void)arg;
	if (agent == NULL) {
		kube_key_of(object, key);
		log_warn("agent.unreadable", LOG_STR("agent", key), LOG_ERR(&err));
	}
	return agent;
}

static void agent_row_free(void *row)
{
	struct agent *agent = row;

	agent_free(&agent);
}

static void log_route(const char *event, const struct route *route)
{
	log_info(event, LOG_STR("agent", route->name), LOG_STR("namespace", route->name_space));
}

static void on_agent(void *arg, const char *key, const void *old, const void *now)
{
	struct routes *routes = arg;
	struct route *route = map_get(routes->by_key, key);

	(void)old;
	if (route == NULL && now != NULL) {
		route = route_new(routes->gateway, now);
		map_put(routes->by_key, key, route);
		log_route("route.added", route);
		refresh_endpoints(routes, route);
	} else if (route != NULL && now == NULL) {
		log_route("route.removed", route);
		metrics_forget_agent(routes->gateway->metrics, route->name, route->name_space);
		route_set_agent(route, NULL);
		route_dispatch(route);  /* whoever waits is told, before the table lets the route go */
		map_remove(routes->by_key, key);
	} else if (route != NULL) {
		route_set_agent(route, now);
	}
}

static void *slice_row(void *arg, const struct json_t *object)
{
	(void)arg;
	return endpoint_slice_from_json(object, LABEL_AGENT);
}

static void slice_row_free(void *row)
{
	struct endpoint_slice *slice = row;

	endpoint_slice_free(&slice);
}

static void refresh_owner(struct routes *routes, const struct endpoint_slice *slice)
{
	struct route *route;
	char key[KUBE_KEY_BYTES];

	if (slice == NULL)
		return;
	kube_key_format(slice->name_space, slice->owner, key);
	route = map_get(routes->by_key, key);
	if (route != NULL)
		refresh_endpoints(routes, route);
}

static void on_slice(void *arg, const char *key, const void *old, const void *now)
{
	const struct endpoint_slice *before = old, *after = now;

	(void)key;
	if (before != NULL && (after == NULL || strcmp(before->owner, after->owner) != 0))
		refresh_owner(arg, before);
	refresh_owner(arg, after);
}

static void note_trouble(struct routes *routes, const char *what, const struct err *err)
{
	health_set(routes->gateway->common.health, what, err == NULL, err != NULL ? err->message : NULL);
	if (err != NULL)
		log_warn("watch.interrupted", LOG_STR("resource", what), LOG_ERR(err));
	else
		log_info("watch.resumed", LOG_STR("resource", what));
}

static void on_agents_trouble(void *arg, const struct err *err)
{
	note_trouble(arg, "agents", err);
}

static void on_slices_trouble(void *arg, const struct err *err)
{
	note_trouble(arg, "endpointslices", err);
}

static void on_agents_synced(void *arg)
{
	struct routes *routes = arg;

	health_set(routes->gateway->common.health, "agents", true, NULL);
}

static void on_slices_synced(void *arg)
{
	struct routes *routes = arg;

	health_set(routes->gateway->common.health, "endpointslices", true, NULL);
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
	routes->agents = kube_cache_new(gateway->loop, gateway->client, &(struct kube_cache_options){
		.follow = { .resource = &KUBE_AGENTS }, .arg = routes, .row_from = agent_row, .row_free = agent_row_free,
		.on_change = on_agent, .on_synced = on_agents_synced, .on_trouble = on_agents_trouble });
	routes->slices = kube_cache_new(gateway->loop, gateway->client, &(struct kube_cache_options){
		.follow = { .resource = &KUBE_ENDPOINT_SLICES, .label_selector = LABEL_AGENT }, .arg = routes, .row_from = slice_row,
		.row_free = slice_row_free, .on_change = on_slice, .on_synced = on_slices_synced, .on_trouble = on_slices_trouble });
	kube_cache_start(routes->agents);
	kube_cache_start(routes->slices);
	return routes;
}

void routes_free(struct routes **routes)
{
	if (*routes == NULL)
		return;
	map_free(&(*routes)->by_key);
	kube_cache_free(&(*routes)->agents);
	kube_cache_free(&(*routes)->slices);
	mem_release(*routes);
	*routes = NULL;
}

struct route *routes_find(const struct routes *routes, struct text name_space, struct text name)
{
	char key[KUBE_KEY_BYTES];

	if (name_space.len + name.len + 2 > sizeof(key))
		return NULL;
	memcpy(key, name_space.at, name_space.len);
	key[name_space.len] = '/';
	memcpy(key + name_space.len + 1, name.at, name.len);
	key[name_space.len + 1 + name.len] = '\0';
	return map_get(routes->by_key, key);
}

bool routes_are_complete(const struct routes *routes)
{
	return kube_cache_is_synced(routes->agents) && kube_cache_is_synced(routes->slices);
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
