/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/observe.c — seven caches. What our own writes were answered with goes
 * into them as well: without that a pass could run on a view from before its own
 * last write and do it again, and each write would wake another pass. Nothing is
 * decided here.
 */
#include "controller/observe.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alike.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "controller/gateway_address.h"
#include "controller/pod.h"
#include "krypton/labels.h"
#include "kube/cache.h"
#include "net/ops_server.h"

#define WARNINGS_MAX 5000 /* Events of the whole cluster that are kept; the API server forgets them after an hour */

enum followed { FOLLOW_ACCOUNTS, FOLLOW_SERVICES, FOLLOW_DEPLOYMENTS, FOLLOW_AGENTS, FOLLOW_PODS, FOLLOW_WARNINGS, FOLLOW_GATEWAY };
#define FOLLOWED 7 /* the three kinds of children first, in their order */

/* One cache. Owned by the observe it is in. */
struct following {
	struct observe *observe;
	enum followed kind;
	const char *name; /* for /readyz and logs */
	struct kube_cache *cache;
	struct alike *alike; /* the texts of Agents and children */
	bool is_synced;
};

struct observe {
	struct observe_options options;
	char *gateway_namespace, *gateway_selector;
	struct following followings[FOLLOWED];
	int synced;
};

static void child_row_free(void *row)
{
	struct child *child = row;

	child_free(&child);
}

static void pod_row_free(void *row)
{
	struct pod *pod = row;

	pod_free(&pod);
}

static void warning_row_free(void *row)
{
	struct warning *warning = row;

	warning_free(&warning);
}

static void *child_row(void *arg, const struct json_t *object)
{
	struct following *following = arg;

	return child_from_json(following->alike, object);
}

static void *agent_row(void *arg, const struct json_t *object)
{
	struct following *following = arg;

	return child_from_agent_json(following->alike, object);
}

static void *pod_row(void *arg, const struct json_t *object)
{
	(void)arg;
	return pod_from_json(object);
}

static void *gateway_row(void *arg, const struct json_t *object)
{
	(void)arg;
	return gateway_address_of(object);
}

/* A pod is called AGENT-HASH-SUFFIX; long names are cut, and then nothing can be told from them. */
static bool may_be_an_agents(const struct observe *observe, const char *name_space, const char *pod)
{
	char key[KUBE_KEY_BYTES];
	size_t len = pod == NULL ? 0 : strlen(pod);

	if (len == 0 || name_space == NULL)
		return false;
	if (len >= 58)
		return true;
	kube_key_format(name_space, pod, key);
	for (int i = 0; i < 2; i++) {
		char *dash = strrchr(key, '-');

		if (dash == NULL)
			return false;
		*dash = '\0';
	}
	return kube_cache_get(observe->followings[FOLLOW_AGENTS].cache, key) != NULL;
}

static void *warning_row(void *arg, const struct json_t *object)
{
	struct following *following = arg;
	struct observe *observe = following->observe;

	if (kube_cache_count(following->cache) >= WARNINGS_MAX ||
		!may_be_an_agents(
			observe, json_text_at(object, "/involvedObject/namespace"), json_text_at(object, "/involvedObject/name")))
		return NULL;
	return warning_from_json(object);
}

static void agent_tell(const struct observe *observe, const char *key)
{
	if (observe_is_synced(observe))
		observe->options.on_agent(observe->options.arg, key);
}

static void on_child(void *arg, const char *key, const void *old, const void *now)
{
	struct following *following = arg;

	(void)old;
	(void)now;
	agent_tell(following->observe, key);
}

static void on_pod(void *arg, const char *key, const void *old, const void *now)
{
	struct following *following = arg;
	const struct pod *pod = now != NULL ? now : old;
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES], agent_key[KUBE_KEY_BYTES];

	if (pod == NULL || kube_key_split(key, name_space, name) == -1)
		return;
	kube_key_format(name_space, pod->agent, agent_key);
	if (observe_is_synced(following->observe))
		following->observe->options.on_pod(following->observe->options.arg, agent_key, old, now);
	agent_tell(following->observe, agent_key);
}

