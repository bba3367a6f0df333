/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/plan.c — pure: desired objects beside those that are there. A
 * difference has one of three causes: the Agent changed (apply), somebody else
 * changed the child (apply, and say so), or this release of Krypton makes pods
 * another way (apply in turn, so that not every agent is replaced at once).
 */
#include "controller/plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "controller/desired_access.h"
#include "controller/desired_deployment.h"
#include "controller/desired_service.h"
#include "controller/desired_sidecar.h"
#include "controller/difference.h"
#include "controller/finalize.h"
#include "controller/ownership.h"
#include "krypton/labels.h"

#define OBJECT_BYTES_MAX (4 * 1024 * 1024)
#define TEMPLATE         "spec.template"

/* FNV-1a: equal texts only have to be recognised as such. */
static uint64_t hash_of(const json_t *object)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	scoped_buf text;

	buf_init(&text, OBJECT_BYTES_MAX);
	if (json_format(object, &text) == -1)
		return 0;
	struct text bytes = buf_text(&text);
	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (unsigned char)bytes.at[i]) * UINT64_C(1099511628211);
	return hash;
}

void plan_version_of(const struct json_t *object, char out[32])
{
	const char *version = json_text_at(object, "/metadata/resourceVersion");
	int64_t generation = json_int_at(object, "/metadata/generation", 0);

	if (generation > 0)
		(void)snprintf(out, 32, "g%" PRId64, generation);
	else
		(void)snprintf(out, 32, "%s", version == NULL ? "" : version);
}

static bool is_settled(const struct plan_input *input, enum child_kind kind, uint64_t hash)
{
	const struct settled *settled = input->settled[kind];
	char version[32];

	if (settled == NULL || settled->hash != hash)
		return false;
	plan_version_of(input->children[kind], version);
	return strcmp(settled->version, version) == 0;
}

static struct action *action_add(struct plan *plan, enum action_kind kind, enum child_kind child, json_t *object)
{
	BUG_ON(plan->count == PLAN_ACTIONS_MAX);
	struct action *action = &plan->actions[plan->count++];

	action->kind = kind;
	action->child = child;
	action->object = object;
	action->hash = object == NULL ? 0 : hash_of(object);
	return action;
}

static void delete_add(struct plan *plan, enum child_kind child, const json_t *object)
{
	const char *uid = json_text_at(object, "/metadata/uid");
	struct action *action = action_add(plan, ACTION_DELETE, child, NULL);

	(void)snprintf(action->uid, sizeof(action->uid), "%s", uid == NULL ? "" : uid);
}

static struct note *note_add(struct plan *plan, bool is_warning, enum reason reason)
{
	if (plan->note_count == PLAN_NOTES_MAX)
		return NULL;
	struct note *note = &plan->notes[plan->note_count++];
	note->is_warning = is_warning;
	note->reason = reason;
	return note;
}

/* The Agent's field that a child's field is made of; NULL: none. */
static const char *agent_field_of(const struct difference *difference)
{
	static const struct {
		const char *prefix, *field;
	} rows[] = {
		{ "spec.replicas", "spec.minReplicas and spec.maxReplicas" },
		{ "spec.template.spec.containers[agent].image", "spec.image" },
		{ "spec.template.spec.containers[agent].imagePullPolicy", "spec.imagePullPolicy" },
		{ "spec.template.spec.containers[agent].env", "spec.env" },
		{ "spec.template.spec.containers[agent].envFrom", "spec.envFrom" },
		{ "spec.template.spec.containers[agent].resources", "spec.resources" },
		{ "spec.template.spec.containers[agent].command", "spec.command" },
		{ "spec.template.spec.containers[agent].args", "spec.args" },
		{ "spec.template.spec.containers[agent].ports", "spec.port" },
		{ "spec.template.spec.imagePullSecrets", "spec.imagePullSecrets" },
		{ "spec.template.spec.serviceAccountName", "spec.serviceAccountName" },
		{ "spec.template.spec.terminationGracePeriodSeconds", "spec.drainTimeout" },
		{ "spec.template", "spec.podTemplate" },
		{ "spec.ports", "spec.port" },
	};

	if (desired_sidecar_owns(difference))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (difference_is_below(difference, rows[i].prefix))
			return rows[i].field;
	}
	return NULL;
}

