/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/act.c — a plan's actions in their order; the first that fails ends
 * it. Applies are forced: a field that we send is ours, and a plain one would take
 * over whatever has the name already. So an object is made by an apply that names
 * a version, which goes through only where nothing is there; else it is looked at.
 */
#include "controller/act.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "controller/finalize.h"
#include "krypton/labels.h"
#include "kube/cache.h"
#include "kube/client.h"

#define VERSION_OF_NOTHING "1" /* etcd's before its first write */

/* Owned by the pass it belongs to. */
struct act {
	struct act_options options;
	size_t next;            /* the action that runs */
	struct kube_call *call; /* NULL between two */
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES];
};

static void action_begin(struct act *act);

void act_settled_key(enum child_kind kind, const char *key, char out[ACT_SETTLED_KEY_BYTES])
{
	(void)snprintf(out, ACT_SETTLED_KEY_BYTES, "%d %s", (int)kind, key);
}

static struct action *action_now(struct act *act)
{
	return &act->options.plan->actions[act->next];
}

static struct kube_target target_of(const struct act *act, const struct kube_resource *resource)
{
	return (struct kube_target){ .resource = resource, .name_space = act->name_space, .name = act->name };
}

static void finish(struct act *act, const struct err *err)
{
	act->options.on_done(act->options.arg, err);
}

static void action_end(struct act *act)
{
	act->next++;
	if (act->next == act->options.plan->count)
		finish(act, NULL);
	else
		action_begin(act);
}

/* What cannot be helped by trying again is told to the user; the rest is tried again. */
static void action_fail(struct act *act, const struct err *err)
{
	struct plan *plan = act->options.plan;
	const struct action *action = action_now(act);
	bool is_child = action->kind == ACTION_APPLY || action->kind == ACTION_CREATE;

	if (is_child && err->code == ERR_INVALID) {
		bool has_template = json_at(act->options.object, "/spec/podTemplate") != NULL;

		plan->is_refused = true;
		plan->refusal =
			action->child == CHILD_DEPLOYMENT && has_template ? REASON_INVALID_POD_TEMPLATE : REASON_INVALID_SPEC;
		plan->words = *err;
	}
	finish(act, err);
}

static void on_written(void *arg, const struct json_t *object, const struct err *err)
{
	struct act *act = arg;
	struct action *action = action_now(act);

	act->call = NULL;
	if (object == NULL) {
		action_fail(act, err);
		return;
	}
	if (action->kind == ACTION_FINALIZER_ADD) {
		observe_note_agent(act->options.observe, object);
	} else if (action->kind == ACTION_APPLY || action->kind == ACTION_CREATE) {
		char key[ACT_SETTLED_KEY_BYTES];
		struct settled *settled = mem_alloc(sizeof(*settled));

		settled->hash = action->hash;
		plan_version_of(object, settled->version);
		act_settled_key(action->child, act->options.key, key);
		map_put(act->options.settled, key, settled);
		observe_note_child(act->options.observe, action->child, object);
	}
	action_end(act);
}

/* Gone already is as good as deleted. */
static void on_deleted(void *arg, const struct json_t *object, const struct err *err)
{
	struct act *act = arg;

	act->call = NULL;
	if (object == NULL && err->code != ERR_NOT_FOUND)
		action_fail(act, err);
	else
		action_end(act);
}

static void apply_begin(struct act *act, const json_t *object, kube_on_answer *on_answer)
{
	struct kube_target target = target_of(act, child_resource(action_now(act)->child));

	act->call = kube_apply(act->options.client, &target, object, FIELD_MANAGER_CONTROLLER, true, on_answer, act);
}

static void on_looked_up(void *arg, const struct json_t *object, const struct err *err)
{
	struct act *act = arg;
	const struct action *action = action_now(act);
	struct plan *plan = act->options.plan;

	act->call = NULL;
	if (object == NULL && err->code != ERR_NOT_FOUND) {
		action_fail(act, err);
		return;
	}
	if (object == NULL || child_claim(object, act->name, json_text_at(act->options.object, "/metadata/uid")) != CLAIM_TAKEN) {
		apply_begin(act, action->object, on_written);
		return;
	}
	plan->is_refused = true;
	plan->refusal = REASON_NAME_CONFLICT;
	/* Nobody tells us when the name becomes free: ask again. */
	(void)err_set(&plan->words, ERR_RETRY,
		"%s %s is there already and is not this Agent's: delete it, or give the Agent another name%s",
		child_resource(action->child)->kind, act->name,
		action->child == CHILD_ACCOUNT ? ", or use it by naming it in spec.serviceAccountName" : "");
	finish(act, &plan->words);
}

static void look_begin(struct act *act)
{
	struct kube_target target = target_of(act, child_resource(action_now(act)->child));

	act->call = kube_get(act->options.client, &target, on_looked_up, act);
}

static void on_made(void *arg, const struct json_t *object, const struct err *err)
{
	struct act *act = arg;

	if (object == NULL && err->code == ERR_CONFLICT)
		look_begin(act);
	else
		on_written(arg, object, err);
}

/* An Agent that was reported before has lost its child, or never got the name: then the look comes first, so that tries that
   wait for a name are no conflicts. */
static void create_begin(struct act *act)
{
	if (json_int_at(act->options.object, "/status/observedGeneration", 0) > 0) {
		look_begin(act);
		return;
	}
	scoped_json object = json_copy(action_now(act)->object); /* shallow: what is shared stays unchanged */
	json_t *metadata = json_copy(json_object_get(object, "metadata"));
	json_put_text(metadata, "/resourceVersion", VERSION_OF_NOTHING);
	(void)json_object_set_new(object, "metadata", metadata);
	apply_begin(act, object, on_made);
}

static void finalizer_begin(struct act *act)
{
	struct kube_target target = target_of(act, &KUBE_AGENTS);
	scoped_json patch = finalize_patch(act->options.object, action_now(act)->object);

	act->call = kube_merge_patch(act->options.client, &target, patch, FIELD_MANAGER_CONTROLLER, on_written, act);
}

static void action_begin(struct act *act)
{
	const struct action *action = action_now(act);
	struct kube_target target = target_of(act, child_resource(action->child));

	switch (action->kind) {
	case ACTION_FINALIZER_ADD:
	case ACTION_FINALIZER_REMOVE: finalizer_begin(act); return;
	case ACTION_APPLY: apply_begin(act, action->object, on_written); return;
	case ACTION_CREATE: create_begin(act); return;
	case ACTION_DELETE:
		act->call = kube_delete(act->options.client, &target, action->uid, "Background", on_deleted, act);
		return;
	}
}

struct act *act_start(const struct act_options *options)
{
	struct act *act = mem_alloc(sizeof(*act));

	BUG_ON(options->plan->count == 0);
	act->options = *options;
	BUG_ON(kube_key_split(options->key, act->name_space, act->name) == -1);
	action_begin(act);
	return act;
}

void act_free(struct act **act)
{
	if (*act == NULL)
		return;
	kube_call_cancel(&(*act)->call);
	mem_release(*act);
	*act = NULL;
}
