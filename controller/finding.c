/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/finding.c — pure: reads one pod, its Warnings and its sidecar's word
 * from the gravest down. What an Agent's pods come to together is
 * controller/diagnose.c's. A message has nothing in it that changes by itself
 * (no ages): each change is a write.
 */
#include "controller/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "controller/asking.h"
#include "controller/quote.h"
#include "krypton/labels.h"

#define START_GRACE_MS      5000  /* an agent that runs for less is starting, whatever its sidecar says */
#define SECRET_NEWS_MS      15000 /* what is said of a Secret is old when a pull failed that much later */
#define SCHEDULER_BYTES     600   /* of what keeps nodes from taking a pod, kind by kind */
#define FAILURE_BYTES       880 /* of what forbids a pod, rule by rule: so that an Event has room for them, and for what to do next */
#define SANDBOX_NEWS_MS     (120 * 1000) /* an Event about a sandbox is news for that, and for as long as it had gone on before, */
#define SANDBOX_NEWS_MAX_MS (360 * 1000) /* up to this */
#define SHORT_RUN_MS        (55 * 1000)  /* what ends after that may do so again */
#define CRASHES_MIN         2            /* restarts from which each end counts, one without an error, too */

struct view {
	const struct evidence *seen;
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
		.name_space = view->seen->agent->name_space,
		.agent = view->seen->agent->name,
		.pod = view->seen->pod == NULL ? NULL : view->seen->pod->name,
		.node = view->seen->pod == NULL ? NULL : view->seen->pod->node,
		.container = container == NULL ? CONTAINER_AGENT : container->name,
		.port = view->seen->agent->port,
	};
	va_start(args, format);
	(void)vsnprintf(view->found->message, sizeof(view->found->message), format, args);
	va_end(args);
	return true;
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
	const struct warning *newest = NULL;

	for (size_t i = 0; i < view->seen->warning_count; i++) {
		const struct warning *warning = view->seen->warnings[i];

		if (warning->reason == NULL || view->seen->pod->uid == NULL || strcmp(warning->reason, reason) != 0 ||
			strcmp(warning->pod_uid, view->seen->pod->uid) != 0)
			continue;
		if (container != NULL && (warning->container == NULL || strcmp(warning->container, container) != 0))
			continue;
		if (newest == NULL || warning->last_ms >= newest->last_ms)
			newest = warning;
	}
	return newest;
}

/* NULL: none. The kubelet says so at every try, and once about a Secret that it has only not seen yet: tries without it are newer.
 */
static const struct warning *missing_secret(const struct view *view)
{
	const struct warning *secret = warning_of(view, "FailedToRetrieveImagePullSecret", NULL);
	const struct warning *failed = warning_of(view, "Failed", NULL);

	return secret != NULL && failed != NULL && failed->last_ms - secret->last_ms > SECRET_NEWS_MS ? NULL : secret;
}

/* Behind "cannot be pulled"; nothing where it is not about credentials. */
static void credentials_tell(const struct pod *pod, const char *cause, char *ret_words, size_t size)
{
	bool is_about = quote_is_about_credentials(cause);

	if (is_about && pod->pull_secrets != NULL)
		(void)snprintf(ret_words, size, " with imagePullSecrets %s", pod->pull_secrets);
	else
		(void)snprintf(ret_words, size, "%s", is_about ? " without any imagePullSecrets" : "");
}