/* Values of these may be shown; others may be secrets. */
static bool may_be_shown(const char *path)
{
	size_t len = strlen(path);

	return strcmp(path, "spec.replicas") == 0 || (len > 6 && strcmp(path + len - 6, ".image") == 0);
}

/* "Deployment hello: spec.replicas was changed to 5 by kubectl and has been put right; to change it set … of the Agent". */
static void drift_note(struct plan *plan, const struct plan_input *input, enum child_kind kind, const struct difference *difference)
{
	struct note *note = note_add(plan, false, REASON_DRIFT_REPAIRED);
	const char *field = agent_field_of(difference);
	char value[DIFFERENCE_VALUE_BYTES + 8] = "", by[96] = "", pointer[DIFFERENCE_PATH_BYTES + 1];

	if (note == NULL)
		return;
	(void)snprintf(pointer, sizeof(pointer), "/%s", difference->path);
	for (char *at = pointer; *at != '\0'; at++)
		*at = *at == '.' ? '/' : *at;
	const char *manager =
		strchr(pointer, '[') != NULL ? NULL : ownership_other(input->children[kind], FIELD_MANAGER_CONTROLLER, pointer);
	if (manager != NULL)
		(void)snprintf(by, sizeof(by), " by %.60s", manager);
	if (may_be_shown(difference->path))
		(void)snprintf(value, sizeof(value), " to %s", difference->seen);
	(void)snprintf(note->message, sizeof(note->message), "%s %s: %.200s was %s%s%s and has been put right%s%s%s",
		child_resource(kind)->kind, input->agent->name, difference->path, difference->is_absent ? "removed" : "changed",
		difference->is_absent ? "" : value, by, field == NULL ? "" : "; to change it set ", field == NULL ? "" : field,
		field == NULL ? "" : " of the Agent");
}

/* The first difference that somebody else made, if the Agent itself has not changed since our last report. */
static void drift_find(
	struct plan *plan, const struct plan_input *input, enum child_kind kind, const struct differences *differences)
{
	if (input->observed_generation != input->agent->generation)
		return;
	for (size_t i = 0; i < differences->count; i++) {
		if (differences->items[i].is_foreign) {
			drift_note(plan, input, kind, &differences->items[i]);
			return;
		}
	}
}

static bool is_being_deleted(const json_t *object)
{
	return json_text_at(object, "/metadata/deletionTimestamp") != NULL;
}

/* A child that was reported once and is gone was deleted by somebody. */
static void absent_note(struct plan *plan, const struct plan_input *input, enum child_kind kind)
{
	if (input->observed_generation != input->agent->generation || plan->note_count > 0)
		return;
	struct note *note = note_add(plan, false, REASON_DRIFT_REPAIRED);
	(void)snprintf(note->message, sizeof(note->message),
		"%s %s was deleted and has been made again; it goes only with the Agent", child_resource(kind)->kind,
		input->agent->name);
}

/* Creates, replaces a former one, or applies where something differs. Takes over wanted. */
static void child_plan(struct plan *plan, const struct plan_input *input, enum child_kind kind, json_t *wanted)
{
	scoped_json object = wanted;
	const json_t *seen = input->children[kind];
	struct differences differences;

	if (seen != NULL && child_claim(seen, input->agent->name, input->agent->uid) == CLAIM_FORMER) {
		delete_add(plan, kind, seen);
		(void)action_add(plan, ACTION_CREATE, kind, json_incref(object));
		return;
	}
	if (seen == NULL) {
		absent_note(plan, input, kind);
		(void)action_add(plan, ACTION_CREATE, kind, json_incref(object));
		return;
	}
	differences_find(object, seen, ownership_of(seen, FIELD_MANAGER_CONTROLLER), &differences);
	if (is_being_deleted(seen) || differences.count == 0 || is_settled(input, kind, hash_of(object)))
		return;
	drift_find(plan, input, kind, &differences);
	(void)action_add(plan, ACTION_APPLY, kind, json_incref(object));
}

