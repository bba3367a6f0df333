/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krypton/agent.c — pure: an Agent's JSON read once, with defaults and bounds.
 * It is not the place of the rules that hold between fields: agent_rules.
 */
#include "krypton/agent.h"

#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/mem.h"
#include "krypton/labels.h"
#include "kube/conditions.h"

#define HOUR_MS INT64_C(3600000)

const struct kube_resource KUBE_AGENTS = {
	.group = "krypton.ai",
	.version = "v1alpha1",
	.plural = "agents",
	.kind = "Agent",
	.is_namespaced = true,
};

struct int_field {
	const char *pointer;
	size_t offset;
	int fallback, min, max;
};

static const struct int_field int_fields[] = {
	{ "/spec/minReplicas", offsetof(struct agent, min_replicas), AGENT_DEFAULT_MIN_REPLICAS, 0, 10000 },
	{ "/spec/maxReplicas", offsetof(struct agent, max_replicas), AGENT_DEFAULT_MAX_REPLICAS, 1, 10000 },
	{ "/spec/concurrency", offsetof(struct agent, concurrency), AGENT_DEFAULT_CONCURRENCY, 1, 100000 },
	{ "/spec/port", offsetof(struct agent, port), AGENT_DEFAULT_PORT, 1, 65535 },
	{ "/spec/targetUtilization", offsetof(struct agent, target_utilization), 100, 1, 100 },
};

struct duration_field {
	const char *pointer;
	size_t offset;
	int64_t fallback_ms, min_ms, max_ms;
};

static const struct duration_field duration_fields[] = {
	{ "/spec/timeout", offsetof(struct agent, timeout_ms), AGENT_DEFAULT_TIMEOUT_MS, 1, 24 * HOUR_MS },
	{ "/spec/startupTimeout", offsetof(struct agent, startup_timeout_ms), 0, 1, 24 * HOUR_MS },
	{ "/spec/waitKeepAlive", offsetof(struct agent, wait_keep_alive_ms), 0, 1000, 60000 },
	{ "/spec/drainTimeout", offsetof(struct agent, drain_timeout_ms), AGENT_DEFAULT_DRAIN_TIMEOUT_MS, 1000, 24 * HOUR_MS },
	{ "/spec/scaleToZeroAfter", offsetof(struct agent, scale_to_zero_after_ms), AGENT_DEFAULT_SCALE_TO_ZERO_AFTER_MS, 1000,
		168 * HOUR_MS },
};

static const char *const mode_names[] = { [AGENT_ALWAYS_ON] = "always-on", [AGENT_SERVERLESS] = "serverless" };
static const char *const protocol_names[] = { [AGENT_A2A] = "a2a", [AGENT_MCP] = "mcp", [AGENT_HTTP] = "http" };

/* Present and not null. */
static const json_t *value_at(const json_t *object, const char *pointer)
{
	const json_t *value = json_at(object, pointer);

	return json_is_null(value) ? NULL : value;
}

/* "/spec/port" is "spec.port" for people. */
static int field_wrong(struct err *err, const char *pointer, const char *why)
{
	char path[64];
	size_t len = strlen(pointer + 1);

	BUG_ON(len >= sizeof(path));
	memcpy(path, pointer + 1, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (path[i] == '/')
			path[i] = '.';
	}
	return err_set(err, ERR_INVALID, "%s %s", path, why);
}

static int int_read(const json_t *object, const struct int_field *field, struct agent *agent, struct err *err)
{
	const json_t *value = value_at(object, field->pointer);
	int *ret_value = (int *)(void *)((char *)agent + field->offset);

	*ret_value = field->fallback;
	if (value == NULL)
		return 0;
	if (!json_is_integer(value))
		return field_wrong(err, field->pointer, "is not an integer");
	if (json_integer_value(value) < field->min || json_integer_value(value) > field->max)
		return field_wrong(err, field->pointer, "is out of range");
	*ret_value = (int)json_integer_value(value);
	return 0;
}

static int duration_read(const json_t *object, const struct duration_field *field, struct agent *agent, struct err *err)
{
	const json_t *value = value_at(object, field->pointer);
	int64_t *ret_ms = (int64_t *)(void *)((char *)agent + field->offset);

	*ret_ms = field->fallback_ms;
	if (value == NULL)
		return 0;
	if (!json_is_string(value) || duration_parse(text_of(json_string_value(value)), ret_ms) == -1)
		return field_wrong(err, field->pointer, "is not a Go duration, such as 90s");
	if (*ret_ms < field->min_ms || *ret_ms > field->max_ms)
		return field_wrong(err, field->pointer, "is out of range");
	return 0;
}

static int word_read(
	const json_t *object, const char *pointer, const char *const *words, size_t count, int *ret_index, struct err *err)
{
	const json_t *value = value_at(object, pointer);

	if (value == NULL)
		return 0;
	for (size_t i = 0; json_is_string(value) && i < count; i++) {
		if (strcmp(words[i], json_string_value(value)) == 0) {
			*ret_index = (int)i;
			return 0;
		}
	}
	return field_wrong(err, pointer, "is none of the words it may be");
}

