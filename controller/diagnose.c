/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/diagnose.c — pure: looks at each pod that takes no requests, takes
 * the gravest finding, and says what was seen, where, and what to do. A message
 * has nothing in it that changes by itself (no ages): each change is a write.
 */
#include "controller/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "controller/asking.h"
#include "krypton/labels.h"
#include "krypton/ports.h"
#include "krypton/remedy.h"

#define START_GRACE_MS 5000  /* an agent that runs for less is starting, whatever its sidecar says */
#define SECRET_NEWS_MS 15000 /* what is said of a Secret is old when a pull failed that much later */
#define FINDING_BYTES  900
#define CRASHES_MIN    2 /* restarts from which a container that runs at the moment still counts as crashing */

/* What one pod tells. rank: the greater, the earlier it stands in the way; 0: nothing. */
struct finding {
	int rank;
	enum reason reason;
	char message[FINDING_BYTES];
	const char *command; /* to go on with; its places are below */
	struct remedy_place place;
	int64_t recheck_after_ms;
};

struct view {
	const struct diagnosis_input *input;
	const struct pod *pod;
	const struct sidecar_word *word; /* of its sidecar */
	struct finding *found;
};

/* The gravest finding of the pod stays; its command is its reason's, until find_command says another. */
static bool find(const struct view *view, int rank, enum reason reason, const struct container *container, const char *format, ...)
	printf_like(5, 6);
static bool find(const struct view *view, int rank, enum reason reason, const struct container *container, const char *format, ...)
{
	const struct remedy *remedy = remedy_of(reason);
	va_list args;

	if (rank <= view->found->rank)
		return false;
	view->found->rank = rank;
	view->found->reason = reason;
	view->found->command = remedy == NULL ? NULL : remedy->command;
	view->found->place = (struct remedy_place){
		.name_space = view->input->agent->name_space,
		.agent = view->input->agent->name,
		.pod = view->pod == NULL ? NULL : view->pod->name,
		.node = view->pod == NULL ? NULL : view->pod->node,
		.container = container == NULL ? CONTAINER_AGENT : container->name,
		.port = view->input->agent->port,
	};
	va_start(args, format);
	(void)vsnprintf(view->found->message, sizeof(view->found->message), format, args);
	va_end(args);
	return true;
}

static const char *words(const char *text)
{
	return text == NULL || text[0] == '\0' ? "no reason was given" : text;
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; text != NULL && i < count; i++) {
		if (strcmp(text, list[i]) == 0)
			return true;
	}
	return false;
}

static bool is_pull_reason(const char *reason)
{
	static const char *const reasons[] = { "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName",
		"ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed" };

	return is_one_of(reason, reasons, ARRAY_LEN(reasons));
}

static bool is_proxy(const struct container *container)
{
	return strcmp(container->name, CONTAINER_PROXY) == 0;
}

/* The newest Warning about the pod with that reason; container NULL: whichever. */
static const struct warning *warning_of(const struct view *view, const char *reason, const char *container)
{
	const struct sighting *sighting = view->input->sighting;
	const struct warning *newest = NULL;

	for (size_t i = 0; i < sighting->warning_count; i++) {
		const struct warning *warning = sighting->warnings[i];

		if (warning->reason == NULL || view->pod->uid == NULL || strcmp(warning->reason, reason) != 0 ||
			strcmp(warning->pod_uid, view->pod->uid) != 0)
			continue;
		if (container != NULL && (warning->container == NULL || strcmp(warning->container, container) != 0))
			continue;
		if (newest == NULL || warning->last_ms >= newest->last_ms)
			newest = warning;
	}
	return newest;
}

/* The kubelet puts the cause behind its own words about backing off, and containerd behind the image's name, twice: the same cause
   is to read the same, and to be found. */
