/* SPDX-License-Identifier: Apache-2.0 */
/* controller/child.h — pure: an Agent and its Deployment, Service and ServiceAccount as the caches keep them: compact, parsed when
 * needed. */
#ifndef KRYPTON_CONTROLLER_CHILD_H
#define KRYPTON_CONTROLLER_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "krypton/agent.h"

struct alike;
struct alike_text;
struct json_t;
struct kube_resource;

enum child_kind { CHILD_ACCOUNT, CHILD_SERVICE, CHILD_DEPLOYMENT };
#define CHILD_KINDS 3

const struct kube_resource *child_resource(enum child_kind kind);

/* How far a Deployment is; all 0 for the other kinds. */
struct rollout {
	int wanted; /* spec.replicas */
	int replicas, updated, ready;
	bool is_seen;  /* the Deployment's controller has seen the spec of now */
	bool is_stuck; /* its progress deadline has passed */
};

struct child {
	struct alike_text *text; /* compact JSON; a child's without status, an Agent's without managedFields */
	struct rollout rollout;
	char *replica_failure; /* why no pod can be made, the ReplicaSet's words; NULL: nothing said */
};

/* alike: of all texts of that kind. Yours. */
struct child *child_from_json(struct alike *alike, const struct json_t *object);
struct child *child_from_agent_json(struct alike *alike, const struct json_t *object); /* the Agent itself */
void child_free(struct child **child);
/* What was kept of the object; alike: the one it was made with. Yours. */
struct json_t *child_read(const struct alike *alike, const struct child *child);

/* Pods of now are on their way to the template of now, and still may get there. */
bool rollout_is_running(const struct rollout *rollout);

/* Whose an object of the agent's name is. */
enum claim {
	CLAIM_OURS,   /* this Agent controls it */
	CLAIM_ORPHAN, /* ours by its labels, and nobody controls it: may be adopted */
	CLAIM_FORMER, /* an Agent of the same name that is gone controlled it: has to go */
	CLAIM_TAKEN,  /* somebody else's */
};
enum claim child_claim(const struct json_t *object, const char *agent_name, const char *agent_uid);

#endif
