/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/reasons.h — pure: the stable CamelCase words that conditions, Events and error bodies give as a cause. */
#ifndef KRYPTON_KRYPTON_REASONS_H
#define KRYPTON_KRYPTON_REASONS_H

#include <stdbool.h>

#include "base/attributes.h"

/* X(identifier, word, lasts: the fault does not pass by itself, sentence). People alert on the words: they never change. */
#define REASONS(X)                                                                                                       \
	X(READY, "Ready", false, "Every pod that is to stay takes requests.")                                            \
	X(ASLEEP, "Asleep", false, "Nothing calls the agent, so it has no pod; the next request starts one.")            \
	X(SCALING, "Scaling", false, "The agent takes requests while its pods change in number or are replaced.")        \
	X(STARTING, "Starting", false, "Pods are on their way and nothing speaks against them yet.")                     \
	X(DELETING, "Deleting", false, "The agent is being deleted.")                                                    \
	X(DELETION_BLOCKED, "DeletionBlocked", false, "An object of the deleted agent is held by a finalizer.")          \
	X(INVALID_POD_TEMPLATE, "InvalidPodTemplate", true, "spec.podTemplate changes what is Krypton's, or is no pod.") \
	X(INVALID_SPEC, "InvalidSpec", true, "The API server refuses what the spec asks for.")                           \
	X(NAME_CONFLICT, "NameConflict", true, "An object of the agent's name is there already and is not the agent's.") \
	X(IMAGE_PULL_FAILED, "ImagePullFailed", true, "An image cannot be pulled.")                                      \
	X(PULL_SECRET_MISSING, "PullSecretMissing", true, "A pull secret that the spec names is not there.")             \
	X(PORT_MISMATCH, "PortMismatch", true, "The agent listens, but not on spec.port.")                               \
	X(AGENT_NOT_LISTENING, "AgentNotListening", false, "The agent runs and listens on nothing yet.")                 \
	X(AGENT_PROBE_FAILING, "AgentProbeFailing", false, "The agent's own probe fails.")                               \
	X(UNSCHEDULABLE, "Unschedulable", false, "No node has room for the pod, or may take it.")                        \
	X(SANDBOX_FAILED, "SandboxFailed", false, "The node cannot give the pod a network, or a sandbox at all.")        \
	X(OUT_OF_MEMORY, "OutOfMemory", true, "The agent was ended for using more memory than its limit.")               \
	X(SIDECAR_NOT_READY, "SidecarNotReady", true, "krypton-proxy cannot be pulled, crashes, or fails its probe.")    \
	X(EVICTED, "Evicted", false, "The node was short of something and evicted the pod.")                             \
	X(NODE_LOST, "NodeLost", false, "The pod's node no longer answers.")                                             \
	X(CRASH_LOOP, "CrashLoop", true, "The agent ends again and again.")                                              \
	X(PODS_FORBIDDEN, "PodsForbidden", true, "A quota or an admission rule refuses the pod.")                        \
	X(CONFIG_MISSING, "ConfigMissing", true, "Something that the spec names is not there.")                          \
	X(AGENT_IGNORES_SIGTERM, "AgentIgnoresSigterm", false, "The agent does not end by itself when it is told to.")   \
	X(AGENT_UNREACHABLE, "AgentUnreachable", false, "The gateway cannot connect to the agent's pod.")                \
	X(AGENT_CLOSED_CONNECTION, "AgentClosedConnection", false, "The agent broke off before it answered.")            \
	X(DRIFT_REPAIRED, "DriftRepaired", false, "Somebody changed an object of the agent; it was put right.")          \
	X(CREATED, "Created", false, "The agent's Deployment, Service and ServiceAccount were made.")

enum reason {
#define REASON_ENUM(identifier, word, lasts, sentence) REASON_##identifier,
	REASONS(REASON_ENUM)
#undef REASON_ENUM
		REASON_COUNT,
};

const char *reason_name(enum reason reason);     /* "ImagePullFailed" */
const char *reason_sentence(enum reason reason); /* for the reference page */
bool reason_is_lasting(enum reason reason);      /* phase Failed where no pod takes requests */
/* -1 where no row has that word. */
int reason_parse(const char *name, enum reason *ret_reason) must_check;

#endif