static const char *pull_cause(const char *message)
{
	static const char *const leads[] = { "ErrImagePull: ", "ErrImageNeverPull: ", "failed to resolve reference \"" };
	const char *cause = message;

	for (size_t i = 0; message != NULL && i < ARRAY_LEN(leads); i++) {
		const char *at = strstr(cause, leads[i]);
		const char *behind = at == NULL ? NULL : at + strlen(leads[i]);

		if (behind != NULL && leads[i][strlen(leads[i]) - 1] == '"')
			behind = strstr(behind, "\": ") == NULL ? NULL : strstr(behind, "\": ") + strlen("\": ");
		if (behind != NULL)
			cause = behind;
	}
	return cause;
}

/* NULL: none. The kubelet says so at every try, and once about a Secret that it has only not seen yet: tries without it are newer.
 */
static const struct warning *missing_secret(const struct view *view)
{
	const struct warning *secret = warning_of(view, "FailedToRetrieveImagePullSecret", NULL);
	const struct warning *failed = warning_of(view, "Failed", NULL);

	return secret != NULL && failed != NULL && failed->last_ms - secret->last_ms > SECRET_NEWS_MS ? NULL : secret;
}

static void pull_find(const struct view *view, const struct container *container)
{
	const struct warning *secret = missing_secret(view);
	const char *cause = pull_cause(container->message);
	const char *image = words(container->image), *pod = view->pod->name;

	if (cause != NULL && strncmp(cause, "Back-off", strlen("Back-off")) == 0)
		cause = "the kubelet waits before it tries again";
	if (is_proxy(container))
		find(view, 60, REASON_SIDECAR_NOT_READY, container,
			"Pod %s: image %.250s of container krypton-proxy cannot be pulled: %.400s. Check the chart's image values "
			"and pull "
			"secrets.",
			pod, image, words(cause));
	else if (secret != NULL)
		find(view, 92, REASON_PULL_SECRET_MISSING, container,
			"Pod %s: image %.250s cannot be pulled, and a pull secret is absent: %.400s. Create the Secret in this "
			"namespace "
			"or correct spec.imagePullSecrets.",
			pod, image, words(secret->message));
	else if (container->reason != NULL && strcmp(container->reason, "ErrImageNeverPull") == 0)
		find(view, 90, REASON_IMAGE_PULL_FAILED, container,
			"Pod %s: image %.250s is not on node %s and spec.imagePullPolicy is Never: load the image onto the node or "
			"allow pulling.",
			pod, image, words(view->pod->node));
	else
		find(view, 90, REASON_IMAGE_PULL_FAILED, container,
			"Pod %s: image %.250s of container %s cannot be pulled: %.400s. Check the image's name and tag and "
			"spec.imagePullSecrets.",
			pod, image, container->name, words(cause));
}

static bool is_about_absence(const char *message)
{
	return message != NULL &&
		(strstr(message, "not found") != NULL || strstr(message, "couldn't find key") != NULL ||
			strstr(message, "non-existent") != NULL);
}

static void memory_find(const struct view *view, const struct container *container)
{
	if (is_proxy(container))
		find(view, 60, REASON_SIDECAR_NOT_READY, container, "Pod %s: container krypton-proxy ran out of memory.",
			view->pod->name);
	else if (container->memory_limit != NULL)
		find(view, 88, REASON_OUT_OF_MEMORY, container,
			"Pod %s: container %s was ended for using more than its memory limit of %s (OOMKilled). Raise "
			"spec.resources.limits.memory.",
			view->pod->name, container->name, container->memory_limit);
	else
		find(view, 88, REASON_OUT_OF_MEMORY, container,
			"Pod %s: container %s was ended because its node ran out of memory (OOMKilled). Set "
			"spec.resources.requests.memory.",
			view->pod->name, container->name);
}