/* The search for the Agent of a pod's UID. */
struct owner_search {
	const char *uid;
	char key[KUBE_KEY_BYTES];
};

static bool owner_visit(void *arg, const char *key, const void *row)
{
	struct owner_search *search = arg;
	const struct pod *pod = row;
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES];

	if (pod->uid == NULL || strcmp(pod->uid, search->uid) != 0 || kube_key_split(key, name_space, name) == -1)
		return true;
	kube_key_format(name_space, pod->agent, search->key);
	return false;
}

static void on_warning(void *arg, const char *key, const void *old, const void *now)
{
	struct following *following = arg;
	const struct warning *warning = now;
	struct owner_search search = { .key = "" };

	(void)key;
	(void)old;
	if (warning == NULL || !observe_is_synced(following->observe))
		return;
	search.uid = warning->pod_uid;
	kube_cache_each(following->observe->followings[FOLLOW_PODS].cache, owner_visit, &search);
	if (search.key[0] != '\0')
		agent_tell(following->observe, search.key);
}

static void on_gateway(void *arg, const char *key, const void *old, const void *now)
{
	struct following *following = arg;

	(void)key;
	(void)old;
	(void)now;
	if (observe_is_synced(following->observe))
		following->observe->options.on_everything(following->observe->options.arg);
}

static void on_synced(void *arg)
{
	struct following *following = arg;
	struct observe *observe = following->observe;

	following->is_synced = true;
	health_set(observe->options.health, following->name, true, NULL);
	if (following->kind == FOLLOW_AGENTS)
		kube_cache_start(observe->followings[FOLLOW_WARNINGS].cache); /* which are kept if they are about an agent */
	observe->synced++;
	if (observe_is_synced(observe))
		observe->options.on_everything(observe->options.arg);
}

static void on_trouble(void *arg, const struct err *err)
{
	struct following *following = arg;

	health_set(following->observe->options.health, following->name, err == NULL && following->is_synced,
		err == NULL ? "not listed yet" : err->message);
	if (err != NULL)
		log_warn("watch.interrupted", LOG_STR("resource", following->name), LOG_ERR(err));
	else
		log_info("watch.restored", LOG_STR("resource", following->name));
}

/* How each kind is followed. */
struct following_spec {
	const char *name;
	const struct kube_resource *resource;
	const char *label_selector, *field_selector;
	void *(*row_from)(void *arg, const struct json_t *object);
	void (*row_free)(void *row);
	void (*on_change)(void *arg, const char *key, const void *old, const void *now);
};

static const struct following_spec specs[FOLLOWED] = {
	[FOLLOW_ACCOUNTS] = { "serviceaccounts", &KUBE_SERVICE_ACCOUNTS, LABEL_AGENT, NULL, child_row, child_row_free, on_child },
	[FOLLOW_SERVICES] = { "services", &KUBE_SERVICES, LABEL_AGENT, NULL, child_row, child_row_free, on_child },
	[FOLLOW_DEPLOYMENTS] = { "deployments", &KUBE_DEPLOYMENTS, LABEL_AGENT, NULL, child_row, child_row_free, on_child },
	[FOLLOW_AGENTS] = { "agents", &KUBE_AGENTS, NULL, NULL, agent_row, child_row_free, on_child },
	[FOLLOW_PODS] = { "pods", &KUBE_PODS, LABEL_AGENT, NULL, pod_row, pod_row_free, on_pod },
	[FOLLOW_WARNINGS] = { "events", &KUBE_EVENTS, NULL, "type=Warning,involvedObject.kind=Pod", warning_row, warning_row_free,
		on_warning },
	[FOLLOW_GATEWAY] = { "gateway-service", &KUBE_SERVICES, NULL, NULL, gateway_row, mem_release, on_gateway },
};

struct observe *observe_new(struct loop *loop, struct kube_client *client, const struct observe_options *options)
{
	struct observe *observe = mem_alloc(sizeof(*observe));
	char selector[KUBE_KEY_BYTES];

