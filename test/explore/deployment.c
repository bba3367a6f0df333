/* SPDX-License-Identifier: Apache-2.0 */
/* Controller, ReplicaSet and EndpointSlice controller in one room, each with its own delay. A ReplicaSet that shrinks takes pods
   that have not started, then those that are not ready, then the newest. */
#include "test/explore/deployment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "krypton/agent.h"
#include "krypton/labels.h"
#include "krypton/ports.h"
#include "test/explore/agenda.h"
#include "test/explore/apiserver.h"
#include "test/explore/gateways.h"
#include "test/explore/instance.h"
#include "test/explore/invariants.h"
#include "test/explore/story.h"

#define SECOND_MS 1000

struct deployment {
	int number;
	char name[24], uid[32];
	const struct agent_settings *settings;
	int wanted;
	struct instance *instances;
	struct moment *act, *slices, *status, *reap;
	int desired; /* as the API server has it; -1: none */
	int64_t raised_ms;
	bool is_frozen;
};

static struct deployment deployments[MAX_AGENTS];
static int pods_made;

static int count_of(const struct deployment *deployment, bool ready_only)
{
	int count = 0;

	for (const struct instance *instance = deployment->instances; instance != NULL; instance = instance->next)
		count += !instance->is_deleting && !instance->is_gone && (!ready_only || instance->is_ready);
	return count;
}

/* --- the ReplicaSet --- */

static bool goes_before(const struct instance *a, const struct instance *b)
{
	if (a->is_published != b->is_published)
		return b->is_published;
	if (a->is_ready != b->is_ready)
		return b->is_ready;
	if (a->is_ready && a->ready_ms != b->ready_ms)
		return a->ready_ms > b->ready_ms;
	return a->created_ms > b->created_ms;
}

static void remove_one(struct deployment *deployment)
{
	struct instance *chosen = NULL;

	for (struct instance *instance = deployment->instances; instance != NULL; instance = instance->next) {
		if (!instance->is_deleting && !instance->is_gone && (chosen == NULL || goes_before(instance, chosen)))
			chosen = instance;
	}
	invariants_removed(deployment->number, chosen);
	instance_delete(chosen);
}

static void reconcile(struct deployment *deployment)
{
	while (count_of(deployment, false) > deployment->wanted)
		remove_one(deployment);
	while (!deployment->is_frozen && count_of(deployment, false) < deployment->wanted) {
		struct instance *instance = instance_new(deployment, pods_made++);

		instance->next = deployment->instances;
		deployment->instances = instance;
	}
	deployment_changed(deployment);
}

static void on_reap(void *arg)
{
	struct deployment *deployment = arg;
	struct instance **at = &deployment->instances;

	deployment->reap = NULL;
	while (*at != NULL) {
		struct instance *instance = *at;

		if (!instance->is_gone) {
			at = &instance->next;
			continue;
		}
		*at = instance->next;
		instance_free(&instance);
	}
}

void deployment_instance_gone(struct deployment *deployment, struct instance *instance)
{
	if (instance->is_gone)
		return;
	instance->is_gone = true;
	story_tell("%s is gone", instance->name);
	if (deployment->reap == NULL)
		deployment->reap = agenda_in(0, on_reap, deployment);
	reconcile(deployment);
}

/* --- the controller --- */

static void on_act(void *arg)
{
	struct deployment *deployment = arg;
	struct err err = { 0 };
	struct agent *agent = agent_from_json(apiserver_get(&KUBE_AGENTS, "default", deployment->name), &err);
	int wanted = agent_wanted_replicas(agent);

	deployment->act = NULL;
	agent_free(&agent);
	if (wanted == deployment->wanted)
		return;
	story_tell("the controller scales %s from %d to %d", deployment->name, deployment->wanted, wanted);
	deployment->wanted = wanted;
	reconcile(deployment);
}

