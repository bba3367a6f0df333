/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/agent_warnings.c — pure: the unwise, never the wrong (that is agent_rules). Fields of another type are passed over. */
#include "krypton/agent_warnings.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "krypton/agent.h"
#include "krypton/labels.h"

/* Behind the last '/' a ':' begins the tag; a digest says more than any tag. */
static bool moves_under_its_name(const char *image)
{
	const char *slash = strrchr(image, '/'), *last = slash == NULL ? image : slash + 1;
	const char *colon = strchr(last, ':');

	return strchr(last, '@') == NULL && (colon == NULL || strcmp(colon, ":latest") == 0);
}

static bool is_tag_kept_on_nodes(const json_t *object)
{
	const char *image = json_text_at(object, "/spec/image"), *policy = json_text_at(object, "/spec/imagePullPolicy");

	return image != NULL && moves_under_its_name(image) && (policy == NULL || strcmp(policy, "IfNotPresent") == 0);
}

/* spec.resources, or what podTemplate merges into the agent's container. */
static bool lacks_a_memory_limit(const json_t *object)
{
	const json_t *container;
	size_t i;

	if (json_at(object, "/spec/resources/limits/memory") != NULL)
		return false;
	json_array_foreach(json_at(object, "/spec/podTemplate/spec/containers"), i, container) {
		const char *name = json_text_at(container, "/name");

		if (name != NULL && strcmp(name, CONTAINER_AGENT) == 0 && json_at(container, "/resources/limits/memory") != NULL)
			return false;
	}
	return true;
}

static bool is_serverless_without_sleep(const json_t *object)
{
	const char *mode = json_text_at(object, "/spec/mode");

	return mode != NULL && strcmp(mode, "serverless") == 0 &&
		json_int_at(object, "/spec/minReplicas", AGENT_DEFAULT_MIN_REPLICAS) >= 1;
}

static int64_t duration_at(const json_t *object, const char *pointer, int64_t fallback_ms)
{
	const char *text = json_text_at(object, pointer);
	int64_t ms;

	return text == NULL || duration_parse(text_of(text), &ms) == -1 ? fallback_ms : ms;
}

static bool outlives_the_drain(const json_t *object)
{
	return duration_at(object, "/spec/timeout", AGENT_DEFAULT_TIMEOUT_MS) >
		duration_at(object, "/spec/drainTimeout", AGENT_DEFAULT_DRAIN_TIMEOUT_MS);
}

static const struct {
	bool (*applies)(const json_t *object);
	const char *sentence;
} rows[AGENT_WARNINGS_MAX] = {
	{ is_tag_kept_on_nodes,
		"spec.image: nodes keep an old :latest under IfNotPresent; name a version, or imagePullPolicy Always" },
	{ lacks_a_memory_limit,
		"spec.resources.limits.memory: not set, so one agent can take a node's memory from all others; set a limit" },
	{ is_serverless_without_sleep,
		"spec.minReplicas: a serverless agent with 1 or more never sleeps; set 0, or mode always-on" },
	{ outlives_the_drain, "spec.timeout: longer than drainTimeout, so a rollout cuts requests off; raise spec.drainTimeout" },
};

size_t agent_warnings(const struct json_t *object, const char *out[AGENT_WARNINGS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < AGENT_WARNINGS_MAX; i++) {
		if (rows[i].applies(object))
			out[count++] = rows[i].sentence;
	}
	return count;
}
