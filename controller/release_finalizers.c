/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/release_finalizers.c — lists the Agents and patches our finalizer
 * out of each, one after the other. The Agents and their children stay. Whatever
 * fails is tried again until the time is up; then the last error is the answer.
 */
#include "controller/release_finalizers.h"

#include <jansson.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "controller/finalize.h"
#include "krypton/agent.h"
#include "krypton/labels.h"
#include "kube/cache.h"
#include "kube/client.h"
#include "kube/lease.h"
#include "kube/reflector.h"

#define LEASE_NAME  "krypton-controller"
#define DEADLINE_MS 60000
#define RETRY_MS    500

struct release_finalizers {
	struct release_finalizers_options options;
	struct loop *loop;
	struct kube_client *client;
	struct kube_lease *lease;
	struct kube_cache *agents; /* rows: JSON of those that have our finalizer */
	struct kube_call *call;
	struct loop_timer *deadline, *retry;
	struct err last;
	char key[KUBE_KEY_BYTES]; /* the Agent that is being patched */
	int64_t released;
};

static void next_begin(struct release_finalizers *release);

static void on_handed_back(void *arg)
{
	struct release_finalizers *release = arg;

	release->options.on_done(release->options.arg, release->last.code == ERR_NONE ? NULL : &release->last);
}

static void finish(struct release_finalizers *release, const struct err *err)
{
	loop_timer_cancel(release->deadline);
	loop_timer_cancel(release->retry);
	kube_call_cancel(&release->call);
	if (err == NULL)
		log_info("finalizers.released", LOG_INT("agents", release->released));
	release->last = err == NULL ? (struct err){ 0 } : *err;
	/* Handed back, so that a controller that is installed again need not wait for our Lease to expire. */
	if (release->lease != NULL)
		kube_lease_release(release->lease, on_handed_back, release);
	else
		on_handed_back(release);
}

static void *row_from(void *arg, const struct json_t *object)
{
	(void)arg;
	return finalize_is_ours(object) ? json_deep_copy(object) : NULL;
}

static void row_free(void *row)
{
	struct json_t *object = row;

	json_release(&object);
}

static void on_patched(void *arg, const struct json_t *object, const struct err *err)
{
	struct release_finalizers *release = arg;

	release->call = NULL;
	if (object == NULL && err->code != ERR_NOT_FOUND) {
		release->last = *err;
		loop_timer_set(release->retry, RETRY_MS); /* by then the watch has shown a change that came between */
		return;
	}
	release->released++;
	log_info("finalizer.released", LOG_STR("key", release->key));
	loop_timer_set(release->retry, 20); /* the watch takes the row away */
}

static bool first_visit(void *arg, const char *key, const void *row)
{
	struct release_finalizers *release = arg;

	(void)row;
	(void)snprintf(release->key, sizeof(release->key), "%s", key);
	return false;
}

static void next_begin(struct release_finalizers *release)
{
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES];
	const struct kube_target target = { .resource = &KUBE_AGENTS, .name_space = name_space, .name = name };

	if (release->call != NULL || !kube_cache_is_synced(release->agents))
		return;
	if (release->lease != NULL && !kube_lease_is_held(release->lease))
		return;
	release->key[0] = '\0';
	kube_cache_each(release->agents, first_visit, release);
	if (release->key[0] == '\0') {
		finish(release, NULL);
		return;
	}
	const json_t *object = kube_cache_get(release->agents, release->key);
	scoped_json list = finalize_list_without(object);
	scoped_json patch = finalize_patch(object, list);
	BUG_ON(kube_key_split(release->key, name_space, name) == -1);
	release->call = kube_merge_patch(release->client, &target, patch, FIELD_MANAGER_CONTROLLER, on_patched, release);
}

static void on_retry(void *arg)
{
	next_begin(arg);
}

static void on_synced(void *arg)
{
	struct release_finalizers *release = arg;

	loop_timer_set(release->retry, 0);
}

static void on_lead(void *arg, bool held)
{
	struct release_finalizers *release = arg;

	if (held)
		loop_timer_set(release->retry, 0);
}

static void on_trouble(void *arg, const struct err *err)
{
	struct release_finalizers *release = arg;

	if (err == NULL)
		return;
	release->last = *err;
	log_warn("finalizers.delayed", LOG_ERR(err));
}

static void on_deadline(void *arg)
{
	struct release_finalizers *release = arg;
	struct err err = release->last;

	if (err.code == ERR_NONE)
		(void)err_set(&err, ERR_TIMEOUT, "the Lease " LEASE_NAME " is held by another controller: stop it first");
	(void)err_wrap(&err, "not all finalizers were released within %d s", DEADLINE_MS / 1000);
	finish(release, &err);
}

struct release_finalizers *release_finalizers_new(
	struct loop *loop, struct kube_client *client, const struct release_finalizers_options *options)
{
	struct release_finalizers *release = mem_alloc(sizeof(*release));
	const struct kube_cache_options agents = {
		.follow = { .resource = &KUBE_AGENTS },
		.arg = release,
		.row_from = row_from,
		.row_free = row_free,
		.on_synced = on_synced,
		.on_trouble = on_trouble,
	};
	const struct kube_lease_options lease = {
		.name_space = options->name_space,
		.name = LEASE_NAME,
		.identity = options->identity,
		.on_change = on_lead,
		.on_trouble = on_trouble,
		.arg = release,
	};

	release->options = *options;
	release->loop = loop;
	release->client = client;
	release->deadline = loop_timer_new(loop, on_deadline, release);
	release->retry = loop_timer_new(loop, on_retry, release);
	release->agents = kube_cache_new(loop, client, &agents);
	if (options->elects_leader)
		release->lease = kube_lease_new(loop, client, &lease);
	return release;
}

void release_finalizers_start(struct release_finalizers *release)
{
	loop_timer_set(release->deadline, DEADLINE_MS);
	kube_cache_start(release->agents);
	if (release->lease != NULL)
		kube_lease_start(release->lease);
}

void release_finalizers_free(struct release_finalizers **release)
{
	if (*release == NULL)
		return;
	kube_call_cancel(&(*release)->call);
	kube_lease_free(&(*release)->lease);
	kube_cache_free(&(*release)->agents);
	loop_timer_free(&(*release)->deadline);
	loop_timer_free(&(*release)->retry);
	mem_release(*release);
	*release = NULL;
}