static void crash_find(const struct view *view, const struct container *container, int exit_code, const char *cause)
{
	if (is_proxy(container)) {
		if (find(view, 60, REASON_SIDECAR_NOT_READY, container,
			    "Pod %s: container krypton-proxy ends with exit code %d, restarted %d times.", view->pod->name,
			    exit_code, container->restarts))
			view->found->command = remedy_of(REASON_CRASH_LOOP)->command;
	} else {
		find(view, 85, REASON_CRASH_LOOP, container,
			"Pod %s: container %s ends with exit code %d (%.60s), restarted %d times.", view->pod->name,
			container->name, exit_code, words(cause), container->restarts);
	}
}

static bool is_oom(const char *reason)
{
	return reason != NULL && strcmp(reason, "OOMKilled") == 0;
}

static void waiting_find(const struct view *view, const struct container *container)
{
	static const char *const creation[] = { "CreateContainerConfigError", "CreateContainerError", "RunContainerError" };
	const struct warning *mount = warning_of(view, "FailedMount", NULL);

	if (is_pull_reason(container->reason)) {
		pull_find(view, container);
	} else if (is_one_of(container->reason, creation, ARRAY_LEN(creation)) && is_about_absence(container->message) &&
		strcmp(container->reason, "CreateContainerConfigError") == 0) {
		find(view, 80, REASON_CONFIG_MISSING, container,
			"Pod %s: container %s cannot be made: %.400s. Create what is missing or correct spec.env and spec.envFrom.",
			view->pod->name, container->name, words(container->message));
	} else if (is_one_of(container->reason, creation, ARRAY_LEN(creation))) {
		/* It never ran: there is no log. */
		if (find(view, is_proxy(container) ? 60 : 84, is_proxy(container) ? REASON_SIDECAR_NOT_READY : REASON_CRASH_LOOP,
			    container, "Pod %s: container %s cannot be started: %.500s.", view->pod->name, container->name,
			    words(container->message)))
			view->found->command = remedy_of(REASON_SIDECAR_NOT_READY)->command;
	} else if (container->has_last && is_oom(container->last_reason)) {
		memory_find(view, container);
	} else if (container->has_last) {
		crash_find(view, container, container->last_exit_code, container->last_reason);
	} else if (mount != NULL && is_about_absence(mount->message)) {
		find(view, 80, REASON_CONFIG_MISSING, container,
			"Pod %s waits for a volume: %.500s. Create what is missing or correct spec.podTemplate.", view->pod->name,
			words(mount->message));
	}
}

static void ended_find(const struct view *view, const struct container *container)
{
	bool is_init_done = container->exit_code == 0 && container->restarts == 0;

	if (is_oom(container->reason))
		memory_find(view, container);
	else if (!is_init_done)
		crash_find(view, container, container->exit_code, container->reason);
}

/* It runs; the question is whether it answers. */
static void running_find(const struct view *view, const struct container *container)
{
	if (is_proxy(container) || container->is_ready)
		return;
	const struct warning *probe = warning_of(view, "Unhealthy", container->name);
	if (container->has_probe && probe != NULL)
		find(view, 40, REASON_AGENT_PROBE_FAILING, container, "Pod %s: container %s runs and its own probe fails: %.500s.",
			view->pod->name, container->name, words(probe->message));
}

static void look_again(const struct view *view, int64_t after_ms)
{
	if (view->found->recheck_after_ms == 0 || after_ms < view->found->recheck_after_ms)
		view->found->recheck_after_ms = after_ms;
}

/* The command takes the lowest port seen: with one, which is usual, it is the agent's. */
static void mismatch_find(const struct view *view)
{
	char ports[SIDECAR_PORTS_MAX * sizeof("65535, ")];
	size_t len = 0;

	for (size_t i = 0; i < view->word->port_count; i++)
		len += (size_t)snprintf(ports + len, sizeof(ports) - len, "%s%u", i > 0 ? ", " : "", view->word->ports[i]);
	if (find(view, 35, REASON_PORT_MISMATCH, NULL,
		    "Pod %s: the agent does not listen on port %d (spec.port); the pod listens on %s. Set spec.port to the agent's "
		    "port, or let the agent listen on %d.",
		    view->pod->name, view->input->agent->port, ports, view->input->agent->port))
		view->found->place.port = view->word->port_count > 0 ? view->word->ports[0] : view->input->agent->port;
}

