/* SPDX-License-Identifier: Apache-2.0 */
/* controller/child.c — pure: what is kept of a child, and whose it is. */
#include "controller/child.h"

#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "base/alike.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "krypton/labels.h"

#define TEXT_BYTES_MAX (64 * 1024 * 1024) /* far over what etcd keeps of one object */

const struct kube_resource *child_resource(enum child_kind kind)
{
	switch (kind) {
	case CHILD_ACCOUNT: return &KUBE_SERVICE_ACCOUNTS;
	case CHILD_SERVICE: return &KUBE_SERVICES;
	case CHILD_DEPLOYMENT: return &KUBE_DEPLOYMENTS;
	}
	BUG_ON(true);
}

/* managedFields without those of the status writers: they are long and say nothing about the spec. */
static json_t *managed_without_status(const json_t *managed)
{
	json_t *kept = json_array();
	json_t *entry;
	size_t i;

	json_array_foreach(managed, i, entry) {
		const char *subresource = json_text_at(entry, "/subresource");

		if (subresource == NULL || strcmp(subresource, "status") != 0)
			(void)json_array_append(kept, entry);
	}
	return kept;
}

static struct alike_text *compact_text(struct alike *alike, const json_t *object)
{
	scoped_buf text;

	buf_init(&text, TEXT_BYTES_MAX);
	BUG_ON(json_format(object, &text) == -1); /* it came in an answer of at most that size */
	return alike_keep(alike, buf_text(&text));
}

/* A copy that shares all but the top level and metadata. */
static json_t *shallow_copy(const json_t *object)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object);
	json_t *metadata = json_copy(json_object_get(object, "metadata"));

	if (json_is_object(metadata))
		(void)json_object_set(copy, "metadata", metadata);
	json_decref(metadata);
	return copy;
}

static const json_t *condition_of(const json_t *object, const char *type)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/status/conditions"), i, entry) {
		const char *name = json_text_at(entry, "/type");

		if (name != NULL && strcmp(name, type) == 0)
			return entry;
	}
	return NULL;
}

static bool condition_is(const json_t *condition, const char *status)
{
	const char *text = json_text_at(condition, "/status");

	return text != NULL && strcmp(text, status) == 0;
}

static struct rollout rollout_from(const json_t *object)
{
	return (struct rollout){
		.wanted = (int)json_int_at(object, "/spec/replicas", 0),
		.replicas = (int)json_int_at(object, "/status/replicas", 0),
		.updated = (int)json_int_at(object, "/status/updatedReplicas", 0),
		.ready = (int)json_int_at(object, "/status/readyReplicas", 0),
		.is_seen = json_int_at(object, "/status/observedGeneration", 0) >= json_int_at(object, "/metadata/generation", 0),
		.is_stuck = condition_is(condition_of(object, "Progressing"), "False"),
	};
}

static struct child *child_make(struct alike *alike, const json_t *object)
{
	struct child *child = mem_alloc(sizeof(*child));

	child->text = compact_text(alike, object);
	return child;
}

struct child *child_from_json(struct alike *alike, const struct json_t *object)
{
	scoped_json copy = shallow_copy(object);
	const json_t *failure = condition_of(object, "ReplicaFailure");

	(void)json_object_del(copy, "status");
	json_put(copy, "/metadata/managedFields", managed_without_status(json_at(object, "/metadata/managedFields")));
	struct child *child = child_make(alike, copy);
	child->rollout = rollout_from(object);
	if (condition_is(failure, "True"))
		child->replica_failure = mem_copy_text(json_text_at(failure, "/message"));
	return child;
}

struct child *child_from_agent_json(struct alike *alike, const struct json_t *object)
{
	scoped_json copy = shallow_copy(object);

	(void)json_object_del(json_object_get(copy, "metadata"), "managedFields");
	return child_make(alike, copy);
}

void child_free(struct child **child)
{
	if (*child == NULL)
		return;
	alike_text_free(&(*child)->text);
	mem_release((*child)->replica_failure);
	mem_release(*child);
	*child = NULL;
}

struct json_t *child_read(const struct alike *alike, const struct child *child)
{
	scoped_text char *text = alike_read(alike, child->text);
	struct err err = { 0 };
	json_t *object = json_parse(text_of(text), &err);

	BUG_ON(object == NULL); /* we wrote that text */
	return object;
}

bool rollout_is_running(const struct rollout *rollout)
{
	if (rollout->is_stuck || rollout->wanted == 0)
		return false;
	return !rollout->is_seen || rollout->updated < rollout->wanted || rollout->replicas > rollout->updated ||
		rollout->ready < rollout->wanted;
}

static bool label_is(const json_t *object, const char *label, const char *value)
{
	const char *text = json_string_value(json_object_get(json_at(object, "/metadata/labels"), label));

	return text != NULL && strcmp(text, value) == 0;
}

static bool text_at_is(const json_t *object, const char *pointer, const char *value)
{
	const char *text = json_text_at(object, pointer);

	return text != NULL && strcmp(text, value) == 0;
}

enum claim child_claim(const struct json_t *object, const char *agent_name, const char *agent_uid)
{
	const json_t *reference;
	size_t i;

	json_array_foreach(json_at(object, "/metadata/ownerReferences"), i, reference) {
		if (!json_bool_at(reference, "/controller", false))
			continue;
		if (text_at_is(reference, "/uid", agent_uid))
			return CLAIM_OURS;
		if (text_at_is(reference, "/kind", KUBE_AGENTS.kind) && text_at_is(reference, "/name", agent_name))
			return CLAIM_FORMER;
		return CLAIM_TAKEN;
	}
	if (label_is(object, LABEL_MANAGED_BY, MANAGED_BY) && label_is(object, LABEL_AGENT, agent_name))
		return CLAIM_ORPHAN;
	return CLAIM_TAKEN;
}
