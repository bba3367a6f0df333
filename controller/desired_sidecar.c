/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/desired_sidecar.c — pure: krypton-proxy as an ordinary container: it
 * starts beside the agent, is found by the Service's named port, holds no rights,
 * and costs next to nothing.
 */
#include "controller/desired_sidecar.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/duration.h"
#include "base/json.h"
#include "controller/difference.h"
#include "controller/proxy_env.h"
#include "krypton/labels.h"
#include "krypton/ports.h"

#define USER_ID 65532 /* the image's; any but root */

static void env_add(json_t *env, const char *name, const char *value)
{
	json_t *entry;

	if (value == NULL)
		return;
	entry = json_object();
	json_put_text(entry, "/name", name);
	json_put_text(entry, "/value", value);
	(void)json_array_append_new(env, entry);
}

/* What proxy_env_check() has admitted: none of these names is one of ours. */
static void limits_add(json_t *env, const char *list)
{
	struct text rest = text_of(list), name, value;

	while (proxy_env_next(&rest, &name, &value)) {
		json_t *entry = json_object();

		(void)json_object_set_new(entry, "name", json_stringn(name.at, name.len));
		(void)json_object_set_new(entry, "value", json_stringn(value.at, value.len));
		(void)json_array_append_new(env, entry);
	}
}

static json_t *env_make(const struct agent *agent, const struct release *release, const char *readiness_path)
{
	json_t *env = json_array();
	char upstream[48], concurrency[16], idle[DURATION_TEXT_BYTES], shutdown[DURATION_TEXT_BYTES];

	(void)snprintf(upstream, sizeof(upstream), "http://127.0.0.1:%d", agent->port);
	(void)snprintf(concurrency, sizeof(concurrency), "%d", agent->concurrency);
	duration_format(agent->scale_to_zero_after_ms, idle);
	duration_format(agent->drain_timeout_ms, shutdown);
	env_add(env, "KRYPTON_AGENT_NAME", agent->name);
	env_add(env, "KRYPTON_AGENT_NAMESPACE", agent->name_space);
	env_add(env, "KRYPTON_UPSTREAM_URL", upstream);
	env_add(env, "KRYPTON_CONCURRENCY", concurrency);
	env_add(env, "KRYPTON_MODE", agent_mode_name(agent->mode));
	env_add(env, "KRYPTON_PROTOCOL", agent_protocol_name(agent->protocol));
	env_add(env, "KRYPTON_IDLE_TIMEOUT", idle);
	env_add(env, "KRYPTON_SHUTDOWN_TIMEOUT", shutdown);
	env_add(env, "KRYPTON_READINESS_PATH", readiness_path);
	env_add(env, "KRYPTON_TOKEN", release->token);
	env_add(env, "KRYPTON_GATEWAY", release->gateway_url);
	limits_add(env, release->proxy_env);
	return env;
}

/* By number: no lookup between the kubelet and the port. */
static json_t *probe_make(const char *path, int period_s, int timeout_s)
{
	json_t *probe = json_object();

	json_put_text(probe, "/httpGet/path", path);
	json_put(probe, "/httpGet/port", json_integer(PORT_PROXY));
	json_put(probe, "/periodSeconds", json_integer(period_s));
	json_put(probe, "/timeoutSeconds", json_integer(timeout_s));
	return probe;
}

static json_t *security_make(void)
{
	json_t *security = json_object();

	json_put(security, "/runAsNonRoot", json_true());
	json_put(security, "/runAsUser", json_integer(USER_ID));
	json_put(security, "/runAsGroup", json_integer(USER_ID));
	json_put(security, "/readOnlyRootFilesystem", json_true());
	json_put(security, "/allowPrivilegeEscalation", json_false());
	json_put(security, "/capabilities/drop/-", json_string("ALL"));
	json_put_text(security, "/seccompProfile/type", "RuntimeDefault");
	return security;
}

struct json_t *desired_sidecar(const struct agent *agent, const struct release *release, const char *readiness_path)
{
	json_t *proxy = json_object();

	json_put_text(proxy, "/name", CONTAINER_PROXY);
	json_put_text(proxy, "/image", release->proxy_image);
	json_put_text(proxy, "/imagePullPolicy", release->proxy_pull_policy);
	json_put_text(proxy, "/ports/-/name", PORT_NAME_PROXY);
	json_put(proxy, "/ports/0/containerPort", json_integer(PORT_PROXY));
	json_put(proxy, "/env", env_make(agent, release, readiness_path));
	json_put(proxy, "/readinessProbe", probe_make("/readyz", 2, 2));
	json_put(proxy, "/livenessProbe", probe_make("/healthz", 10, 5));
	json_put_text(proxy, "/resources/requests/cpu", "5m");
	json_put_text(proxy, "/resources/requests/memory", "8Mi");
	json_put(proxy, "/securityContext", security_make());
	json_put_text(proxy, "/terminationMessagePolicy", "FallbackToLogsOnError");
	return proxy;
}

bool desired_sidecar_is_gateway(const struct difference *difference)
{
	return difference_is_below(difference, "spec.template.spec.containers[krypton-proxy].env[KRYPTON_GATEWAY]");
}

bool desired_sidecar_owns(const struct difference *difference)
{
	static const char *const of_the_agent[] = {
		"KRYPTON_UPSTREAM_URL",
		"KRYPTON_CONCURRENCY",
		"KRYPTON_MODE",
		"KRYPTON_PROTOCOL",
		"KRYPTON_IDLE_TIMEOUT",
		"KRYPTON_SHUTDOWN_TIMEOUT",
		"KRYPTON_READINESS_PATH",
	};
	char path[DIFFERENCE_PATH_BYTES];

	if (difference_is_below(difference, "spec.template.spec.containers[agent].lifecycle.preStop"))
		return true;
	if (!difference_is_below(difference, "spec.template.spec.containers[krypton-proxy]"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(of_the_agent); i++) {
		(void)snprintf(path, sizeof(path), "spec.template.spec.containers[krypton-proxy].env[%s]", of_the_agent[i]);
		if (difference_is_below(difference, path))
			return false;
	}
	return true;
}