/* Agent and sidecar both run, and the sidecar says not ready: it knows why. */
static void word_find(const struct view *view)
{
	int port = view->input->agent->port;
	const char *name = view->pod->name;

	switch (view->word->says) {
	case SIDECAR_AWAITED:
	case SIDECAR_LISTENING: /* the kubelet has not seen it yet */
	case SIDECAR_DRAINING:
	case SIDECAR_RETIRED: return;
	case SIDECAR_PORT_MISMATCH: mismatch_find(view); return;
	case SIDECAR_PROBE_FAILING:
		find(view, 40, REASON_AGENT_PROBE_FAILING, NULL,
			"Pod %s: the agent accepts connections on port %d, but its own readiness probe does not pass.", name, port);
		return;
	case SIDECAR_NOT_LISTENING:
		find(view, 30, REASON_AGENT_NOT_LISTENING, NULL,
			"Pod %s: container agent runs, but listens on no port. If it is not just slow to start, let it listen on "
			"port %d (spec.port).",
			name, port);
		return;
	case SIDECAR_UNKNOWN: break;
	}
	if (find(view, 30, REASON_AGENT_NOT_LISTENING, NULL,
		    "Pod %s: container agent runs, but krypton-proxy gets no connection on port %d. If the agent is not just slow "
		    "to start, let it listen on spec.port; krypton-proxy logs the ports it listens on.",
		    name, port))
		view->found->place.container = CONTAINER_PROXY;
}

static void listening_find(const struct view *view)
{
	const struct container *agent = pod_container(view->pod, CONTAINER_AGENT),
			       *proxy = pod_container(view->pod, CONTAINER_PROXY);

	if (agent == NULL || proxy == NULL || agent->state != CONTAINER_RUNNING || proxy->state != CONTAINER_RUNNING ||
		proxy->is_ready)
		return;
	int64_t age_ms = view->input->now_ms - agent->since_ms;
	if (age_ms < START_GRACE_MS)
		look_again(view, START_GRACE_MS - (age_ms < 0 ? 0 : age_ms) + 100);
	else
		word_find(view);
}

/* It takes no requests on purpose. */
static bool is_leaving(const struct view *view)
{
	return view->word->says == SIDECAR_RETIRED || view->word->says == SIDECAR_DRAINING;
}

/* Without a probe the kubelet calls a container ready from its first instant: until it has run for a while, its last end counts. */
static bool runs_anew(const struct view *view, const struct container *container)
{
	int64_t age_ms = view->input->now_ms - container->since_ms;

	if (!container->has_last || age_ms >= START_GRACE_MS)
		return false;
	look_again(view, START_GRACE_MS - (age_ms < 0 ? 0 : age_ms) + 100);
	return true;
}

static void container_find(const struct view *view, const struct container *container)
{
	switch (container->state) {
	case CONTAINER_WAITING: waiting_find(view, container); return;
	case CONTAINER_TERMINATED: ended_find(view, container); return;
	case CONTAINER_RUNNING: break;
	}
	if (container->is_ready && !runs_anew(view, container))
		return;
	if (container->has_last && is_oom(container->last_reason))
		memory_find(view, container);
	else if (container->has_last && container->restarts >= CRASHES_MIN)
		crash_find(view, container, container->last_exit_code, container->last_reason);
	else
		running_find(view, container);
}

