/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/difference.c — pure: a walk over what we want, with what is there
 * beside it. An empty text, list or object that the API server did not keep is
 * no difference; false and 0 are, since for many fields absence means otherwise.
 */
#include "controller/difference.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "controller/list_keys.h"
#include "controller/ownership.h"
#include "kube/quantity.h"

/* One place of the walk. */
struct place {
	char path[DIFFERENCE_PATH_BYTES];
	const char *name;    /* the last field's */
	const json_t *owned; /* our set here; NULL: none */
	bool is_quantity;
};

static void walk(const json_t *wanted, const json_t *seen, const struct place *place, struct differences *out);

/* Appends, cut at the path's room: a path is for people. */
static void path_append(char path[DIFFERENCE_PATH_BYTES], const char *text)
{
	size_t used = strlen(path), len = strnlen(text, DIFFERENCE_PATH_BYTES - 1 - used);

	memcpy(path + used, text, len);
	path[used + len] = '\0';
}

static struct place place_below(
	const struct place *place, const char *name, const char *before, const char *text, const char *after)
{
	struct place below = *place;

	below.name = name;
	below.is_quantity = false;
	path_append(below.path, before);
	path_append(below.path, text);
	path_append(below.path, after);
	return below;
}

static bool is_nothing(const json_t *value)
{
	return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
		(json_is_object(value) && json_object_size(value) == 0) || (json_is_array(value) && json_array_size(value) == 0);
}

static void scalar_format(const json_t *value, char out[DIFFERENCE_VALUE_BYTES])
{
	out[0] = '\0';
	if (json_is_string(value))
		(void)snprintf(out, DIFFERENCE_VALUE_BYTES, "%s", json_string_value(value));
	else if (json_is_integer(value))
		(void)snprintf(out, DIFFERENCE_VALUE_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		(void)snprintf(out, DIFFERENCE_VALUE_BYTES, "%.15g", json_real_value(value));
	else if (json_is_boolean(value))
		(void)snprintf(out, DIFFERENCE_VALUE_BYTES, "%s", json_is_true(value) ? "true" : "false");
}

static bool scalars_equal(const json_t *wanted, const json_t *seen, bool is_quantity)
{
	char wanted_text[DIFFERENCE_VALUE_BYTES], seen_text[DIFFERENCE_VALUE_BYTES];

	if (json_equal(wanted, seen))
		return true;
	if (json_is_number(wanted) && json_is_number(seen))
		return json_number_value(wanted) == json_number_value(seen);
	if (!is_quantity)
		return false;
	scalar_format(wanted, wanted_text);
	scalar_format(seen, seen_text);
	return kube_quantity_equal(wanted_text, seen_text);
}

static void found(const struct place *place, const json_t *seen, struct differences *out)
{
	if (out->count == DIFFERENCES_MAX) {
		out->is_cut = true;
		return;
	}
	struct difference *difference = &out->items[out->count++];
	memcpy(difference->path, place->path, sizeof(difference->path));
	scalar_format(seen, difference->seen);
	difference->is_absent = seen == NULL;
	difference->is_foreign = seen != NULL && place->owned == NULL;
}

static bool holds_quantities(const char *name)
{
	return strcmp(name, "limits") == 0 || strcmp(name, "requests") == 0 || strcmp(name, "overhead") == 0;
}

static bool is_quantity_itself(const char *name)
{
	return strcmp(name, "sizeLimit") == 0 || strcmp(name, "divisor") == 0;
}

static void object_walk(const json_t *wanted, const json_t *seen, const struct place *place, struct differences *out)
{
	void *iter = json_object_iter((json_t *)(uintptr_t)wanted);

	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)wanted, iter)) {
		const char *name = json_object_iter_key(iter);
		struct place below = place_below(place, name, place->path[0] == '\0' ? "" : ".", name, "");

		below.owned = ownership_is_whole(place->owned) ? place->owned : ownership_below_field(place->owned, name);
		below.is_quantity = holds_quantities(place->name) || is_quantity_itself(name);
		walk(json_object_iter_value(iter), json_object_get(seen, name), &below, out);
	}
}

static struct place place_of_entry(const struct place *place, const char *key, const json_t *entry)
{
	char label[DIFFERENCE_VALUE_BYTES];

