/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/finalize.c — pure: the finalizer keeps a deleted Agent until its
 * children are gone: for the garbage collector an owner that is held by a
 * finalizer is not yet gone.
 */
#include "controller/finalize.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "krypton/labels.h"

static bool is_ours(const json_t *entry)
{
	return json_is_string(entry) && strcmp(json_string_value(entry), FINALIZER) == 0;
}

bool finalize_is_ours(const struct json_t *object)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/metadata/finalizers"), i, entry) {
		if (is_ours(entry))
			return true;
	}
	return false;
}

struct json_t *finalize_list_without(const struct json_t *object)
{
	json_t *list = json_array();
	json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/metadata/finalizers"), i, entry) {
		if (!is_ours(entry))
			(void)json_array_append(list, entry);
	}
	return list;
}

struct json_t *finalize_list_with(const struct json_t *object)
{
	json_t *list = finalize_list_without(object);

	(void)json_array_append_new(list, json_string(FINALIZER));
	return list;
}

struct json_t *finalize_patch(const struct json_t *object, const struct json_t *list)
{
	json_t *patch = json_object();

	json_put_text(patch, "/metadata/resourceVersion", json_text_at(object, "/metadata/resourceVersion"));
	json_put_text(patch, "/metadata/uid", json_text_at(object, "/metadata/uid"));
	json_put(patch, "/metadata/finalizers", json_deep_copy(list));
	return patch;
}