static void on_status_due(void *arg)
{
	struct deployment *deployment = arg;
	struct kube_target target = { .resource = &KUBE_AGENTS, .name_space = "default", .name = deployment->name };
	int ready = count_of(deployment, true);
	bool is_up = ready > 0 || deployment->wanted == 0;
	struct err err = { 0 };
	scoped_json patch = json_pack("{s:{s:i, s:i, s:s, s:[{s:s, s:s, s:s, s:s}]}}", "status", "replicas",
		count_of(deployment, false), "readyReplicas", ready, "phase", is_up ? "Ready" : "Pending", "conditions", "type",
		"Available", "status", is_up ? "True" : "False", "reason", is_up ? "Ready" : "Starting", "message", "");

	deployment->status = NULL;
	BUG_ON(apiserver_write_status(&target, API_APPLY, patch, FIELD_MANAGER_CONTROLLER, &err) < 0);
}

/* --- the EndpointSlice --- */

static void on_slices_due(void *arg)
{
	struct deployment *deployment = arg;
	char name[40];
	json_t *endpoints = json_array();

	deployment->slices = NULL;
	for (const struct instance *instance = deployment->instances; instance != NULL; instance = instance->next) {
		if (instance->is_published && !instance->is_gone)
			json_array_append_new(endpoints,
				json_pack("{s:[s], s:{s:s}, s:{s:b, s:b, s:b}}", "addresses", instance->ip, "targetRef", "name",
					instance->name, "conditions", "ready", instance->is_ready && !instance->is_deleting,
					"serving", instance->is_ready, "terminating", instance->is_deleting));
	}
	(void)snprintf(name, sizeof(name), "%s-slice", deployment->name);
	apiserver_put(&KUBE_ENDPOINT_SLICES,
		json_pack("{s:{s:s, s:s, s:{s:s, s:s}}, s:o}", "metadata", "name", name, "namespace", "default", "labels",
			LABEL_AGENT, deployment->name, "kubernetes.io/service-name", deployment->name, "endpoints", endpoints));
}

void deployment_changed(struct deployment *deployment)
{
	if (deployment->slices == NULL)
		deployment->slices = agenda_in(choice_delay_ms(&settings_get()->slices), on_slices_due, deployment);
	if (deployment->status == NULL)
		deployment->status = agenda_in(choice_delay_ms(&settings_get()->controller), on_status_due, deployment);
}

static void on_write(const struct kube_resource *resource, const struct json_t *object, const char *manager)
{
	const char *name = json_text_at(object, "/metadata/name");
	int desired = (int)json_int_at(object, "/status/desiredReplicas", -1);

	if (resource != &KUBE_AGENTS)
		return;
	for (int i = 0; i < settings_get()->agents; i++) {
		struct deployment *deployment = &deployments[i];

		if (strcmp(deployment->name, name) != 0)
			continue;
		invariants_written(i, object, manager, deployment->desired, desired);
		if (deployment->desired >= 0 && desired > deployment->desired)
			deployment->raised_ms = agenda_now_ms();
		deployment->desired = desired;
		if (deployment->act == NULL && !deployment->is_frozen)
			deployment->act = agenda_in(choice_delay_ms(&settings_get()->controller), on_act, deployment);
	}
}

/* --- faults --- */

void deployment_suffer_all(void)
{
	const struct settings *settings = settings_get();

	for (int i = 0; i < settings->agents; i++) {
		for (struct instance *instance = deployments[i].instances; instance != NULL; instance = instance->next) {
			if (choice_between(0, 9999) < settings->agent_crash)
				instance_crash_agent(instance);
			else if (choice_between(0, 9999) < settings->sidecar_crash)
				instance_crash_sidecar(instance);
			else if (choice_between(0, 9999) < settings->pod_lost)
				instance_lose(instance);
			else if (choice_between(0, 9999) < settings->probe_fault)
				instance_blind(instance);
		}
		if (choice_between(0, 9999) < settings->strangers) {
			story_tell("somebody labels %s", deployments[i].name);
			apiserver_touch(&KUBE_AGENTS, "default", deployments[i].name);
		}
	}
}

/* --- the whole --- */

static struct json_t *agent_object(const struct deployment *deployment)
{
	const struct agent_settings *settings = deployment->settings;
	char zero[32], startup[32], drain[32], timeout[32];

