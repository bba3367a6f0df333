/* SPDX-License-Identifier: Apache-2.0 */
/* What a real one does with the writes that gateway and scaler make: preconditions, merge patch, apply of a condition by its type;
   a write that changes nothing leaves the version alone. */
#include "test/explore/apiserver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "test/explore/agenda.h"
#include "test/explore/story.h"

#define MAX_OBJECTS 16

struct object {
	const struct kube_resource *resource;
	struct json_t *value;
};

static struct object objects[MAX_OBJECTS];
static int count;
static int64_t revision;
static int64_t away_until_ms;
static void (*on_write)(const struct kube_resource *resource, const struct json_t *object, const char *manager);

void apiserver_reset(void)
{
	for (int i = 0; i < count; i++)
		json_release(&objects[i].value);
	count = 0;
	revision = 1000;
	away_until_ms = 0;
}

void apiserver_on_write(void (*told)(const struct kube_resource *resource, const struct json_t *object, const char *manager))
{
	on_write = told;
}

void apiserver_leave(int64_t ms)
{
	away_until_ms = agenda_now_ms() + ms;
	story_tell("the API server is away for %" PRId64 " ms", ms);
}

bool apiserver_is_away(void)
{
	return agenda_now_ms() < away_until_ms;
}

static struct object *find(const struct kube_resource *resource, const char *name_space, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (objects[i].resource == resource && strcmp(json_text_at(objects[i].value, "/metadata/name"), name) == 0 &&
			strcmp(json_text_at(objects[i].value, "/metadata/namespace"), name_space) == 0)
			return &objects[i];
	}
	return NULL;
}

const struct json_t *apiserver_get(const struct kube_resource *resource, const char *name_space, const char *name)
{
	const struct object *object = find(resource, name_space, name);

	return object != NULL ? object->value : NULL;
}

/* Takes value over as what the object is now. */
static void store(struct object *object, struct json_t *value, enum kube_change change, const char *manager)
{
	char version[24];

	(void)snprintf(version, sizeof(version), "%" PRId64, ++revision);
	json_put_text(value, "/metadata/resourceVersion", version);
	json_release(&object->value);
	object->value = value;
	kube_tell(object->resource, value, change);
	if (on_write != NULL)
		on_write(object->resource, value, manager);
}

void apiserver_put(const struct kube_resource *resource, struct json_t *value)
{
	struct object *object = find(resource, json_text_at(value, "/metadata/namespace"), json_text_at(value, "/metadata/name"));

	if (object != NULL) {
		store(object, value, KUBE_MODIFIED, "");
		return;
	}
	BUG_ON(count == MAX_OBJECTS);
	object = &objects[count++];
	*object = (struct object){ .resource = resource };
	store(object, value, KUBE_ADDED, "");
}

void apiserver_touch(const struct kube_resource *resource, const char *name_space, const char *name)
{
	struct object *object = find(resource, name_space, name);

	if (object != NULL)
		store(object, json_deep_copy(object->value), KUBE_MODIFIED, "somebody");
}

/* A condition takes the place of the one of its type; its time moves only with its status. */
static void apply_condition(json_t *status, json_t *condition)
{
	json_t *list = json_object_get(status, "conditions");
	const char *type = json_text_at(condition, "/type");

	if (list == NULL) {
		list = json_array();
		json_object_set_new(status, "conditions", list);
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *old = json_array_get(list, i);

		if (strcmp(json_text_at(old, "/type"), type) == 0) {
			json_array_set(list, i, condition);
			return;
		}
	}
	json_array_append(list, condition);
}

static void change_status(json_t *status, enum api_write how, json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach(patch, key, value) {
		if (how == API_APPLY && strcmp(key, "conditions") == 0) {
			for (size_t i = 0; i < json_array_size(value); i++)
				apply_condition(status, json_array_get(value, i));
		} else {
			json_object_set(status, key, value);
		}
	}
}

int apiserver_write_status(
	const struct kube_target *target, enum api_write how, const struct json_t *patch, const char *manager, struct err *err)
{
	struct object *object = find(target->resource, target->name_space, target->name);
	const char *version = json_text_at(patch, "/metadata/resourceVersion");
	scoped_json value = NULL;

	if (object == NULL)
		return err_set(err, ERR_NOT_FOUND, "no such object");
	if (version != NULL && strcmp(version, json_text_at(object->value, "/metadata/resourceVersion")) != 0)
		return err_set(err, ERR_CONFLICT, "the object has been modified");
	value = json_deep_copy(object->value);
	if (json_object_get(value, "status") == NULL)
		json_object_set_new(value, "status", json_object());
	change_status(json_object_get(value, "status"), how, json_at(patch, "/status"));
	if (json_equal(value, object->value))
		return 0;
	store(object, value, KUBE_MODIFIED, manager);
	value = NULL;
	return 0;
}

static bool label_is(const struct json_t *object, const char *label, size_t label_len, const char *value)
{
	const json_t *labels = json_at(object, "/metadata/labels");
	char name[128];
	const char *has;

	BUG_ON(label_len >= sizeof(name));
	memcpy(name, label, label_len);
	name[label_len] = '\0';
	has = json_string_value(json_object_get(labels, name));
	return has != NULL && (value == NULL || strcmp(has, value) == 0);
}

bool apiserver_selects(const struct json_t *object, const char *label_selector)
{
	const char *equals;

	if (label_selector == NULL)
		return true;
	equals = strchr(label_selector, '=');
	return equals == NULL ? label_is(object, label_selector, strlen(label_selector), NULL)
			      : label_is(object, label_selector, (size_t)(equals - label_selector), equals + 1);
}

void apiserver_each(const struct kube_resource *resource, const char *label_selector,
	void (*visit)(void *arg, const struct json_t *object), void *arg)
{
	for (int i = 0; i < count; i++) {
		if (objects[i].resource == resource && apiserver_selects(objects[i].value, label_selector))
			visit(arg, objects[i].value);
	}
}
