/* SPDX-License-Identifier: Apache-2.0 */
/* controller/plan.h — pure: what has to be written so that an Agent's children are as they should be; usually nothing. */
#ifndef KRYPTON_CONTROLLER_PLAN_H
#define KRYPTON_CONTROLLER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "controller/child.h"
#include "controller/release.h"
#include "krypton/agent.h"
#include "krypton/reasons.h"

struct json_t;

#define PLAN_ACTIONS_MAX 8
#define PLAN_NOTES_MAX   4
#define PLAN_NOTE_BYTES  400
#define PLAN_ROLLING_MAX 2 /* always-on agents whose pods are being replaced for the release's sake at the same time */

enum action_kind {
	ACTION_FINALIZER_ADD,
	ACTION_APPLY,  /* the object is there already */
	ACTION_CREATE, /* it is not: apply, unless the name is somebody else's */
	ACTION_DELETE, /* that very object (uid) */
	ACTION_FINALIZER_REMOVE,
};

struct action {
	enum action_kind kind;
	enum child_kind child;
	struct json_t *object; /* apply, create: what to send; finalizers: the list to leave. Owned by the plan. */
	uint64_t hash;         /* of object */
	char uid[64];          /* delete */
};

/* An Event to make once all actions have been done. */
struct note {
	bool is_warning;
	enum reason reason;
	char message[PLAN_NOTE_BYTES];
};

/* What was sent last and changed nothing more: a difference that the API server does not keep is no reason to send it again. */
struct settled {
	uint64_t hash;
	char version[32]; /* metadata.generation, else resourceVersion */
};

struct plan_input {
	const struct agent *agent;
	const struct json_t *object;                /* the Agent */
	const struct json_t *children[CHILD_KINDS]; /* NULL: not there */
	const struct settled *settled[CHILD_KINDS]; /* NULL: nothing known */
	const struct rollout *rollout;              /* of the Deployment; NULL where there is none */
	const struct release *release;
	int64_t observed_generation; /* status.observedGeneration; 0: never reported */
	int rolling;                 /* always-on agents, this one not counted, whose pods are being replaced */
};

struct plan {
	struct action actions[PLAN_ACTIONS_MAX];
	size_t count;
	struct note notes[PLAN_NOTES_MAX];
	size_t note_count;
	bool is_for_release; /* pods of an always-on agent are replaced for the sake of the release */
	bool is_withheld;    /* the release's changes wait for their turn, or for the next wake; not so a gateway's new address */
	bool is_waiting;     /* of an Agent that is being deleted: children of its own are still there */
	char held[PLAN_NOTE_BYTES]; /* those of them that a finalizer holds, and which; "" for none */
	bool is_refused;            /* nothing is written: refusal and words say why */
	enum reason refusal;
	struct err words;
};

/* Yours; free it with plan_free(). */
struct plan *plan_make(const struct plan_input *input);
/* The plan for an Agent that is being deleted: children that are its own go; once none is there any more, our finalizer. */
struct plan *plan_end(const struct json_t *object, const struct json_t *const children[CHILD_KINDS]);
/* A plan that writes nothing to the children, for that reason. */
struct plan *plan_refuse(enum reason reason, const struct err *words);
void plan_free(struct plan **plan);

/* The version to remember an object by (see struct settled). */
void plan_version_of(const struct json_t *object, char out[32]);

#endif
