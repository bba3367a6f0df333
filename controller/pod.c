/* SPDX-License-Identifier: Apache-2.0 */
/* controller/pod.c — pure: pods and Events cut down to what a diagnosis reads; long words are cut too. */
#include "controller/pod.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "krypton/labels.h"

/* Without a full stop at the end: they are quoted within sentences. */
static char *words_at(const json_t *object, const char *pointer)
{
	const char *text = json_text_at(object, pointer);
	size_t len = text == NULL ? 0 : strnlen(text, POD_WORDS_BYTES);

	while (len > 0 && (text[len - 1] == '.' || text[len - 1] == ' ' || text[len - 1] == '\n'))
		len--;
	return text == NULL ? NULL : mem_copy_bytes(text, len);
}

static bool condition_is(const json_t *condition, const char *type, const char *status)
{
	const char *its_type = json_text_at(condition, "/type"), *its_status = json_text_at(condition, "/status");

	return its_type != NULL && its_status != NULL && strcmp(its_type, type) == 0 && strcmp(its_status, status) == 0;
}

/* A kubelet that takes Ready away takes ContainersReady with it, or says why: alone and without a word the control plane does. */
static void conditions_read(const json_t *object, struct pod *pod)
{
	bool is_taken = false, are_containers_ready = false;
	const json_t *condition;
	size_t i;

	json_array_foreach(json_at(object, "/status/conditions"), i, condition) {
		const char *reason = json_text_at(condition, "/reason");

		if (condition_is(condition, "Ready", "True"))
			pod->is_ready = true;
		is_taken |= reason == NULL && condition_is(condition, "Ready", "False");
		are_containers_ready |= condition_is(condition, "ContainersReady", "True");
		if (condition_is(condition, "PodScheduled", "False") && reason != NULL && strcmp(reason, "Unschedulable") == 0 &&
			pod->unscheduled == NULL)
			pod->unscheduled = words_at(condition, "/message");
	}
	pod->is_node_lost = is_taken && are_containers_ready;
}

static void state_read(const json_t *status, struct container *container)
{
	const json_t *state = json_object_get(status, "state"), *last = json_at(status, "/lastState/terminated");
	const json_t *running = json_object_get(state, "running"), *ended = json_object_get(state, "terminated");
	const json_t *now = ended != NULL ? ended : json_object_get(state, "waiting");

	container->state = running != NULL ? CONTAINER_RUNNING : ended != NULL ? CONTAINER_TERMINATED : CONTAINER_WAITING;
	container->reason = words_at(now, "/reason");
	container->message = words_at(now, "/message");
	container->since_ms = json_instant_at(running, "/startedAt", 0);
	container->exit_code = (int)json_int_at(ended, "/exitCode", 0);
	container->restarts = (int)json_int_at(status, "/restartCount", 0);
	container->is_ready = json_bool_at(status, "/ready", false);
	container->has_last = json_is_object(last);
	container->last_reason = words_at(last, "/reason");
	container->last_ran_ms = json_instant_at(last, "/finishedAt", 0) - json_instant_at(last, "/startedAt", 0);
	container->last_exit_code = (int)json_int_at(last, "/exitCode", 0);
}

static const json_t *named_entry(const json_t *list, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *its_name = json_text_at(entry, "/name");

		if (its_name != NULL && strcmp(its_name, name) == 0)
			return entry;
	}
	return NULL;
}

static void containers_read(const json_t *specs, const json_t *statuses, struct pod *pod)
{
	const json_t *spec;
	size_t i;

	json_array_foreach(specs, i, spec) {
		const char *name = json_text_at(spec, "/name");

		if (name == NULL || pod->count == POD_CONTAINERS_MAX)
			continue;
		struct container *container = &pod->containers[pod->count++];
		container->name = mem_copy_text(name);
		container->image = words_at(spec, "/image");
		container->memory_limit = words_at(spec, "/resources/limits/memory");
		container->has_probe = json_object_get(spec, "readinessProbe") != NULL;
		state_read(named_entry(statuses, name), container);
	}
}

static void pull_secrets_read(const json_t *object, struct pod *pod)
{
	const json_t *secret;
	size_t i;
	scoped_buf names;

	buf_init(&names, POD_SECRETS_BYTES);
	json_array_foreach(json_at(object, "/spec/imagePullSecrets"), i, secret) {
		const char *name = json_text_at(secret, "/name");

		if (name == NULL)
			continue;
		bool is_fitting = strlen(", ") + strlen(name) + strlen(", …") <= buf_room(&names);
		if (buf_format(&names, "%s%s", buf_len(&names) > 0 ? ", " : "", is_fitting ? name : "…") == -1 || !is_fitting)
			break;
	}
	pod->pull_secrets = buf_len(&names) == 0 ? NULL : mem_copy_text(buf_terminated(&names));
}