static void pod_find(const struct view *view)
{
	const struct pod *pod = view->pod;

	if (pod->reason != NULL && strcmp(pod->reason, "Evicted") == 0) {
		find(view, 20, REASON_EVICTED, NULL, "Pod %s was evicted from node %s: %.500s.", pod->name, words(pod->node),
			words(pod->message));
		return;
	}
	if (pod->is_node_lost) {
		find(view, 50, REASON_NODE_LOST, NULL, "Node %s of pod %s no longer answers.", words(pod->node), pod->name);
		return;
	}
	if (pod->unscheduled != NULL) {
		find(view, 70, REASON_UNSCHEDULABLE, NULL,
			"Pod %s fits on no node: %.500s. Lower spec.resources.requests or add capacity.", pod->name,
			pod->unscheduled);
		return;
	}
	if (is_leaving(view))
		return;
	for (size_t i = 0; i < pod->count; i++)
		container_find(view, &pod->containers[i]);
	if (view->found->rank == 0)
		listening_find(view);
}

/* The ReplicaSet's words when it may not make a pod. */
static void replica_failure_find(const struct view *view)
{
	const char *failure = view->input->replica_failure;

	if (failure == NULL)
		return;
	if (strstr(failure, "serviceaccount") != NULL && strstr(failure, "not found") != NULL)
		find(view, 95, REASON_CONFIG_MISSING, NULL,
			"No pod can be made: %.500s. Create the ServiceAccount or correct spec.serviceAccountName.", failure);
	else if (find(view, 95, REASON_PODS_FORBIDDEN, NULL, "No pod can be made: %.500s.", failure) &&
		strstr(failure, "PodSecurity") != NULL)
		view->found->command = "kubectl get namespace {namespace} --show-labels";
}

/* All pods that take no requests. */
struct findings {
	struct finding gravest;
	int pods[REASON_COUNT]; /* by what each of them shows first */
	int retired, awaited;   /* pods whose sidecar says so, or has not said anything yet */
};

static void findings_add(struct findings *findings, const struct finding *found)
{
	int64_t again_ms = findings->gravest.recheck_after_ms;

	if (found->recheck_after_ms > 0 && (again_ms == 0 || found->recheck_after_ms < again_ms))
		again_ms = found->recheck_after_ms;
	/* What is left of evicted pods lies there for hours, more and more of it: the first one stands for all. */
	if (found->rank > 0 && (found->reason != REASON_EVICTED || findings->pods[REASON_EVICTED] == 0))
		findings->pods[found->reason]++;
	if (found->rank > findings->gravest.rank)
		findings->gravest = *found;
	findings->gravest.recheck_after_ms = again_ms;
}

/* The ReplicaSet of the pod made last, which is that of the Agent as it is now: what pods of before show has been answered by it.
 */
static const char *newest_hash(const struct sighting *sighting)
{
	const struct pod *newest = NULL;

	for (size_t i = 0; i < sighting->pod_count; i++) {
		const struct pod *pod = sighting->pods[i];

		if (!pod->is_deleting && pod->template_hash != NULL && (newest == NULL || pod->created_ms >= newest->created_ms))
			newest = pod;
	}
	return newest == NULL ? NULL : newest->template_hash;
}

static bool is_of_before(const struct pod *pod, const char *hash)
{
	return hash != NULL && pod->template_hash != NULL && strcmp(pod->template_hash, hash) != 0;
}

static void faults_find(const struct diagnosis_input *input, struct findings *ret_findings)
{
	static const struct sidecar_word unknown = { .says = SIDECAR_UNKNOWN };
	const struct sighting *sighting = input->sighting;
	const char *hash = newest_hash(sighting);
	struct finding found = { 0 };
	struct view view = { .input = input, .found = &found };

	*ret_findings = (struct findings){ 0 };
	replica_failure_find(&view);
	findings_add(ret_findings, &found);
	ret_findings->pods[found.reason] = 0; /* those are pods that there are not */
	for (size_t i = 0; i < sighting->pod_count; i++) {
		found = (struct finding){ 0 };
		view.pod = sighting->pods[i];
		view.word = sighting->words[i] == NULL ? &unknown : sighting->words[i];
		if (view.pod->is_deleting || view.pod->is_ready || is_of_before(view.pod, hash))
			continue;
		ret_findings->retired += view.word->says == SIDECAR_RETIRED;
		if (view.word->says == SIDECAR_AWAITED) {
			ret_findings->awaited++;
			look_again(&view, ASKING_PATIENCE_MS);
		}
		pod_find(&view);
		findings_add(ret_findings, &found);
	}
}

