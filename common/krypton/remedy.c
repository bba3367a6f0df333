/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/remedy.c — pure: docs/TROUBLESHOOTING.md is made of this table, and each message ends with its command. */
#include "krypton/remedy.h"

#include <stddef.h>

#define LOGS          "kubectl -n {namespace} logs {pod} -c {container}"
#define EDIT          "kubectl -n {namespace} edit agent {agent}"
#define DESCRIBE_NODE "kubectl describe node {node}"

static const struct remedy REMEDIES[REASON_COUNT] = {
	[REASON_DELETION_BLOCKED] = {
		.symptom = "`kubectl delete agent` does not come back; the Agent has a `deletionTimestamp` and stays, and so does its "
			   "namespace, `Terminating`.",
		.cause = "Its Deployment, Service or ServiceAccount is deleted as well and waits for a finalizer that somebody else set.",
		.fix = "Let whoever set the finalizer do its work, or remove it from that object.",
		.command = "kubectl -n {namespace} get deployment,service,serviceaccount {agent} -o "
			   "custom-columns=KIND:.kind,FINALIZERS:.metadata.finalizers",
	},
	[REASON_INVALID_POD_TEMPLATE] = {
		.symptom = "`kubectl apply` accepts the Agent, but it has no Deployment, or the one of before; its phase is Failed.",
		.cause = "`spec.podTemplate` sets something that is Krypton's own (the container `krypton-proxy`, the labels of the "
			 "selector, the agent's `preStop`), uses a directive of a strategic merge, or makes a pod that the API server "
			 "refuses. The message quotes the part.",
		.fix = "Take that part out of `spec.podTemplate`.",
		.command = EDIT,
	},
	[REASON_INVALID_SPEC] = {
		.symptom = "The Agent was accepted, but its Deployment, Service or ServiceAccount was not: `422`, `Invalid value`, `is invalid`.",
		.cause = "The API server refuses an object made from the spec; the message has its words and names the field.",
		.fix = "Correct the field that the message names.",
		.command = EDIT,
	},
	[REASON_NAME_CONFLICT] = {
		.symptom = "The agent gets no pods, though its spec is right; a Deployment, Service or ServiceAccount of its name was "
			   "there before.",
		.cause = "An object of the agent's name belongs to somebody else. Krypton does not take over what is not its own.",
		.fix = "Delete that object, or give the Agent another name; for a ServiceAccount, `spec.serviceAccountName` may name "
		       "the one that is there.",
		.command = "kubectl -n {namespace} get deployment,service,serviceaccount {agent} --show-labels",
	},
	[REASON_IMAGE_PULL_FAILED] = {
		.symptom = "Pods stay in `ImagePullBackOff` or `ErrImagePull`; `manifest unknown`, `not found`, `no such host`, `401 Unauthorized`, `unauthorized: authentication required`, `403 Forbidden`, `no basic auth credentials`, `pull access denied`, `ErrImageNeverPull`.",
		.cause = "The image's name or tag is wrong, the registry cannot be reached from the nodes, or it wants credentials that "
			 "are missing, wrong or expired (those of Amazon ECR last 12 hours); the message names the pull secrets that were used.",
		.fix = "Correct `spec.image`; or name a Secret with valid credentials of type `kubernetes.io/dockerconfigjson` in "
		       "`spec.imagePullSecrets`; or, with `imagePullPolicy: Never`, load the image onto the nodes.",
		.command = "kubectl -n {namespace} describe pod {pod}",
	},
	[REASON_PULL_SECRET_MISSING] = {
		.symptom = "Pods stay in `ImagePullBackOff`; an Event says `FailedToRetrieveImagePullSecret`.",
		.cause = "`spec.imagePullSecrets` names a Secret that is not in the Agent's namespace; Secrets of other namespaces do "
			 "not count.",
		.fix = "Create it there (`kubectl create secret docker-registry`), or correct the name.",
		.command = "kubectl -n {namespace} get secrets --field-selector type=kubernetes.io/dockerconfigjson",
	},
	[REASON_PORT_MISMATCH] = {
		.symptom = "The agent's container runs, but the pod never gets ready; krypton-proxy logs `dial tcp 127.0.0.1:8080: "
			   "connect: connection refused`; invocations end with 504.",
		.cause = "The agent listens on another port than `spec.port` says. krypton-proxy sees the ports that the pod listens on.",
		.fix = "Set `spec.port` to the agent's port, or make the agent listen on `spec.port`.",
		.command = "kubectl -n {namespace} patch agent {agent} --type=merge -p '{\"spec\":{\"port\":{port}}}'",
	},
	[REASON_AGENT_NOT_LISTENING] = {
		.symptom = "The agent's container runs, but the pod is not ready for a long time; `connection refused` in the log of "
			   "krypton-proxy; the first call after a sleep ends with 504.",
		.cause = "The agent has not opened a port yet (it loads a model, waits for a database), listens on a socket that is no "
			 "TCP port, or hangs.",
		.fix = "If it is only slow, raise `spec.startupTimeout`; else its own log tells what it waits for.",
		.command = LOGS,
	},
	[REASON_AGENT_PROBE_FAILING] = {
		.symptom = "The agent listens, but the pod is not ready; Events say `Unhealthy` and `Readiness probe failed`.",
		.cause = "The `readinessProbe` that `spec.podTemplate` gives the container `agent` does not pass.",
		.fix = "Correct the probe's path or port, or what the agent answers there.",
		.command = LOGS,
	},
	[REASON_UNSCHEDULABLE] = {
		.symptom = "Pods stay `Pending`; Events say `FailedScheduling`, `Insufficient cpu`, `Insufficient memory`, `didn't match "
			   "node selector` or `untolerated taint`.",
		.cause = "No node has room for the pod's requests, or none may take it.",
		.fix = "Lower `spec.resources.requests`, correct `nodeSelector` and `tolerations` in `spec.podTemplate`, or add nodes.",
		.command = "kubectl describe nodes",
	},
	[REASON_SANDBOX_FAILED] = {
		.symptom = "Pods stay in `ContainerCreating` without an address; Events say `FailedCreatePodSandBox`, `failed to setup "
			   "network for sandbox`, `no IP addresses available in range set`, `failed to assign an IP address to "
			   "container`, `no runtime for \"…\" is configured`.",
		.cause = "The node has no address left for pods, its network plugin (CNI) does not run or is refused, or it lacks the "
			 "runtime that `runtimeClassName` asks for.",
		.fix = "Mend the network plugin's pod on that node, or give the node a larger range of addresses. Until then `kubectl "
		       "cordon` it and delete the pod: another one goes elsewhere.",
		.command = "kubectl get pods -A -o wide --field-selector spec.nodeName={node}",
	},
	[REASON_OUT_OF_MEMORY] = {
		.symptom = "The agent restarts with `OOMKilled` (exit code 137); calls end with 502 in the middle.",
		.cause = "The container used more memory than `spec.resources.limits.memory`, or its node had no more.",
		.fix = "Raise `spec.resources.limits.memory` (and `requests.memory`), or lower `spec.concurrency`.",
		.command = EDIT,
	},
	[REASON_SIDECAR_NOT_READY] = {
		.symptom = "The pod has one ready container of two and the other is `krypton-proxy`; or its image cannot be pulled.",
		.cause = "The image of krypton-proxy that the chart names cannot be pulled, or the container crashes.",
		.fix = "Correct the chart's `image.registry`, `image.tag`, `images.kryptonProxy` and `imagePullSecrets`.",
		.command = "kubectl -n {namespace} describe pod {pod}",
	},
	[REASON_EVICTED] = {
		.symptom = "A pod is gone with status `Evicted`; `The node was low on resource`, `exceeds its local ephemeral storage "
			   "limit`.",
		.cause = "The node was short of memory, disk or process ids, or the pod used more disk than it may.",
		.fix = "Set `spec.resources.requests` to what the agent needs, or give the nodes more; another pod takes its place.",
		.command = DESCRIBE_NODE,
	},
	[REASON_NODE_LOST] = {
		.symptom = "A node is `NotReady`; pods on it are `Unknown` or `Terminating` for minutes.",
		.cause = "The pod's node no longer answers the API server.",
		.fix = "Mend or remove the node; Kubernetes moves the pod after five minutes by itself.",
		.command = DESCRIBE_NODE,
	},
	[REASON_CRASH_LOOP] = {
		.symptom = "`CrashLoopBackOff`, restarts that grow, `Error` and an exit code.",
		.cause = "The agent's container ends again and again: it cannot find its settings, its command is wrong, or it fails.",
		.fix = "Its last log says why; then correct the image, `spec.command`, `spec.args` or `spec.env`.",
		.command = LOGS " --previous",
	},
	[REASON_PODS_FORBIDDEN] = {
		.symptom = "The Deployment has no pods at all; its ReplicaSet says `FailedCreate`, `exceeded quota`, `is forbidden`, "
			   "`violates PodSecurity`.",
		.cause = "A ResourceQuota, a LimitRange or an admission rule of the namespace refuses the pod.",
		.fix = "Raise the quota, or give the pod what the rule asks for by `spec.resources` or `spec.podTemplate`.",
		.command = "kubectl -n {namespace} describe resourcequota,limitrange",
	},
	[REASON_CONFIG_MISSING] = {
		.symptom = "`CreateContainerConfigError`, `secret \"…\" not found`, `configmap \"…\" not found`, `couldn't find key`, "
			   "`FailedMount`, `serviceaccount \"…\" not found`.",
		.cause = "A Secret, ConfigMap or ServiceAccount that the spec names is not in the Agent's namespace, or lacks a key.",
		.fix = "Create it there, or correct its name in `spec.env`, `spec.envFrom`, `spec.serviceAccountName` or "
		       "`spec.podTemplate`.",
		.command = "kubectl -n {namespace} get secrets,configmaps,serviceaccounts",
	},
	[REASON_AGENT_IGNORES_SIGTERM] = {
		.symptom = "Pods that go end with `Error` and exit code 137 (or 143), and are `Terminating` until their grace is over.",
		.cause = "The agent does not end by itself when it is told to (SIGTERM). No work is lost: krypton-proxy has let it finish "
			 "before; but each pod takes its whole grace to go.",
		.fix = "Let the agent end with status 0 on SIGTERM; where a shell starts it, let it do so by `exec`.",
		.command = LOGS,
	},
	[REASON_AGENT_UNREACHABLE] = {
		.symptom = "Invocations end with 502; `connection refused`, `no route to host` or `i/o timeout` in the gateway's answer.",
		.cause = "The gateway cannot connect to the agent's pod, or krypton-proxy not to the agent: it crashed just now, or a "
			 "NetworkPolicy keeps the gateway out of port 8888.",
		.fix = "Look at the pod; let the gateway's namespace in to port 8888.",
		.command = "kubectl -n {namespace} describe agent {agent}",
	},
	[REASON_AGENT_CLOSED_CONNECTION] = {
		.symptom = "Invocations end with 502, and the agent had the request already.",
		.cause = "The agent closed the connection before it answered: it crashed over the request, or gave it up. The request "
			 "was not repeated, as it may have been carried out.",
		.fix = "The agent's log at that time says more.",
		.command = "kubectl -n {namespace} logs -l krypton.ai/agent={agent} -c agent --prefix --tail=50",
	},
};