	scalar_format(json_object_get(entry, key), label);
	return place_below(place, "", "[", label, "]");
}

static void keyed_list_walk(
	const json_t *wanted, const json_t *seen, const char *key, const struct place *place, struct differences *out)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(wanted, i, entry) {
		const json_t *there = list_find(seen, key, entry);
		struct place below = place_of_entry(place, key, entry);

		below.owned = ownership_is_whole(place->owned) ? place->owned
							       : ownership_below_entry(place->owned, there != NULL ? there : entry);
		walk(entry, there, &below, out);
	}
}

static void plain_list_walk(const json_t *wanted, const json_t *seen, const struct place *place, struct differences *out)
{
	const json_t *entry;
	size_t i;

	if (json_array_size(wanted) != json_array_size(seen)) {
		found(place, seen, out);
		return;
	}
	json_array_foreach(wanted, i, entry) {
		char index[24];

		(void)snprintf(index, sizeof(index), "%zu", i);
		struct place below = place_below(place, "", "[", index, "]");
		walk(entry, json_array_get(seen, i), &below, out);
	}
}

static void walk(const json_t *wanted, const json_t *seen, const struct place *place, struct differences *out)
{
	if (seen == NULL || json_is_null(seen)) {
		if (!is_nothing(wanted))
			found(place, NULL, out);
	} else if (json_is_object(wanted) && json_is_object(seen)) {
		object_walk(wanted, seen, place, out);
	} else if (json_is_array(wanted) && json_is_array(seen)) {
		const char *key = list_key_of(place->name, json_array_get(wanted, 0));

		if (key != NULL)
			keyed_list_walk(wanted, seen, key, place, out);
		else
			plain_list_walk(wanted, seen, place, out);
	} else if (!scalars_equal(wanted, seen, place->is_quantity)) {
		found(place, seen, out);
	}
}

/* --- what we own and want no longer --- */

static void surplus_walk(const json_t *seen, const json_t *wanted, const struct place *place, struct differences *out);

/* A value that we own as a whole may hold defaults of the API server, which are no surplus. */
static void surplus_judge(const json_t *seen, const json_t *wanted, const struct place *place, struct differences *out)
{
	if (place->owned == NULL || is_nothing(seen))
		return;
	if (wanted == NULL || json_is_null(wanted))
		found(place, seen, out);
	else if (!ownership_is_whole(place->owned))
		surplus_walk(seen, wanted, place, out);
}

static void surplus_walk(const json_t *seen, const json_t *wanted, const struct place *place, struct differences *out)
{
	const char *key = json_is_array(seen) ? list_key_of(place->name, json_array_get(seen, 0)) : NULL;
	void *iter = json_object_iter((json_t *)(uintptr_t)seen);
	const json_t *entry;
	size_t i;

	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)seen, iter)) {
		const char *name = json_object_iter_key(iter);
		struct place below = place_below(place, name, place->path[0] == '\0' ? "" : ".", name, "");

		below.owned = ownership_below_field(place->owned, name);
		surplus_judge(json_object_iter_value(iter), json_object_get(wanted, name), &below, out);
	}
	if (key == NULL)
		return;
	json_array_foreach(seen, i, entry) {
		struct place below = place_of_entry(place, key, entry);

		below.owned = ownership_below_entry(place->owned, entry);
		surplus_judge(entry, list_find(wanted, key, entry), &below, out);
	}
}

void differences_find(
	const struct json_t *wanted, const struct json_t *seen, const struct json_t *owned, struct differences *ret_differences)
{
	const struct place root = { .name = "", .owned = owned };

	*ret_differences = (struct differences){ 0 };
	walk(wanted, seen, &root, ret_differences);
	surplus_judge(seen, wanted, &root, ret_differences);
}

bool difference_is_below(const struct difference *difference, const char *prefix)
{
	size_t len = strlen(prefix);
	char next = strncmp(difference->path, prefix, len) == 0 ? difference->path[len] : 'x';

	return next == '\0' || next == '.' || next == '[';
}

bool differences_have(const struct differences *differences, const char *prefix)
{
	for (size_t i = 0; i < differences->count; i++) {
		if (difference_is_below(&differences->items[i], prefix))
			return true;
	}
	return false;
}