	(void)snprintf(zero, sizeof(zero), "%" PRId64 "ms", settings->scale_to_zero_after_ms);
	(void)snprintf(startup, sizeof(startup), "%" PRId64 "ms", settings->startup_timeout_ms);
	(void)snprintf(drain, sizeof(drain), "%" PRId64 "ms", settings->drain_timeout_ms);
	(void)snprintf(timeout, sizeof(timeout), "%" PRId64 "ms", settings->timeout_ms);
	return json_pack("{s:{s:s, s:s, s:s, s:i}, s:{s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:s, s:s}}", "metadata", "name",
		deployment->name, "namespace", "default", "uid", deployment->uid, "generation", 1, "spec", "image", "image",
		"protocol", settings->is_mcp ? "mcp" : "a2a", "mode", settings->is_serverless ? "serverless" : "always-on",
		"minReplicas", settings->min_replicas, "maxReplicas", settings->max_replicas, "concurrency", settings->concurrency,
		"scaleToZeroAfter", zero, "startupTimeout", startup, "drainTimeout", drain, "timeout", timeout);
}

void deployment_start_all(void)
{
	pods_made = 1;
	apiserver_on_write(on_write);
	for (int i = 0; i < settings_get()->agents; i++) {
		struct deployment *deployment = &deployments[i];

		*deployment = (struct deployment){ .number = i, .settings = &settings_get()->of[i], .desired = -1 };
		(void)snprintf(deployment->name, sizeof(deployment->name), "agent-%d", i);
		(void)snprintf(deployment->uid, sizeof(deployment->uid), "uid-of-agent-%d", i);
		apiserver_put(&KUBE_AGENTS, agent_object(deployment));
		deployment_changed(deployment);
	}
}

void deployment_freeze_all(void)
{
	for (int i = 0; i < settings_get()->agents; i++) {
		deployments[i].is_frozen = true;
		agenda_drop(&deployments[i].act);
	}
}

void deployment_stop_all(void)
{
	for (int i = 0; i < settings_get()->agents; i++) {
		struct deployment *deployment = &deployments[i];

		while (deployment->instances != NULL) {
			struct instance *instance = deployment->instances;

			deployment->instances = instance->next;
			instance_free(&instance);
		}
		agenda_drop(&deployment->act);
		agenda_drop(&deployment->slices);
		agenda_drop(&deployment->status);
		agenda_drop(&deployment->reap);
	}
	apiserver_on_write(NULL);
}

const struct agent_settings *deployment_settings(const struct deployment *deployment)
{
	return deployment->settings;
}

const char *deployment_name(int agent)
{
	return deployments[agent].name;
}

int deployment_desired(int agent)
{
	return deployments[agent].desired;
}

int64_t deployment_raised_ms(int agent)
{
	return deployments[agent].raised_ms;
}

const char *deployment_service_ip(int agent)
{
	const struct instance *ready[16];
	int count = 0;

	for (const struct instance *instance = deployments[agent].instances; instance != NULL && count < 16;
		instance = instance->next) {
		if (instance->is_published && instance->is_ready && !instance->is_deleting)
			ready[count++] = instance;
	}
	return count > 0 ? ready[choice_between(0, count - 1)]->ip : NULL;
}

void deployment_each_instance(int agent, void (*visit)(void *arg, struct instance *instance), void *arg)
{
	for (struct instance *instance = deployments[agent].instances; instance != NULL; instance = instance->next)
		visit(arg, instance);
}

void deployment_fill_options(const struct deployment *deployment, struct sidecar_options *ret_options)
{
	struct err err = { 0 };
	char *arguments[] = { (char[]){ "krypton-proxy" }, NULL };

	BUG_ON(sidecar_options_parse(1, arguments, ret_options, &err) != OPTIONS_RUN);
	ret_options->agent_name = deployment->name;
	ret_options->concurrency = deployment->settings->concurrency;
	ret_options->protocol = deployment->settings->is_mcp ? SIDECAR_PROTOCOL_MCP : SIDECAR_PROTOCOL_A2A;
	ret_options->shutdown_timeout_ms = deployment->settings->drain_timeout_ms;
	ret_options->agent_namespace = "default";
	ret_options->token = deployment->uid;
	BUG_ON(address_of_ip(text_of(GATEWAYS_SERVICE_IP), PORT_GATEWAY_OPS, &ret_options->gateway, &err) < 0);
	ret_options->has_gateway = true;
}
