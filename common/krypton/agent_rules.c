/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krypton/agent_rules.c — pure: what the CRD says in CEL, said once more for the
 * webhook and for objects that were stored before a rule existed. Types, enums
 * and lengths are the schema's alone: a field of another type is passed over.
 */
#include "krypton/agent_rules.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "krypton/agent.h"
#include "krypton/labels.h"
#include "krypton/names.h"
#include "krypton/ports.h"

#define HOUR_MS INT64_C(3600000)

#define MESSAGES(X)                                                                                                               \
	X(NAME,                                                                                                                   \
		"must be a DNS-1035 label, since a Service carries this name: at most 63 lower-case letters, digits and '-', "    \
		"beginning with a letter and ending with a letter or digit, such as my-agent-2")                                  \
	X(ALWAYS_ON,                                                                                                              \
		"an always-on agent needs at least one replica: set minReplicas to 1 or more, or set mode to serverless to "      \
		"let the agent go to zero")                                                                                       \
	X(MAX_REPLICAS,                                                                                                           \
		"must not be lower than minReplicas (maxReplicas is 10 when it is not set): raise maxReplicas or lower "          \
		"minReplicas")                                                                                                    \
	X(IMAGE, "must be an image reference without spaces, such as registry.example.com/team/agent:1.2")                        \
	X(SLEEP,                                                                                                                  \
		"must be a Go duration from 1s to 168h, such as 300s or 1h30m; for an agent that never goes to zero set "         \
		"minReplicas to 1")                                                                                               \
	X(PORT,                                                                                                                   \
		"port 8888 is taken by krypton-proxy, which runs in the same pod: let the agent listen on another port, such as " \
		"8080")                                                                                                           \
	X(PATH, "must be a path that begins with '/' and has no '?', '#', spaces or '..' segments, such as /mcp")                 \
	X(TIMEOUT, "must be a Go duration from 1ms to 24h, such as 90s, 1m30s or 500ms")                                          \
	X(KEEP_ALIVE, "must be a Go duration from 1s to 60s, such as 15s; to send nothing while a request waits, leave it out")   \
	X(DRAIN, "must be a Go duration from 1s to 24h, such as 300s or 1h30m")                                                   \
	X(ENV_EITHER, "a variable has either value or valueFrom: remove one of the two")                                          \
	X(ENV_NAME, "must consist of printable ASCII characters other than '=', such as LOG_LEVEL")                               \
	X(ENV_SOURCE, "needs exactly one of configMapKeyRef, secretKeyRef, fieldRef and resourceFieldRef")                        \
	X(ENV_FROM, "needs exactly one of configMapRef and secretRef")                                                            \
	X(ACCOUNT,                                                                                                                \
		"must be the name of a ServiceAccount in the agent's namespace (lower-case letters, digits, '-' and '.'), or "    \
		"empty to have one created")                                                                                      \
	X(LABELS, "krypton.ai/agent and app.kubernetes.io/managed-by are set by Krypton: remove them and use labels of your own") \
	X(PRE_STOP,                                                                                                               \
		"the agent's preStop hook is Krypton's (it holds SIGTERM back until running work has ended, at most "             \
		"drainTimeout): remove it and let the agent act on SIGTERM")                                                      \
	X(PROXY, "the container krypton-proxy is Krypton's and cannot be changed: remove it from podTemplate")                    \
	X(INIT_NAME, "agent and krypton-proxy are names of containers that Krypton makes: give the init container another name")

enum message {
#define MESSAGE_ENUM(identifier, text) MESSAGE_##identifier,
	MESSAGES(MESSAGE_ENUM)
#undef MESSAGE_ENUM
};

static const char *const messages[] = {
#define MESSAGE_TEXT(identifier, text) text,
	MESSAGES(MESSAGE_TEXT)
#undef MESSAGE_TEXT
};

struct findings {
	struct agent_violation *out;
	size_t max, count;
};

static void found(struct findings *findings, enum message message, const char *format, ...) printf_like(3, 4);
static void found(struct findings *findings, enum message message, const char *format, ...)
{
	va_list args;

	if (findings->count == findings->max)
		return;
	struct agent_violation *violation = &findings->out[findings->count++];
	violation->message = messages[message];
	va_start(args, format);
	(void)vsnprintf(violation->field, sizeof(violation->field), format, args);
	va_end(args);
}

/* Present, a string, and holding none of the bytes. */
static bool is_free_of(const char *text, const char *bytes)
{
	return strpbrk(text, bytes) == NULL;
}

static bool has_dot_dot_segment(const char *path)
{
	struct text rest = text_of(path);

	while (rest.at != NULL) {
		if (text_is(text_cut(&rest, '/'), ".."))
			return true;
	}
	return false;
}

static bool is_printable_name(const char *name)
{
	for (const char *at = name; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~' || *at == '=')
			return false;
	}
	return name[0] != '\0';
}

static void duration_check(
	struct findings *findings, const json_t *object, const char *field, int64_t min_ms, int64_t max_ms, enum message message)
{
	const char *text = json_string_value(json_object_get(json_at(object, "/spec"), field));
	int64_t ms;

	if (text == NULL)
		return;
	if (text[0] == '+' || duration_parse(text_of(text), &ms) == -1 || ms < min_ms || ms > max_ms)
		found(findings, message, "spec.%s", field);
}