const struct remedy *remedy_of(enum reason reason)
{
	BUG_ON((size_t)reason >= ARRAY_LEN(REMEDIES));
	return REMEDIES[reason].symptom == NULL ? NULL : &REMEDIES[reason];
}

/* Text in a place, or NULL where it is none of that name. */
static const char *filled(struct text name, const struct remedy_place *place)
{
	const struct {
		const char *name, *value;
	} places[] = { { "namespace", place->name_space }, { "agent", place->agent }, { "pod", place->pod },
		{ "container", place->container }, { "node", place->node } };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (text_is(name, places[i].name))
			return places[i].value == NULL ? "" : places[i].value;
	}
	return NULL;
}

static int place_append(struct text name, const struct remedy_place *place, struct buf *out)
{
	const char *value = filled(name, place);

	if (text_is(name, "port"))
		return buf_format(out, "%d", place->port);
	if (value != NULL)
		return buf_append_terminated(out, value);
	/* A brace of JSON, not ours. */
	return buf_append(out, "{", 1) == -1 ? -1 : 1;
}

int remedy_command(const char *command, const struct remedy_place *place, struct buf *out)
{
	struct text rest = text_of(command);

	while (rest.len > 0) {
		struct text behind = rest, plain = text_cut(&behind, '{');

		if (buf_append_text(out, plain) == -1)
			return -1;
		if (behind.at == NULL)
			return 0;
		struct text after = behind, name = text_cut(&after, '}');
		int done = place_append(name, place, out);
		if (done == -1)
			return -1;
		rest = done == 1 ? behind : after;
	}
	return 0;
}
