/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/desired_deployment.c — pure: two containers and what holds them. The
 * agent's preStop keeps its SIGTERM back until krypton-proxy has seen the last
 * request end; the pod's grace period is a little longer than that may take.
 */
#include "controller/desired_deployment.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/desired_access.h"
#include "controller/desired_sidecar.h"
#include "controller/pod_template.h"
#include "krypton/labels.h"
#include "krypton/ports.h"

#define GRACE_BEYOND_DRAIN_S 30
#define REVISIONS_KEPT       3
#define PULL_SECRETS_MAX     64

/* Copies spec field `from` to `pointer` of target, where it is set. */
static void copy_field(const json_t *object, const char *from, json_t *target, const char *pointer)
{
	const json_t *value = json_at(object, from);

	if (value != NULL && !json_is_null(value))
		json_put(target, pointer, json_deep_copy(value));
}

static json_t *pre_stop_make(const struct release *release)
{
	json_t *hook = json_object();

	json_put_text(hook, "/httpGet/path", "/_krypton/drain");
	json_put(hook, "/httpGet/port", json_integer(PORT_PROXY)); /* a name would be looked up on the agent's own container */
	if (release->token != NULL) {
		json_put_text(hook, "/httpGet/httpHeaders/-/name", HEADER_TOKEN);
		json_put_text(hook, "/httpGet/httpHeaders/0/value", release->token);
	}
	return hook;
}

static json_t *agent_container(const struct agent *agent, const json_t *object, const struct release *release)
{
	json_t *container = json_object();

	json_put_text(container, "/name", CONTAINER_AGENT);
	json_put_text(container, "/image", agent->image);
	json_put_text(container, "/imagePullPolicy", "IfNotPresent");
	copy_field(object, "/spec/imagePullPolicy", container, "/imagePullPolicy");
	copy_field(object, "/spec/command", container, "/command");
	copy_field(object, "/spec/args", container, "/args");
	copy_field(object, "/spec/env", container, "/env");
	copy_field(object, "/spec/envFrom", container, "/envFrom");
	copy_field(object, "/spec/resources", container, "/resources");
	json_put_text(container, "/ports/-/name", PORT_NAME_AGENT);
	json_put(container, "/ports/0/containerPort", json_integer(agent->port));
	json_put(container, "/lifecycle/preStop", pre_stop_make(release));
	json_put_text(container, "/terminationMessagePolicy", "FallbackToLogsOnError");
	return container;
}

static void pull_secret_add(json_t *secrets, const char *name, size_t len)
{
	const json_t *entry;
	size_t i;

	if (len == 0 || json_array_size(secrets) >= PULL_SECRETS_MAX)
		return;
	json_array_foreach(secrets, i, entry) {
		const char *there = json_text_at(entry, "/name");

		if (there != NULL && strlen(there) == len && memcmp(there, name, len) == 0)
			return;
	}
	json_t *secret = json_object();
	(void)json_object_set_new(secret, "name", json_stringn(name, len));
	(void)json_array_append_new(secrets, secret);
}

/* The agent's, then those that krypton-proxy's image needs. NULL: none. */
static json_t *pull_secrets_make(const json_t *object, const struct release *release)
{
	json_t *secrets = json_array();
	struct text rest = text_of(release->proxy_pull_secrets);
	const json_t *entry;
	size_t i;

	json_array_foreach(json_at(object, "/spec/imagePullSecrets"), i, entry) {
		const char *name = json_text_at(entry, "/name");

		if (name != NULL)
			pull_secret_add(secrets, name, strlen(name));
	}
	while (rest.at != NULL) {
		struct text name = text_trim(text_cut(&rest, ','));

		pull_secret_add(secrets, name.at, name.len);
	}
	if (json_array_size(secrets) > 0)
		return secrets;
	json_decref(secrets);
	return NULL;
}

static json_t *template_make(const struct agent *agent, const json_t *object, const struct release *release)
{
	json_t *template = json_object();
	json_t *container = agent_container(agent, object, release);
	const char *account = desired_access_named(object);
	const char *readiness_path = pod_template_readiness_path(json_at(object, "/spec/podTemplate"), agent->port);

	json_put(template, "/metadata/labels", desired_labels(agent));
	json_put_text(template, "/metadata/annotations/kubectl.kubernetes.io~1default-container", CONTAINER_AGENT);
	json_put_text(template, "/spec/serviceAccountName", account != NULL ? account : agent->name);
	json_put(template, "/spec/automountServiceAccountToken", json_false());
	json_put(template, "/spec/terminationGracePeriodSeconds",
		json_integer((agent->drain_timeout_ms + 999) / 1000 + GRACE_BEYOND_DRAIN_S));
	json_put(template, "/spec/imagePullSecrets", pull_secrets_make(object, release));
	if (account != NULL)
		desired_access_mount_token(template, container);
	json_put(template, "/spec/containers/-", container);
	json_put(template, "/spec/containers/-", desired_sidecar(agent, release, readiness_path));
	return template;
}

struct json_t *desired_deployment(
	const struct agent *agent, const struct json_t *object, const struct release *release, struct err *err)
{
	scoped_json deployment = json_object();
	json_t *template = template_make(agent, object, release);

	json_put(deployment, "/metadata", desired_metadata(agent));
	json_put(deployment, "/spec/replicas", json_integer(agent_wanted_replicas(agent)));
	json_put(deployment, "/spec/revisionHistoryLimit", json_integer(REVISIONS_KEPT));
	json_put_text(deployment, "/spec/selector/matchLabels/krypton.ai~1agent", agent->name);
	json_put_text(deployment, "/spec/strategy/type", "RollingUpdate");
	json_put(deployment, "/spec/strategy/rollingUpdate/maxUnavailable", json_integer(0));
	json_put_text(deployment, "/spec/strategy/rollingUpdate/maxSurge", "25%"); /* rounded up: at least one */
	json_put(deployment, "/spec/template", template);
	if (pod_template_merge(template, json_at(object, "/spec/podTemplate"), err) == -1)
		return NULL;
	return json_incref(deployment);
}