static void replicas_check(struct findings *findings, const json_t *object)
{
	const char *mode = json_text_at(object, "/spec/mode");
	int64_t min = json_int_at(object, "/spec/minReplicas", AGENT_DEFAULT_MIN_REPLICAS);
	int64_t max = json_int_at(object, "/spec/maxReplicas", AGENT_DEFAULT_MAX_REPLICAS);

	if (min < 1 && (mode == NULL || strcmp(mode, "always-on") == 0))
		found(findings, MESSAGE_ALWAYS_ON, "spec.minReplicas");
	if (max < min)
		found(findings, MESSAGE_MAX_REPLICAS, "spec.maxReplicas");
}

static void scalars_check(struct findings *findings, const json_t *object)
{
	const char *name = json_text_at(object, "/metadata/name");
	const char *image = json_text_at(object, "/spec/image");
	const char *path = json_text_at(object, "/spec/invocationPath");
	const char *account = json_text_at(object, "/spec/serviceAccountName");

	/* A name that the API server is yet to generate is not there at admission. */
	if (name != NULL && !name_is_dns1035(text_of(name)))
		found(findings, MESSAGE_NAME, "metadata.name");
	if (image != NULL && (image[0] == '\0' || !is_free_of(image, " \t\r\n\f")))
		found(findings, MESSAGE_IMAGE, "spec.image");
	if (json_int_at(object, "/spec/port", AGENT_DEFAULT_PORT) == PORT_PROXY)
		found(findings, MESSAGE_PORT, "spec.port");
	if (path != NULL && (path[0] != '/' || !is_free_of(path, " \t\r\n\f?#") || has_dot_dot_segment(path)))
		found(findings, MESSAGE_PATH, "spec.invocationPath");
	if (account != NULL && account[0] != '\0' && !name_is_dns1123_subdomain(text_of(account)))
		found(findings, MESSAGE_ACCOUNT, "spec.serviceAccountName");
}

static void env_check(struct findings *findings, const json_t *object)
{
	static const char *const sources[] = { "configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef" };
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/spec/env"), i, entry) {
		const char *name = json_text_at(entry, "/name"), *value = json_text_at(entry, "/value");
		const json_t *from = json_object_get(entry, "valueFrom");
		int count = 0;

		if (name != NULL && !is_printable_name(name))
			found(findings, MESSAGE_ENV_NAME, "spec.env[%zu].name", i);
		if (!json_is_object(from))
			continue;
		if (value != NULL && value[0] != '\0')
			found(findings, MESSAGE_ENV_EITHER, "spec.env[%zu].valueFrom", i);
		for (size_t j = 0; j < ARRAY_LEN(sources); j++)
			count += json_object_get(from, sources[j]) != NULL;
		if (count != 1)
			found(findings, MESSAGE_ENV_SOURCE, "spec.env[%zu].valueFrom", i);
	}
	json_array_foreach(json_at(object, "/spec/envFrom"), i, entry) {
		if ((json_object_get(entry, "configMapRef") != NULL) == (json_object_get(entry, "secretRef") != NULL))
			found(findings, MESSAGE_ENV_FROM, "spec.envFrom[%zu]", i);
	}
}

static void pod_template_check(struct findings *findings, const json_t *object)
{
	const json_t *template = json_at(object, "/spec/podTemplate");
	const json_t *labels = json_at(template, "/metadata/labels");
	const json_t *entry;
	size_t i;

	if (json_object_get(labels, LABEL_AGENT) != NULL || json_object_get(labels, LABEL_MANAGED_BY) != NULL)
		found(findings, MESSAGE_LABELS, "spec.podTemplate.metadata.labels");
	json_array_foreach(json_at(template, "/spec/containers"), i, entry) {
		const char *name = json_text_at(entry, "/name");

		if (name != NULL && strcmp(name, CONTAINER_PROXY) == 0)
			found(findings, MESSAGE_PROXY, "spec.podTemplate.spec.containers[%zu].name", i);
		if (name != NULL && strcmp(name, CONTAINER_AGENT) == 0 && json_at(entry, "/lifecycle/preStop") != NULL)
			found(findings, MESSAGE_PRE_STOP, "spec.podTemplate.spec.containers[%zu].lifecycle.preStop", i);
	}
	json_array_foreach(json_at(template, "/spec/initContainers"), i, entry) {
		const char *name = json_text_at(entry, "/name");

		if (name != NULL && (strcmp(name, CONTAINER_PROXY) == 0 || strcmp(name, CONTAINER_AGENT) == 0))
			found(findings, MESSAGE_INIT_NAME, "spec.podTemplate.spec.initContainers[%zu].name", i);
	}
}

size_t agent_rules_check(const struct json_t *object, struct agent_violation *out, size_t max)
{
	struct findings findings = { .out = out, .max = max };

	scalars_check(&findings, object);
	replicas_check(&findings, object);
	duration_check(&findings, object, "scaleToZeroAfter", 1000, 168 * HOUR_MS, MESSAGE_SLEEP);
	duration_check(&findings, object, "timeout", 1, 24 * HOUR_MS, MESSAGE_TIMEOUT);
	duration_check(&findings, object, "startupTimeout", 1, 24 * HOUR_MS, MESSAGE_TIMEOUT);
	duration_check(&findings, object, "waitKeepAlive", 1000, 60000, MESSAGE_KEEP_ALIVE);
	duration_check(&findings, object, "drainTimeout", 1000, 24 * HOUR_MS, MESSAGE_DRAIN);
	env_check(&findings, object);
	pod_template_check(&findings, object);
	return findings.count;
}

const char *agent_rules_message(size_t index)
{
	return index < ARRAY_LEN(messages) ? messages[index] : NULL;
}