	observe->options = *options;
	(void)snprintf(selector, sizeof(selector), "metadata.name=%s", options->gateway_service);
	observe->gateway_selector = mem_copy_text(selector);
	observe->gateway_namespace = mem_copy_text(options->gateway_namespace);
	for (int i = 0; i < FOLLOWED; i++) {
		struct following *following = &observe->followings[i];
		struct kube_cache_options cache = {
			.follow = {
				.resource = specs[i].resource,
				.name_space = i == FOLLOW_GATEWAY ? observe->gateway_namespace : NULL,
				.label_selector = specs[i].label_selector,
				.field_selector = i == FOLLOW_GATEWAY ? observe->gateway_selector : specs[i].field_selector,
			},
			.arg = following,
			.row_from = specs[i].row_from,
			.row_free = specs[i].row_free,
			.on_change = specs[i].on_change,
			.on_synced = on_synced,
			.on_trouble = on_trouble,
		};

		*following = (struct following){ .observe = observe, .kind = (enum followed)i, .name = specs[i].name };
		following->alike = alike_new();
		following->cache = kube_cache_new(loop, client, &cache);
		health_set(options->health, following->name, false, "not listed yet");
	}
	return observe;
}

void observe_start(struct observe *observe)
{
	for (int i = 0; i < FOLLOWED; i++) {
		if (i != FOLLOW_WARNINGS)
			kube_cache_start(observe->followings[i].cache);
	}
}

static void following_fini(struct following *following)
{
	kube_cache_free(&following->cache);
	alike_free(&following->alike);
}

void observe_free(struct observe **observe)
{
	if (*observe == NULL)
		return;
	for (int i = 0; i < FOLLOWED; i++)
		following_fini(&(*observe)->followings[i]);
	mem_release((*observe)->gateway_selector);
	mem_release((*observe)->gateway_namespace);
	mem_release(*observe);
	*observe = NULL;
}

bool observe_is_synced(const struct observe *observe)
{
	return observe->synced == FOLLOWED;
}

/* NULL: not there. */
static struct json_t *row_read(const struct following *following, const char *key)
{
	const struct child *row = kube_cache_get(following->cache, key);

	return row == NULL ? NULL : child_read(following->alike, row);
}

struct snapshot *observe_take(struct observe *observe, const char *key)
{
	struct json_t *object = row_read(&observe->followings[FOLLOW_AGENTS], key);

	if (object == NULL)
		return NULL;
	struct snapshot *snapshot = mem_alloc(sizeof(*snapshot));
	const struct child *deployment = kube_cache_get(observe->followings[FOLLOW_DEPLOYMENTS].cache, key);
	snapshot->object = object;
	for (int kind = 0; kind < CHILD_KINDS; kind++)
		snapshot->children[kind] = row_read(&observe->followings[kind], key);
	if (deployment != NULL) {
		snapshot->has_rollout = true;
		snapshot->rollout = deployment->rollout;
		snapshot->replica_failure = mem_copy_text(deployment->replica_failure);
	}
	return snapshot;
}

void snapshot_free(struct snapshot **snapshot)
{
	if (*snapshot == NULL)
		return;
	json_decref((*snapshot)->object);
	for (int kind = 0; kind < CHILD_KINDS; kind++)
		json_decref((*snapshot)->children[kind]);
	mem_release((*snapshot)->replica_failure);
	mem_release(*snapshot);
	*snapshot = NULL;
}

/* Pods of one agent are looked for among all: there are few enough, and passes that look are rare. */
struct sighting_search {
	const char *name_space, *name;
	size_t name_space_len;
	struct sighting *found;
};

static bool pod_visit(void *arg, const char *key, const void *row)
{
	struct sighting_search *search = arg;
	const struct pod *pod = row;

	if (strncmp(key, search->name_space, search->name_space_len) == 0 && key[search->name_space_len] == '/' &&
		strcmp(pod->agent, search->name) == 0 && search->found->pod_count < DIAGNOSIS_PODS_MAX)
		search->found->pods[search->found->pod_count++] = pod;
	return true;
}