/* The command to go on with, behind what was seen; NULL: there is none. Names and table are bounded, and out has room for them. */
static void next_append(const char *command, const struct remedy_place *place, struct buf *out)
{
	if (command != NULL && (buf_append_terminated(out, " Next: ") == -1 || remedy_command(command, place, out) == -1))
		BUG_ON("a command is bounded");
}

/* "… Also: CrashLoop (2 pods), Unschedulable (1 pod)." Then the command to go on with. */
static void findings_tell(const struct findings *findings, bool others_serve, struct buf *out)
{
	const struct finding *gravest = &findings->gravest;
	const char *lead = " Also: ";
	int same = findings->pods[gravest->reason] - 1;
	bool is_full = buf_append_terminated(out, gravest->message) == -1;

	if (same > 0)
		is_full |= buf_format(out, " The same in %d other pod%s.", same, same > 1 ? "s" : "") == -1;
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		int pods = findings->pods[reason];

		if (pods == 0 || reason == (int)gravest->reason)
			continue;
		is_full |=
			buf_format(out, "%s%s (%d pod%s)", lead, reason_name((enum reason)reason), pods, pods > 1 ? "s" : "") == -1;
		lead = ", ";
	}
	is_full |= lead[0] == ',' && buf_append(out, ".", 1) == -1;
	is_full |= others_serve && buf_append_terminated(out, " Other pods take requests.") == -1;
	BUG_ON(is_full); /* every part is bounded */
	next_append(gravest->command, &gravest->place, out);
}

static void conclude(struct diagnosis *diagnosis, enum reason reason, bool is_available, const char *format, ...) printf_like(4, 5);
static void conclude(struct diagnosis *diagnosis, enum reason reason, bool is_available, const char *format, ...)
{
	va_list args;

	diagnosis->reason = reason;
	diagnosis->is_available = is_available;
	va_start(args, format);
	(void)vsnprintf(diagnosis->message, sizeof(diagnosis->message), format, args);
	va_end(args);
}

static bool is_settled(const struct rollout *rollout, int wanted)
{
	return rollout->is_seen && rollout->replicas == wanted && rollout->updated == wanted && rollout->wanted == wanted;
}

static bool is_ready_said(const struct agent *agent)
{
	return agent->available_message != NULL && agent->available_reason != NULL &&
		strcmp(agent->available_reason, reason_name(REASON_READY)) == 0;
}

/* All pods take requests that are not retired. Where a sidecar has yet to say whether it is, what was said before stays. */
static bool conclude_retired(
	const struct agent *agent, const struct rollout *rollout, const struct findings *findings, struct diagnosis *ret_diagnosis)
{
	int wanted = agent_wanted_replicas(agent), ready = rollout->ready, retired = findings->retired;
	bool is_waiting = ready + retired < wanted && is_ready_said(agent);

	if (!is_settled(rollout, wanted) || ready == 0 || ready + retired + (is_waiting ? findings->awaited : 0) < wanted)
		return false;
	ret_diagnosis->retired = wanted - ready;
	if (is_waiting)
		conclude(ret_diagnosis, REASON_READY, true, "%s", agent->available_message);
	else
		conclude(ret_diagnosis, REASON_READY, true,
			"%d of %d pods %s requests; %d %s being emptied before the count goes down.", ready, wanted,
			ready == 1 ? "takes" : "take", retired, retired == 1 ? "is" : "are");
	return true;
}