static void pull_find(const struct view *view, const struct container *container)
{
	const struct warning *secret = missing_secret(view);
	const char *cause = quote_pull_cause(container->message);
	const char *image = quote_words(container->image), *pod = view->seen->pod->name;
	char by[POD_SECRETS_BYTES + sizeof(" with imagePullSecrets ")];

	credentials_tell(view->seen->pod, cause, by, sizeof(by));
	if (cause != NULL && strncmp(cause, "Back-off", strlen("Back-off")) == 0)
		cause = "the kubelet waits before it tries again";
	if (is_proxy(container))
		find(view, 60, REASON_SIDECAR_NOT_READY, container,
			"Pod %s: image %.250s of container krypton-proxy cannot be pulled%s: %.400s. Check the chart's image "
			"values and pull secrets.",
			pod, image, by, quote_words(cause));
	else if (secret != NULL)
		find(view, 92, REASON_PULL_SECRET_MISSING, container,
			"Pod %s: image %.250s cannot be pulled, and a pull secret is absent: %.400s. Create the Secret in this "
			"namespace or correct spec.imagePullSecrets.",
			pod, image, quote_words(secret->message));
	else if (container->reason != NULL && strcmp(container->reason, "ErrImageNeverPull") == 0)
		find(view, 90, REASON_IMAGE_PULL_FAILED, container,
			"Pod %s: image %.250s is not on node %s and spec.imagePullPolicy is Never: load the image onto the node or "
			"allow pulling.",
			pod, image, quote_words(view->seen->pod->node));
	else
		find(view, 90, REASON_IMAGE_PULL_FAILED, container,
			"Pod %s: image %.250s of container %s cannot be pulled%s: %.400s. Check the image's name and tag and "
			"spec.imagePullSecrets.",
			pod, image, container->name, by, quote_words(cause));
}

static void memory_find(const struct view *view, const struct container *container)
{
	if (is_proxy(container))
		find(view, 60, REASON_SIDECAR_NOT_READY, container, "Pod %s: container krypton-proxy ran out of memory.",
			view->seen->pod->name);
	else if (container->memory_limit != NULL)
		find(view, 88, REASON_OUT_OF_MEMORY, container,
			"Pod %s: container %s was ended for using more than its memory limit of %s (OOMKilled). Raise "
			"spec.resources.limits.memory.",
			view->seen->pod->name, container->name, container->memory_limit);
	else
		find(view, 88, REASON_OUT_OF_MEMORY, container,
			"Pod %s: container %s was ended because its node ran out of memory (OOMKilled). Set "
			"spec.resources.requests.memory.",
			view->seen->pod->name, container->name);
}

static void crash_find(const struct view *view, const struct container *container, int exit_code, const char *cause)
{
	if (is_proxy(container)) {
		if (find(view, 60, REASON_SIDECAR_NOT_READY, container,
			    "Pod %s: container krypton-proxy ends with exit code %d, restarted %d time%s.", view->seen->pod->name,
			    exit_code, container->restarts, container->restarts == 1 ? "" : "s"))
			view->found->command = remedy_of(REASON_CRASH_LOOP)->command;
	} else {
		find(view, 85, REASON_CRASH_LOOP, container,
			"Pod %s: container %s ends with exit code %d (%.60s), restarted %d time%s.", view->seen->pod->name,
			container->name, exit_code, quote_words(cause), container->restarts, container->restarts == 1 ? "" : "s");
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
	} else if (is_one_of(container->reason, creation, ARRAY_LEN(creation)) && quote_is_about_absence(container->message) &&
		strcmp(container->reason, "CreateContainerConfigError") == 0) {
		find(view, 80, REASON_CONFIG_MISSING, container,
			"Pod %s: container %s cannot be made: %.400s. Create what is missing or correct spec.env and spec.envFrom.",
			view->seen->pod->name, container->name, quote_words(container->message));
	} else if (is_one_of(container->reason, creation, ARRAY_LEN(creation))) {
		/* It never ran: there is no log. */
		if (find(view, is_proxy(container) ? 60 : 84, is_proxy(container) ? REASON_SIDECAR_NOT_READY : REASON_CRASH_LOOP,
			    container, "Pod %s: container %s cannot be started: %.500s.", view->seen->pod->name, container->name,
			    quote_words(container->message)))
			view->found->command = remedy_of(REASON_SIDECAR_NOT_READY)->command;
	} else if (container->has_last && is_oom(container->last_reason)) {
		memory_find(view, container);
	} else if (container->has_last) {
		crash_find(view, container, container->last_exit_code, container->last_reason);
	} else if (mount != NULL && quote_is_about_absence(mount->message)) {
		find(view, 80, REASON_CONFIG_MISSING, container,
			"Pod %s waits for a volume: %.500s. Create what is missing or correct spec.podTemplate.",
			view->seen->pod->name, quote_words(mount->message));
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
			view->seen->pod->name, container->name, quote_words(probe->message));
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

	for (size_t i = 0; i < view->seen->word->port_count; i++)
		len += (size_t)snprintf(ports + len, sizeof(ports) - len, "%s%u", i > 0 ? ", " : "", view->seen->word->ports[i]);
	if (find(view, 35, REASON_PORT_MISMATCH, NULL,
		    "Pod %s: the agent does not listen on port %d (spec.port); the pod listens on %s. Set spec.port to the agent's "
		    "port, or let the agent listen on %d.",
		    view->seen->pod->name, view->seen->agent->port, ports, view->seen->agent->port))
		view->found->place.port = view->seen->word->port_count > 0 ? view->seen->word->ports[0] : view->seen->agent->port;
}