/* Do all differences of the pod template come from this release, none from the Agent or from somebody else? */
static bool is_for_the_release(const struct plan_input *input, const struct differences *differences)
{
	bool is_reported = input->observed_generation == input->agent->generation;

	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *difference = &differences->items[i];

		if (!difference_is_below(difference, TEMPLATE))
			continue;
		if (difference->is_foreign || (!is_reported && !desired_sidecar_owns(difference)))
			return false;
	}
	return !differences->is_cut || is_reported;
}

/* A gateway that moved, as by a new installation, is no reason to replace pods: a hello is said when an agent starts, and those of
   these pods have. They learn of it with the next change, or when they wake. */
static bool is_worth_new_pods(const struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		if (difference_is_below(&differences->items[i], TEMPLATE) && !desired_sidecar_is_gateway(&differences->items[i]))
			return true;
	}
	return differences->is_cut;
}

/* No pod takes requests, and krypton-proxy is why: nobody loses anything by another one, and many may wait for it. */
static bool is_held_by_sidecar(const struct plan_input *input)
{
	const char *reason = input->agent->available_reason;

	return input->rollout->ready == 0 && reason != NULL && strcmp(reason, reason_name(REASON_SIDECAR_NOT_READY)) == 0;
}

/* May the pods be replaced now, for the release's sake alone? */
static bool is_its_turn(const struct plan_input *input)
{
	const struct rollout *rollout = input->rollout;
	int wanted = agent_wanted_replicas(input->agent);

	if (is_held_by_sidecar(input))
		return true;
	if (agent_may_sleep(input->agent))
		return rollout->wanted == 0 && wanted > 0; /* it wakes: there is no pod to replace */
	return rollout->wanted == 0 || input->rolling < PLAN_ROLLING_MAX;
}

/* Where the release's turn has not come, the template stays what we applied last. */
static void template_withhold(struct plan *plan, const struct plan_input *input, json_t *wanted)
{
	const json_t *seen = input->children[CHILD_DEPLOYMENT];
	const json_t *owned = ownership_of(seen, FIELD_MANAGER_CONTROLLER);
	struct differences differences;

	if (seen == NULL || owned == NULL || input->rollout == NULL)
		return;
	differences_find(wanted, seen, owned, &differences);
	if (!differences_have(&differences, TEMPLATE) || !is_for_the_release(input, &differences))
		return;
	bool is_due = input->rollout->wanted == 0 || is_worth_new_pods(&differences);
	if (is_due && is_its_turn(input)) {
		plan->is_for_release = input->rollout->wanted > 0;
		return;
	}
	const json_t *owned_template = ownership_below_field(ownership_below_field(owned, "spec"), "template");
	json_t *kept = ownership_extract(json_at(seen, "/spec/template"), owned_template);
	if (kept == NULL)
		return;
	json_put(wanted, "/spec/template", kept);
	plan->is_withheld = is_due;
}

static void account_plan(struct plan *plan, const struct plan_input *input)
{
	const json_t *seen = input->children[CHILD_ACCOUNT];
	const char *named = desired_access_named(input->object);

	if (named == NULL) {
		child_plan(plan, input, CHILD_ACCOUNT, desired_access_account(input->agent));
		return;
	}
	/* The account made while none was named goes, unless the spec now names that very one. */
	if (seen != NULL && !is_being_deleted(seen) && strcmp(named, input->agent->name) != 0 &&
		child_claim(seen, input->agent->name, input->agent->uid) == CLAIM_OURS)
		delete_add(plan, CHILD_ACCOUNT, seen);
}

static bool is_refused(struct plan *plan, enum reason reason)
{
	plan->is_refused = true;
	plan->refusal = reason;
	return true;
}