static void diagnose_awake(const struct diagnosis_input *input, const struct rollout *rollout, struct diagnosis *ret_diagnosis)
{
	int wanted = agent_wanted_replicas(input->agent);
	struct findings findings;
	const struct finding *gravest = &findings.gravest;

	faults_find(input, &findings);
	ret_diagnosis->recheck_after_ms = gravest->recheck_after_ms;
	if (rollout->ready >= wanted && is_settled(rollout, wanted)) {
		conclude(ret_diagnosis, REASON_READY, true, "%d of %d pods take requests.", rollout->ready, wanted);
	} else if (conclude_retired(input->agent, rollout, &findings, ret_diagnosis)) {
		return;
	} else if (gravest->rank > 0) {
		scoped_buf message;

		buf_init(&message, DIAGNOSIS_BYTES - 1);
		findings_tell(&findings, rollout->ready > 0, &message);
		conclude(ret_diagnosis, gravest->reason, rollout->ready > 0, "%s", buf_terminated(&message));
		ret_diagnosis->is_fault = true;
	} else if (rollout->ready > 0) {
		conclude(ret_diagnosis, REASON_SCALING, true,
			"Pods take requests; %d are wanted, and not all are ready, or of the newest kind.", wanted);
	} else {
		conclude(ret_diagnosis, REASON_STARTING, false, "%d of %d pods are ready; the others are starting.", rollout->ready,
			wanted);
	}
}

/* Words were cut to a length in bytes: half a character at a cut becomes '?', as it would in the status. */
static void message_repair(char *message)
{
	struct text rest = text_of(message);
	uint32_t point;

	while (rest.len > 0) {
		size_t len = utf8_first(rest, &point);

		if (len == 0)
			message[rest.at - message] = '?';
		rest.at += len == 0 ? 1 : len;
		rest.len -= len == 0 ? 1 : len;
	}
}

/* A fault that is about no pod. */
static void conclude_fault(const struct diagnosis_input *input, enum reason reason, bool is_available, const char *words,
	struct diagnosis *ret_diagnosis)
{
	const struct remedy *remedy = remedy_of(reason);
	const struct remedy_place place = { .name_space = input->agent->name_space, .agent = input->agent->name };
	scoped_buf next;

	buf_init(&next, 512);
	next_append(remedy == NULL ? NULL : remedy->command, &place, &next);
	conclude(ret_diagnosis, reason, is_available, "%.700s%s%s", words,
		is_available ? ". Pods of before still take requests." : ".", buf_terminated(&next));
	ret_diagnosis->is_fault = true;
}

static void diagnose_deleted(const struct diagnosis_input *input, struct diagnosis *ret_diagnosis)
{
	char words[512];

	if (input->held == NULL || input->held[0] == '\0') {
		conclude(ret_diagnosis, REASON_DELETING, false, "The agent is being deleted.");
		return;
	}
	(void)snprintf(
		words, sizeof(words), "The agent is being deleted and waits for objects that a finalizer holds: %s", input->held);
	conclude_fault(input, REASON_DELETION_BLOCKED, false, words, ret_diagnosis);
}

void diagnose(const struct diagnosis_input *input, struct diagnosis *ret_diagnosis)
{
	static const struct rollout none = { 0 };
	const struct rollout *rollout = input->rollout == NULL ? &none : input->rollout;
	int wanted = agent_wanted_replicas(input->agent);

	*ret_diagnosis = (struct diagnosis){ 0 };
	if (input->agent->is_deleting) {
		diagnose_deleted(input, ret_diagnosis);
	} else if (input->is_refused) {
		conclude_fault(input, input->refusal, rollout->ready > 0, input->refusal_words, ret_diagnosis);
	} else if (wanted == 0) {
		conclude(ret_diagnosis, REASON_ASLEEP, true, "No pod runs; the next request starts one.");
	} else {
		diagnose_awake(input, rollout, ret_diagnosis);
	}
	message_repair(ret_diagnosis->message);
}