/* Agent and sidecar both run, and the sidecar says not ready: it knows why. */
static void word_find(const struct view *view)
{
	int port = view->seen->agent->port;
	const char *name = view->seen->pod->name;

	switch (view->seen->word->says) {
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
	const struct container *agent = pod_container(view->seen->pod, CONTAINER_AGENT),
			       *proxy = pod_container(view->seen->pod, CONTAINER_PROXY);

	if (agent == NULL || proxy == NULL || agent->state != CONTAINER_RUNNING || proxy->state != CONTAINER_RUNNING ||
		proxy->is_ready)
		return;
	int64_t age_ms = view->seen->now_ms - agent->since_ms;
	if (age_ms < START_GRACE_MS)
		look_again(view, START_GRACE_MS - (age_ms < 0 ? 0 : age_ms) + 100);
	else
		word_find(view);
}

/* It takes no requests on purpose. */
static bool is_leaving(const struct view *view)
{
	return view->seen->word->says == SIDECAR_RETIRED || view->seen->word->says == SIDECAR_DRAINING;
}

/* Without a probe the kubelet calls a container ready from its first instant: its last end counts until it has run for a while, and
   longer than then where that was short, or each restart of one that crashes would be a start. */
static bool runs_anew(const struct view *view, const struct container *container)
{
	int64_t age_ms = view->seen->now_ms - container->since_ms, ran_ms = container->last_ran_ms;
	int64_t grace_ms = START_GRACE_MS + (ran_ms > 0 && ran_ms <= SHORT_RUN_MS ? ran_ms : 0);

	if (!container->has_last || age_ms >= grace_ms)
		return false;
	look_again(view, grace_ms - (age_ms < 0 ? 0 : age_ms) + 100);
	return true;
}

/* The kubelet tries every 10 to 15 s and says so; of what has gone on for four minutes it may speak every five minutes only. That
   it came through at last shows late, as an image is pulled first: what it said of a short while is soon old. */
static bool is_sandbox_news(const struct view *view, const struct warning *warning)
{
	int64_t lasted_ms = warning->last_ms - view->seen->pod->created_ms;
	int64_t news_ms = lasted_ms < SANDBOX_NEWS_MAX_MS - SANDBOX_NEWS_MS ? lasted_ms + SANDBOX_NEWS_MS : SANDBOX_NEWS_MAX_MS;
	int64_t left_ms = warning->last_ms + news_ms - view->seen->now_ms;

	if (left_ms > 0)
		look_again(view, left_ms + 100);
	return left_ms > 0;
}

/* Nothing was begun for it in the pod's sandbox. */
static bool is_to_come(const struct container *container)
{
	static const char *const reasons[] = { "ContainerCreating", "PodInitializing" };

	return container->state == CONTAINER_TERMINATED ||
		(container->state == CONTAINER_WAITING &&
			(container->reason == NULL || is_one_of(container->reason, reasons, ARRAY_LEN(reasons))));
}

/* Before any container there is the pod's sandbox, with its network. */
static bool sandbox_find(const struct view *view)
{
	const struct pod *pod = view->seen->pod;
	const struct warning *warning = warning_of(view, "FailedCreatePodSandBox", NULL);
	char cause[POD_WORDS_BYTES + 1];

	if (warning == NULL || pod->ip != NULL)
		return false;
	for (size_t i = 0; i < pod->count; i++) {
		if (!is_to_come(&pod->containers[i]))
			return false;
	}
	if (!is_sandbox_news(view, warning))
		return false;
	quote_sandbox_cause(warning->message, cause, sizeof(cause));
	return find(view, 72, REASON_SANDBOX_FAILED, NULL,
		"Pod %s cannot be set up on node %s: %.500s. Mend the node's network plugin (CNI) or container runtime.", pod->name,
		quote_words(pod->node), quote_words(cause));
}

static void container_find(const struct view *view, const struct container *container)
{
	switch (container->state) {
	case CONTAINER_WAITING: waiting_find(view, container); return;
	case CONTAINER_TERMINATED: ended_find(view, container); return;
	case CONTAINER_RUNNING: break;
	}
	bool is_anew = runs_anew(view, container);
	if (!is_anew && (container->is_ready || container->has_probe))
		running_find(view, container);
	else if (container->has_last && is_oom(container->last_reason))
		memory_find(view, container);
	else if (container->has_last && (container->restarts >= CRASHES_MIN || (is_anew && container->last_exit_code != 0)))
		crash_find(view, container, container->last_exit_code, container->last_reason);
	else
		running_find(view, container);
}

static void pod_find(const struct view *view)
{
	const struct pod *pod = view->seen->pod;
	char nodes[SCHEDULER_BYTES];

	if (pod->reason != NULL && strcmp(pod->reason, "Evicted") == 0) {
		find(view, 20, REASON_EVICTED, NULL, "Pod %s was evicted from node %s: %.500s.", pod->name, quote_words(pod->node),
			quote_words(pod->message));
		return;
	}
	if (pod->is_node_lost) {
		find(view, 50, REASON_NODE_LOST, NULL, "Node %s of pod %s no longer answers.", quote_words(pod->node), pod->name);
		return;
	}
	if (pod->unscheduled != NULL) {
		quote_list(pod->unscheduled, nodes, sizeof(nodes));
		find(view, 70, REASON_UNSCHEDULABLE, NULL,
			"Pod %s fits on no node: %s. Lower spec.resources.requests or add capacity.", pod->name, nodes);
		return;
	}
	if (is_leaving(view) || sandbox_find(view))
		return;
	for (size_t i = 0; i < pod->count; i++)
		container_find(view, &pod->containers[i]);
	if (view->found->rank == 0)
		listening_find(view);
}

void finding_of_pod(const struct evidence *seen, struct finding *ret_finding)
{
	const struct view view = { .seen = seen, .found = ret_finding };

	*ret_finding = (struct finding){ 0 };
	if (seen->word->says == SIDECAR_AWAITED)
		look_again(&view, ASKING_PATIENCE_MS);
	pod_find(&view);
}

void finding_of_failure(const struct agent *agent, const char *failure, struct finding *ret_finding)
{
	const struct evidence seen = { .agent = agent };
	const struct view view = { .seen = &seen, .found = ret_finding };
	char words[FAILURE_BYTES];

	*ret_finding = (struct finding){ 0 };
	quote_list(failure, words, sizeof(words));
	if (strstr(failure, "serviceaccount") != NULL && strstr(failure, "not found") != NULL)
		find(&view, 95, REASON_CONFIG_MISSING, NULL,
			"No pod can be made: %s. Create the ServiceAccount or correct spec.serviceAccountName.", words);
	else if (find(&view, 95, REASON_PODS_FORBIDDEN, NULL, "No pod can be made: %s.", words) &&
		strstr(failure, "PodSecurity") != NULL)
		ret_finding->command = "kubectl get namespace {namespace} --show-labels";
}