struct pod *pod_from_json(const struct json_t *object)
{
	const char *agent = json_string_value(json_object_get(json_at(object, "/metadata/labels"), LABEL_AGENT));

	if (agent == NULL)
		return NULL;
	struct pod *pod = mem_alloc(sizeof(*pod));
	pod->agent = mem_copy_text(agent);
	pod->name = words_at(object, "/metadata/name");
	pod->uid = words_at(object, "/metadata/uid");
	pod->template_hash =
		mem_copy_text(json_string_value(json_object_get(json_at(object, "/metadata/labels"), "pod-template-hash")));
	pod->phase = words_at(object, "/status/phase");
	pod->reason = words_at(object, "/status/reason");
	pod->message = words_at(object, "/status/message");
	pod->node = words_at(object, "/spec/nodeName");
	pod->ip = words_at(object, "/status/podIP");
	pull_secrets_read(object, pod);
	pod->created_ms = json_instant_at(object, "/metadata/creationTimestamp", 0);
	pod->is_deleting = json_text_at(object, "/metadata/deletionTimestamp") != NULL;
	pod->grace_s = json_int_at(object, "/metadata/deletionGracePeriodSeconds", 0);
	pod->containers = mem_alloc_array(POD_CONTAINERS_MAX, sizeof(*pod->containers));
	conditions_read(object, pod);
	containers_read(json_at(object, "/spec/containers"), json_at(object, "/status/containerStatuses"), pod);
	containers_read(json_at(object, "/spec/initContainers"), json_at(object, "/status/initContainerStatuses"), pod);
	return pod;
}

static void container_fini(struct container *container)
{
	mem_release(container->name);
	mem_release(container->image);
	mem_release(container->reason);
	mem_release(container->message);
	mem_release(container->last_reason);
	mem_release(container->memory_limit);
}

void pod_free(struct pod **pod)
{
	if (*pod == NULL)
		return;
	for (size_t i = 0; i < (*pod)->count; i++)
		container_fini(&(*pod)->containers[i]);
	mem_release((*pod)->containers);
	mem_release((*pod)->agent);
	mem_release((*pod)->name);
	mem_release((*pod)->uid);
	mem_release((*pod)->template_hash);
	mem_release((*pod)->phase);
	mem_release((*pod)->reason);
	mem_release((*pod)->message);
	mem_release((*pod)->node);
	mem_release((*pod)->ip);
	mem_release((*pod)->pull_secrets);
	mem_release((*pod)->unscheduled);
	mem_release(*pod);
	*pod = NULL;
}

const struct container *pod_container(const struct pod *pod, const char *name)
{
	for (size_t i = 0; i < pod->count; i++) {
		if (strcmp(pod->containers[i].name, name) == 0)
			return &pod->containers[i];
	}
	return NULL;
}

/* "spec.containers{agent}" is "agent". */
static char *container_of_path(const char *path)
{
	const char *open = path == NULL ? NULL : strchr(path, '{');
	const char *close = open == NULL ? NULL : strchr(open, '}');

	return close == NULL ? NULL : mem_copy_bytes(open + 1, (size_t)(close - open - 1));
}

struct warning *warning_from_json(const struct json_t *object)
{
	const char *kind = json_text_at(object, "/involvedObject/kind"), *uid = json_text_at(object, "/involvedObject/uid");

	if (kind == NULL || uid == NULL || strcmp(kind, "Pod") != 0)
		return NULL;
	struct warning *warning = mem_alloc(sizeof(*warning));
	warning->pod_uid = words_at(object, "/involvedObject/uid");
	warning->reason = words_at(object, "/reason");
	warning->message = words_at(object, "/message");
	warning->container = container_of_path(json_text_at(object, "/involvedObject/fieldPath"));
	warning->last_ms = json_instant_at(object, "/lastTimestamp", json_instant_at(object, "/eventTime", 0));
	return warning;
}

void warning_free(struct warning **warning)
{
	if (*warning == NULL)
		return;
	mem_release((*warning)->pod_uid);
	mem_release((*warning)->reason);
	mem_release((*warning)->message);
	mem_release((*warning)->container);
	mem_release(*warning);
	*warning = NULL;
}