static bool warning_visit(void *arg, const char *key, const void *row)
{
	struct sighting_search *search = arg;
	const struct warning *warning = row;

	(void)key;
	for (size_t i = 0; i < search->found->pod_count && search->found->warning_count < DIAGNOSIS_WARNINGS_MAX; i++) {
		const char *uid = search->found->pods[i]->uid;

		if (uid != NULL && warning->pod_uid != NULL && strcmp(uid, warning->pod_uid) == 0) {
			search->found->warnings[search->found->warning_count++] = warning;
			break;
		}
	}
	return true;
}

void observe_sighting(const struct observe *observe, const char *key, struct sighting *ret_sighting)
{
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES];
	struct sighting_search search = { .name_space = name_space, .name = name, .found = ret_sighting };

	*ret_sighting = (struct sighting){ 0 };
	if (kube_key_split(key, name_space, name) == -1)
		return;
	search.name_space_len = strlen(name_space);
	kube_cache_each(observe->followings[FOLLOW_PODS].cache, pod_visit, &search);
	if (ret_sighting->pod_count > 0)
		kube_cache_each(observe->followings[FOLLOW_WARNINGS].cache, warning_visit, &search);
}

struct rolling_search {
	struct observe *observe;
	const char *except;
	int count;
};

static bool rolling_visit(void *arg, const char *key, const void *row)
{
	struct rolling_search *search = arg;
	const struct child *deployment = row;
	struct err err = { 0 };

	if (!rollout_is_running(&deployment->rollout) || strcmp(key, search->except) == 0)
		return true;
	scoped_json object = row_read(&search->observe->followings[FOLLOW_AGENTS], key);
	scoped(agent) agent = object == NULL ? NULL : agent_from_json(object, &err);
	if (agent != NULL && !agent_may_sleep(agent))
		search->count++;
	return true;
}

int observe_rolling(struct observe *observe, const char *except)
{
	struct rolling_search search = { .observe = observe, .except = except };

	kube_cache_each(observe->followings[FOLLOW_DEPLOYMENTS].cache, rolling_visit, &search);
	return search.count;
}

static bool gateway_visit(void *arg, const char *key, const void *row)
{
	const char **found = arg;

	(void)key;
	*found = row;
	return false;
}

const char *observe_gateway_url(const struct observe *observe)
{
	const char *url = NULL;

	kube_cache_each(observe->followings[FOLLOW_GATEWAY].cache, gateway_visit, &url);
	return url;
}

size_t observe_agent_count(const struct observe *observe)
{
	return kube_cache_count(observe->followings[FOLLOW_AGENTS].cache);
}

struct each_agent {
	void (*visit)(void *arg, const char *key);
	void *arg;
};

static bool agent_visit(void *arg, const char *key, const void *row)
{
	const struct each_agent *each = arg;

	(void)row;
	each->visit(each->arg, key);
	return true;
}

void observe_each_agent(const struct observe *observe, void (*visit)(void *arg, const char *key), void *arg)
{
	struct each_agent each = { .visit = visit, .arg = arg };

	kube_cache_each(observe->followings[FOLLOW_AGENTS].cache, agent_visit, &each);
}

struct each_pod {
	void (*visit)(void *arg, const char *agent_key, const struct pod *pod);
	void *arg;
};

static bool each_pod_visit(void *arg, const char *key, const void *row)
{
	const struct each_pod *each = arg;
	const struct pod *pod = row;
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES], agent_key[KUBE_KEY_BYTES];

	if (kube_key_split(key, name_space, name) == -1)
		return true;
	kube_key_format(name_space, pod->agent, agent_key);
	each->visit(each->arg, agent_key, pod);
	return true;
}

void observe_each_pod(
	const struct observe *observe, void (*visit)(void *arg, const char *agent_key, const struct pod *pod), void *arg)
{
	struct each_pod each = { .visit = visit, .arg = arg };

	kube_cache_each(observe->followings[FOLLOW_PODS].cache, each_pod_visit, &each);
}

void observe_note_child(struct observe *observe, enum child_kind kind, const struct json_t *object)
{
	kube_cache_note(observe->followings[kind].cache, object);
}

void observe_note_agent(struct observe *observe, const struct json_t *object)
{
	kube_cache_note(observe->followings[FOLLOW_AGENTS].cache, object);
}