static int text_read(const json_t *object, const char *pointer, const char *fallback, char **ret_text, struct err *err)
{
	const json_t *value = value_at(object, pointer);

	if (value != NULL && !json_is_string(value))
		return field_wrong(err, pointer, "is not a string");
	const char *text = value == NULL ? fallback : json_string_value(value);
	if (text == NULL || text[0] == '\0')
		return field_wrong(err, pointer, "is missing");
	*ret_text = mem_copy_text(text);
	return 0;
}

static bool finalizer_is_there(const json_t *object)
{
	const json_t *finalizers = json_at(object, "/metadata/finalizers");
	const json_t *entry;
	size_t i;

	json_array_foreach(finalizers, i, entry) {
		if (json_is_string(entry) && strcmp(json_string_value(entry), FINALIZER) == 0)
			return true;
	}
	return false;
}

static int metadata_read(const json_t *object, struct agent *agent, struct err *err)
{
	if (text_read(object, "/metadata/name", NULL, &agent->name, err) == -1)
		return -1;
	if (text_read(object, "/metadata/namespace", "default", &agent->name_space, err) == -1)
		return -1;
	agent->uid = mem_copy_text(json_text_at(object, "/metadata/uid"));
	agent->resource_version = mem_copy_text(json_text_at(object, "/metadata/resourceVersion"));
	agent->generation = json_int_at(object, "/metadata/generation", 0);
	agent->is_deleting = value_at(object, "/metadata/deletionTimestamp") != NULL;
	agent->has_finalizer = finalizer_is_there(object);
	return 0;
}

static int spec_read(const json_t *object, struct agent *agent, struct err *err)
{
	int mode = AGENT_ALWAYS_ON, protocol = AGENT_A2A;

	if (text_read(object, "/spec/image", NULL, &agent->image, err) == -1)
		return -1;
	if (text_read(object, "/spec/invocationPath", "/", &agent->invocation_path, err) == -1)
		return -1;
	if (word_read(object, "/spec/mode", mode_names, ARRAY_LEN(mode_names), &mode, err) == -1)
		return -1;
	if (word_read(object, "/spec/protocol", protocol_names, ARRAY_LEN(protocol_names), &protocol, err) == -1)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(int_fields); i++) {
		if (int_read(object, &int_fields[i], agent, err) == -1)
			return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(duration_fields); i++) {
		if (duration_read(object, &duration_fields[i], agent, err) == -1)
			return -1;
	}
	agent->mode = (enum agent_mode)mode;
	agent->protocol = (enum agent_protocol)protocol;
	agent->has_startup_timeout = value_at(object, "/spec/startupTimeout") != NULL;
	return 0;
}

/* Status is ours, so what is odd there is taken as absent rather than refused. */
static void status_read(const json_t *object, struct agent *agent)
{
	const json_t *available = kube_conditions_get(json_at(object, "/status/conditions"), "Available");
	const json_t *desired = json_at(object, "/status/desiredReplicas");
	const json_t *scaled = kube_conditions_get(json_at(object, "/status/conditions"), "Scaled");
	const char *state = json_text_at(available, "/status");

	agent->has_desired_replicas =
		json_is_integer(desired) && json_integer_value(desired) >= 0 && json_integer_value(desired) <= 10000;
	agent->desired_replicas = agent->has_desired_replicas ? (int)json_integer_value(desired) : 0;
	agent->last_invocation_ms = json_instant_at(object, "/status/lastInvocationAt", 0);
	agent->available_reason = mem_copy_text(json_text_at(available, "/reason"));
	agent->available_message = mem_copy_text(json_text_at(available, "/message"));
	agent->scaled_reason = mem_copy_text(json_text_at(scaled, "/reason"));
	agent->is_available = state != NULL && strcmp(state, "True") == 0;
}

struct agent *agent_from_json(const struct json_t *object, struct err *err)
{
	scoped(agent) agent = mem_alloc(sizeof(*agent));

	if (metadata_read(object, agent, err) == -1 || spec_read(object, agent, err) == -1)
		return NULL;
	status_read(object, agent);
	struct agent *read = agent;
	agent = NULL;
	return read;
}

void agent_free(struct agent **agent)
{
	if (*agent == NULL)
		return;
	mem_release((*agent)->name_space);
	mem_release((*agent)->name);
	mem_release((*agent)->uid);
	mem_release((*agent)->resource_version);
	mem_release((*agent)->image);
	mem_release((*agent)->invocation_path);
	mem_release((*agent)->scaled_reason);
	mem_release((*agent)->available_reason);
	mem_release((*agent)->available_message);
	mem_release(*agent);
	*agent = NULL;
}

bool agent_may_sleep(const struct agent *agent)
{
	return agent->mode == AGENT_SERVERLESS && agent->min_replicas == 0;
}

int agent_wanted_replicas(const struct agent *agent)
{
	int floor = agent->min_replicas == 0 && !agent_may_sleep(agent) ? 1 : agent->min_replicas;
	int wanted = agent->has_desired_replicas ? agent->desired_replicas : floor;

	if (wanted > agent->max_replicas)
		wanted = agent->max_replicas;
	return wanted < floor ? floor : wanted;
}

const char *agent_mode_name(enum agent_mode mode)
{
	BUG_ON((size_t)mode >= ARRAY_LEN(mode_names));
	return mode_names[mode];
}

const char *agent_protocol_name(enum agent_protocol protocol)
{
	BUG_ON((size_t)protocol >= ARRAY_LEN(protocol_names));
	return protocol_names[protocol];
}
