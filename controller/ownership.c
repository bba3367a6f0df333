/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/ownership.c — pure: fieldsV1 is a tree in which "f:spec" is a field,
 * `k:{"name":"agent"}` an entry of a keyed list, "." the thing itself, and an
 * empty object a value that is owned as a whole.
 */
#include "controller/ownership.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define FIELD_BYTES 320

const struct json_t *ownership_of(const struct json_t *object, const char *manager)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/metadata/managedFields"), i, entry) {
		const char *name = json_text_at(entry, "/manager"), *operation = json_text_at(entry, "/operation");

		if (name != NULL && operation != NULL && strcmp(name, manager) == 0 && strcmp(operation, "Apply") == 0 &&
			json_object_get(entry, "subresource") == NULL)
			return json_object_get(entry, "fieldsV1");
	}
	return NULL;
}

const struct json_t *ownership_below_field(const struct json_t *set, const char *field)
{
	char key[FIELD_BYTES];
	int len = snprintf(key, sizeof(key), "f:%s", field);

	return len < 0 || (size_t)len >= sizeof(key) ? NULL : json_object_get(set, key);
}

/* Has the entry every field that `text` ({"containerPort":80,"protocol":"TCP"}) gives, absent ones excepted? */
static bool key_matches(const char *text, const json_t *entry)
{
	scoped_json key = json_loads(text, 0, NULL);
	const char *name;
	json_t *value;

	if (!json_is_object(key))
		return false;
	json_object_foreach(key, name, value) {
		const json_t *there = json_object_get(entry, name);

		if (there != NULL && !json_equal(there, value))
			return false;
	}
	return true;
}

const struct json_t *ownership_below_entry(const struct json_t *set, const struct json_t *entry)
{
	void *iter = json_object_iter((json_t *)(uintptr_t)set);

	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)set, iter)) {
		const char *name = json_object_iter_key(iter);

		if (strncmp(name, "k:", 2) == 0 && key_matches(name + 2, entry))
			return json_object_iter_value(iter);
	}
	return NULL;
}

bool ownership_is_whole(const struct json_t *set)
{
	return json_is_object(set) && json_object_size(set) == 0;
}

/* Does the set speak of entries of a list? */
static bool has_entries(const json_t *set)
{
	void *iter = json_object_iter((json_t *)(uintptr_t)set);

	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)set, iter)) {
		if (strncmp(json_object_iter_key(iter), "k:", 2) == 0)
			return true;
	}
	return false;
}

static json_t *object_extract(const json_t *value, const json_t *set)
{
	json_t *part = json_object();
	void *iter = json_object_iter((json_t *)(uintptr_t)value);

	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)value, iter)) {
		const json_t *below = ownership_below_field(set, json_object_iter_key(iter));

		if (below != NULL)
			(void)json_object_set_new(
				part, json_object_iter_key(iter), ownership_extract(json_object_iter_value(iter), below));
	}
	return part;
}

static json_t *list_extract(const json_t *value, const json_t *set)
{
	json_t *part = json_array();
	const json_t *entry;
	size_t i;

	json_array_foreach(value, i, entry) {
		const json_t *below = ownership_below_entry(set, entry);

		if (below != NULL)
			(void)json_array_append_new(part, object_extract(entry, below));
	}
	return part;
}

struct json_t *ownership_extract(const struct json_t *value, const struct json_t *set)
{
	if (value == NULL || set == NULL)
		return NULL;
	if (json_is_object(value) && !ownership_is_whole(set))
		return object_extract(value, set);
	if (json_is_array(value) && has_entries(set))
		return list_extract(value, set);
	return json_deep_copy(value);
}

const char *ownership_other(const struct json_t *object, const char *manager, const char *pointer)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/metadata/managedFields"), i, entry) {
		const char *name = json_text_at(entry, "/manager");
		const json_t *set = json_object_get(entry, "fieldsV1");
		struct text rest = text_of(pointer);

		if (name == NULL || strcmp(name, manager) == 0)
			continue;
		(void)text_cut(&rest, '/');
		while (set != NULL && rest.at != NULL) {
			struct text step = text_cut(&rest, '/');
			char field[FIELD_BYTES];

			(void)snprintf(field, sizeof(field), "%.*s", TEXT_ARGS(step));
			set = ownership_below_field(set, field);
		}
		if (set != NULL)
			return name;
	}
	return NULL;
}
