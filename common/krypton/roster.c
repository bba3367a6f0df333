/* SPDX-License-Identifier: Apache-2.0 */
/* Two caches, joined by name: an Agent's pods are what all its EndpointSlices say together. */
#include "krypton/roster.h"

#include <string.h>

#include "base/mem.h"
#include "krypton/labels.h"
#include "kube/cache.h"

struct roster {
	struct roster_options options;
	struct kube_cache *agents;
	struct kube_cache *slices;
};

/* All endpoints of one Agent; with hundreds of pods it has several slices. Each change walks all slices: a few thousand compares.
 */
struct gathering {
	const char *name_space, *name;
	const struct endpoint **endpoints;
	size_t count;
};

static bool gather_slice(void *arg, const char *key, const void *row)
{
	struct gathering *gathering = arg;
	const struct endpoint_slice *slice = row;

	(void)key;
	if (strcmp(slice->owner, gathering->name) != 0 || strcmp(slice->name_space, gathering->name_space) != 0)
		return true;
	gathering->endpoints =
		mem_resize(gathering->endpoints, (gathering->count + slice->count + 1) * sizeof(gathering->endpoints[0]));
	for (size_t i = 0; i < slice->count; i++)
		gathering->count = endpoints_add(gathering->endpoints, gathering->count, &slice->endpoints[i]);
	return true;
}

static void tell_endpoints(struct roster *roster, const char *name_space, const char *name)
{
	struct gathering gathering = { .name_space = name_space, .name = name };
	char key[KUBE_KEY_BYTES];

	kube_key_format(name_space, name, key);
	if (kube_cache_get(roster->agents, key) == NULL)
		return;
	kube_cache_each(roster->slices, gather_slice, &gathering);
	roster->options.on_endpoints(roster->options.arg, key, gathering.endpoints, gathering.count);
	mem_release(gathering.endpoints);
}

static void *agent_row(void *arg, const struct json_t *object)
{
	struct roster *roster = arg;
	struct err err = { 0 };
	struct agent *agent = agent_from_json(object, &err);
	char key[KUBE_KEY_BYTES];

	if (agent == NULL) {
		kube_key_of(object, key);
		roster->options.on_unreadable(roster->options.arg, key, &err);
	}
	return agent;
}

static void agent_row_free(void *row)
{
	struct agent *agent = row;

	agent_free(&agent);
}

static void on_agent(void *arg, const char *key, const void *old, const void *now)
{
	struct roster *roster = arg;
	const struct agent *agent = now;

	roster->options.on_agent(roster->options.arg, key, agent);
	if (old == NULL && agent != NULL)
		tell_endpoints(roster, agent->name_space, agent->name);
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

static void on_slice(void *arg, const char *key, const void *old, const void *now)
{
	const struct endpoint_slice *before = old, *after = now;

	(void)key;
	if (before != NULL && (after == NULL || strcmp(before->owner, after->owner) != 0))
		tell_endpoints(arg, before->name_space, before->owner);
	if (after != NULL)
		tell_endpoints(arg, after->name_space, after->owner);
}

static void on_agents_trouble(void *arg, const struct err *err)
{
	struct roster *roster = arg;

	roster->options.on_state(roster->options.arg, "agents", err);
}

static void on_slices_trouble(void *arg, const struct err *err)
{
	struct roster *roster = arg;

	roster->options.on_state(roster->options.arg, "endpointslices", err);
}

static void on_agents_synced(void *arg)
{
	on_agents_trouble(arg, NULL);
}

static void on_slices_synced(void *arg)
{
	on_slices_trouble(arg, NULL);
}

struct roster *roster_new(struct loop *loop, struct kube_client *client, const struct roster_options *options)
{
	struct roster *roster = mem_alloc(sizeof(*roster));

	roster->options = *options;
	roster->agents = kube_cache_new(loop, client,
		&(struct kube_cache_options){ .follow = { .resource = &KUBE_AGENTS },
			.arg = roster,
			.row_from = agent_row,
			.row_free = agent_row_free,
			.on_change = on_agent,
			.on_synced = on_agents_synced,
			.on_trouble = on_agents_trouble });
	roster->slices = kube_cache_new(loop, client,
		&(struct kube_cache_options){ .follow = { .resource = &KUBE_ENDPOINT_SLICES, .label_selector = LABEL_AGENT },
			.arg = roster,
			.row_from = slice_row,
			.row_free = slice_row_free,
			.on_change = on_slice,
			.on_synced = on_slices_synced,
			.on_trouble = on_slices_trouble });
	kube_cache_start(roster->agents);
	kube_cache_start(roster->slices);
	return roster;
}

void roster_free(struct roster **roster)
{
	if (*roster == NULL)
		return;
	kube_cache_free(&(*roster)->agents);
	kube_cache_free(&(*roster)->slices);
	mem_release(*roster);
	*roster = NULL;
}

bool roster_is_complete(const struct roster *roster)
{
	return kube_cache_is_synced(roster->agents) && kube_cache_is_synced(roster->slices);
}