static bool is_name_taken(struct plan *plan, const struct plan_input *input)
{
	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		const json_t *seen = input->children[kind];

		if (kind == CHILD_ACCOUNT && desired_access_named(input->object) != NULL)
			continue;
		if (seen == NULL || child_claim(seen, input->agent->name, input->agent->uid) != CLAIM_TAKEN)
			continue;
		(void)err_set(&plan->words, ERR_INVALID,
			"%s %s is there already and is not this Agent's: delete it, or give the Agent another name",
			child_resource((enum child_kind)kind)->kind, input->agent->name);
		return is_refused(plan, REASON_NAME_CONFLICT);
	}
	return false;
}

struct plan *plan_make(const struct plan_input *input)
{
	struct plan *plan = mem_alloc(sizeof(*plan));
	json_t *deployment = desired_deployment(input->agent, input->object, input->release, &plan->words);

	if (!input->agent->has_finalizer)
		(void)action_add(plan, ACTION_FINALIZER_ADD, CHILD_DEPLOYMENT, finalize_list_with(input->object));
	if (deployment == NULL) {
		(void)is_refused(plan, REASON_INVALID_POD_TEMPLATE);
		return plan;
	}
	if (is_name_taken(plan, input)) {
		json_decref(deployment);
		return plan;
	}
	account_plan(plan, input);
	child_plan(plan, input, CHILD_SERVICE, desired_service(input->agent));
	template_withhold(plan, input, deployment);
	child_plan(plan, input, CHILD_DEPLOYMENT, deployment);
	if (input->children[CHILD_DEPLOYMENT] == NULL && input->observed_generation == 0) {
		struct note *note = note_add(plan, false, REASON_CREATED);

		(void)snprintf(note->message, sizeof(note->message), "Deployment, Service and ServiceAccount %s have been made.",
			input->agent->name);
	}
	return plan;
}

/* "Deployment hello (example.com/hold)" */
static void held_note(struct plan *plan, enum child_kind kind, const json_t *seen)
{
	const json_t *finalizer;
	size_t i, len = strlen(plan->held);
	scoped_buf held;

	buf_init(&held, sizeof(plan->held) - 1 - len);
	json_array_foreach(json_at(seen, "/metadata/finalizers"), i, finalizer) {
		if (!json_is_string(finalizer))
			continue;
		/* Past the room for it the first ones still stand there. */
		if ((i == 0 &&
			    buf_format(&held, "%s%s %s (", len > 0 ? ", " : "", child_resource(kind)->kind,
				    json_text_at(seen, "/metadata/name")) == -1) ||
			buf_format(&held, "%s%s", i > 0 ? ", " : "", json_string_value(finalizer)) == -1)
			return;
	}
	if (buf_len(&held) > 0 && buf_append(&held, ")", 1) == 0)
		memcpy(plan->held + len, buf_terminated(&held), buf_len(&held) + 1);
}

struct plan *plan_end(const struct json_t *object, const struct json_t *const children[CHILD_KINDS])
{
	static const enum child_kind order[] = { CHILD_DEPLOYMENT, CHILD_SERVICE, CHILD_ACCOUNT };
	struct plan *plan = mem_alloc(sizeof(*plan));
	const char *name = json_text_at(object, "/metadata/name"), *uid = json_text_at(object, "/metadata/uid");

	if (!finalize_is_ours(object))
		return plan;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const json_t *seen = children[order[i]];

		if (seen == NULL || child_claim(seen, name, uid) != CLAIM_OURS)
			continue;
		plan->is_waiting = true;
		if (is_being_deleted(seen))
			held_note(plan, order[i], seen);
		else
			delete_add(plan, order[i], seen);
	}
	if (!plan->is_waiting)
		(void)action_add(plan, ACTION_FINALIZER_REMOVE, CHILD_DEPLOYMENT, finalize_list_without(object));
	return plan;
}

struct plan *plan_refuse(enum reason reason, const struct err *words)
{
	struct plan *plan = mem_alloc(sizeof(*plan));

	plan->words = *words;
	(void)is_refused(plan, reason);
	return plan;
}

void plan_free(struct plan **plan)
{
	if (*plan == NULL)
		return;
	for (size_t i = 0; i < (*plan)->count; i++)
		json_decref((*plan)->actions[i].object);
	mem_release(*plan);
	*plan = NULL;
}
