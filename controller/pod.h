/* SPDX-License-Identifier: Apache-2.0 */
/* controller/pod.h — pure: what diagnosis needs of a pod, and of the Warning Events about it. */
#ifndef KRYPTON_CONTROLLER_POD_H
#define KRYPTON_CONTROLLER_POD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

#define POD_CONTAINERS_MAX 8
#define POD_WORDS_BYTES    1000 /* of the kubelet's, the scheduler's or a registry's words */
#define POD_SECRETS_BYTES  300  /* of the names of its pull secrets */

enum container_state { CONTAINER_WAITING, CONTAINER_RUNNING, CONTAINER_TERMINATED };

struct container {
	char *name;
	char *image;
	enum container_state state;
	char *reason; /* of waiting or terminated: "ImagePullBackOff"; NULL: none */
	char *message;
	int64_t since_ms; /* running since, wall clock; 0: unknown */
	int exit_code;    /* of terminated */
	int restarts;
	bool is_ready;
	bool has_last;     /* it ended before */
	char *last_reason; /* "OOMKilled", "Error" */
	int last_exit_code;
	int64_t last_ran_ms; /* how long it ran then; 0: unknown, or under a second */
	char *memory_limit;  /* of the spec; NULL: none */
	bool has_probe;      /* a readinessProbe of its own */
};

struct pod {
	char *agent; /* label krypton.ai/agent */
	char *name;
	char *uid;
	char *template_hash; /* which ReplicaSet's it is; NULL: none's */
	char *phase;
	char *reason; /* status.reason: "Evicted" */
	char *message;
	char *node;
	char *ip;           /* NULL: none yet */
	char *pull_secrets; /* "regcred, other"; those of its account, too. "…" for what is too much; NULL: none */
	char *unscheduled;  /* the scheduler's words while it finds no node; NULL: scheduled, or not looked at yet */
	int64_t created_ms;
	bool is_ready;
	bool is_node_lost; /* its node no longer answers: what the containers show is of before */
	bool is_deleting;
	int64_t grace_s; /* while it is being deleted: what its containers have to end */
	struct container *containers;
	size_t count;
};

/* NULL where it is no agent's. Yours. */
struct pod *pod_from_json(const struct json_t *object);
void pod_free(struct pod **pod);
const struct container *pod_container(const struct pod *pod, const char *name);

/* One Warning Event about a pod. */
struct warning {
	char *pod_uid;
	char *reason;
	char *message;
	char *container; /* named by involvedObject.fieldPath; NULL: the pod as a whole */
	int64_t last_ms;
};

struct warning *warning_from_json(const struct json_t *object); /* NULL: not about a pod. Yours. */
void warning_free(struct warning **warning);

#endif
