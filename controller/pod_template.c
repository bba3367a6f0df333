/* SPDX-License-Identifier: Apache-2.0 */
/* controller/pod_template.c — pure: strategic merge for pods, and the few things that it must leave alone. */
#include "controller/pod_template.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "controller/list_keys.h"
#include "krypton/labels.h"
#include "krypton/ports.h"

#define DEPTH_MAX 32

static int object_merge(json_t *target, const json_t *patch, struct err *err);

static bool is_named(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, "name"));

	return text != NULL && strcmp(text, name) == 0;
}

/* A volume or an environment variable has one source: an entry that brings another takes the old one's place. */
static bool has_one_source(const char *list)
{
	return strcmp(list, "volumes") == 0 || strcmp(list, "env") == 0;
}

/* Entries that both have are merged, new ones stand behind. */
static int list_merge(json_t *target, const json_t *patch, const char *list, const char *key, struct err *err)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(patch, i, entry) {
		json_t *there = list_find(target, key, entry);

		if (!json_is_object(entry) || json_object_get(entry, key) == NULL)
			return err_set(err, ERR_INVALID, "an entry of %s has no %s", list, key);
		if (there == NULL) {
			(void)json_array_append_new(target, json_deep_copy(entry));
			continue;
		}
		if (has_one_source(list))
			(void)json_object_clear(there);
		if (object_merge(there, entry, err) == -1)
			return -1;
	}
	return 0;
}

static int value_merge(json_t *target, const char *name, const json_t *value, struct err *err)
{
	json_t *there = json_object_get(target, name);
	const char *key = json_is_array(value) && json_is_array(there) ? list_key_of(name, json_array_get(value, 0)) : NULL;

	if (json_is_null(value)) {
		(void)json_object_del(target, name);
		return 0;
	}
	if (json_is_object(value) && json_is_object(there))
		return object_merge(there, value, err);
	if (key != NULL)
		return list_merge(there, value, name, key, err);
	(void)json_object_set_new(target, name, json_deep_copy(value));
	return 0;
}

/* As deep as directives_check() has found it to be. */
static int object_merge(json_t *target, const json_t *patch, struct err *err)
{
	void *iter = json_object_iter((json_t *)(uintptr_t)patch);

	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)patch, iter)) {
		if (value_merge(target, json_object_iter_key(iter), json_object_iter_value(iter), err) == -1)
			return -1;
	}
	return 0;
}

/* `$patch` and its like anywhere, also in what is new and only copied. */
static int directives_check(const json_t *value, int depth, struct err *err)
{
	void *iter = json_object_iter((json_t *)(uintptr_t)value);
	const json_t *entry;
	size_t i;

	if (depth > DEPTH_MAX)
		return err_set(err, ERR_INVALID, "spec.podTemplate: nested deeper than %d", DEPTH_MAX);
	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)value, iter)) {
		const char *name = json_object_iter_key(iter);

		if (name[0] == '$')
			return err_set(err, ERR_INVALID,
				"spec.podTemplate: %.60s: directives of a strategic merge are not supported", name);
		if (directives_check(json_object_iter_value(iter), depth + 1, err) == -1)
			return -1;
	}
	json_array_foreach(value, i, entry) {
		if (directives_check(entry, depth + 1, err) == -1)
			return -1;
	}
	return 0;
}

static int containers_check(const json_t *patch, struct err *err)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(patch, "/spec/containers"), i, entry) {
		if (is_named(entry, CONTAINER_PROXY))
			return err_set(err, ERR_INVALID,
				"spec.podTemplate: the container krypton-proxy is Krypton's and cannot be changed");
		if (is_named(entry, CONTAINER_AGENT) && json_at(entry, "/lifecycle/preStop") != NULL)
			return err_set(err, ERR_INVALID,
				"spec.podTemplate: the agent's preStop hook is Krypton's: let the agent act on SIGTERM");
		const json_t *lifecycle = json_object_get(entry, "lifecycle");
		if (is_named(entry, CONTAINER_AGENT) && lifecycle != NULL && !json_is_object(lifecycle))
			return err_set(err, ERR_INVALID, "spec.podTemplate: the agent's lifecycle is not an object");
	}
	json_array_foreach(json_at(patch, "/spec/initContainers"), i, entry) {
		if (is_named(entry, CONTAINER_PROXY) || is_named(entry, CONTAINER_AGENT))
			return err_set(
				err, ERR_INVALID, "spec.podTemplate: agent and krypton-proxy are no names for an init container");
	}
	return 0;
}

/* These come as an object or a list that is merged; anything else would put ours out of the pod. */
static int shape_check(const json_t *patch, struct err *err)
{
	static const char *const objects[] = { "/metadata", "/metadata/labels", "/metadata/annotations", "/spec" };
	const json_t *containers = json_at(patch, "/spec/containers");

	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		const json_t *value = json_at(patch, objects[i]);

		if (value != NULL && !json_is_object(value))
			return err_set(err, ERR_INVALID, "spec.podTemplate: %s is not an object", objects[i] + 1);
	}
	if (containers != NULL && !json_is_array(containers))
		return err_set(err, ERR_INVALID, "spec.podTemplate: spec/containers is not a list");
	return 0;
}

int pod_template_merge(struct json_t *template, const struct json_t *patch, struct err *err)
{
	const json_t *labels = json_at(patch, "/metadata/labels");

	if (patch == NULL)
		return 0;
	if (shape_check(patch, err) == -1 || directives_check(patch, 0, err) == -1)
		return -1;
	if (json_object_get(labels, LABEL_AGENT) != NULL || json_object_get(labels, LABEL_MANAGED_BY) != NULL)
		return err_set(
			err, ERR_INVALID, "spec.podTemplate: the labels %s and %s are Krypton's", LABEL_AGENT, LABEL_MANAGED_BY);
	if (containers_check(patch, err) == -1)
		return -1;
	if (object_merge(template, patch, err) == -1)
		return err_wrap(err, "spec.podTemplate");
	return 0;
}

/* A probe's port is a number or the name of the agent's port. */
static bool is_agent_port(const json_t *value, int port)
{
	if (json_is_integer(value))
		return json_integer_value(value) == port;
	return json_is_string(value) && strcmp(json_string_value(value), PORT_NAME_AGENT) == 0;
}

const char *pod_template_readiness_path(const struct json_t *patch, int port)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(patch, "/spec/containers"), i, entry) {
		const json_t *probe = json_at(entry, "/readinessProbe/httpGet");
		const char *scheme = json_text_at(probe, "/scheme"), *path = json_text_at(probe, "/path");

		if (!is_named(entry, CONTAINER_AGENT) || !is_agent_port(json_object_get(probe, "port"), port))
			continue;
		if (scheme != NULL && strcmp(scheme, "HTTP") != 0)
			return NULL;
		return path != NULL && path[0] == '/' ? path : "/";
	}
	return NULL;
}
