/* SPDX-License-Identifier: Apache-2.0 */
/* controller/act.h — does what a plan says, one request after the other; decides nothing but whose a name is. */
#ifndef KRYPTON_CONTROLLER_ACT_H
#define KRYPTON_CONTROLLER_ACT_H

#include "base/err.h"
#include "controller/observe.h"
#include "controller/plan.h"

struct act;
struct kube_client;
struct map;

/* Texts and objects are borrowed until the act is over. */
struct act_options {
	struct kube_client *client;
	struct observe *observe;     /* told what was written */
	struct map *settled;         /* key of act_settled_key() to struct settled */
	struct plan *plan;           /* is_refused, refusal and words are set where the API server or a taken name refuses */
	const struct json_t *object; /* the Agent */
	const char *key;             /* "namespace/name" */
	void *arg;
	/* Once, from the loop; err NULL: all was done. The act may be freed in it. */
	void (*on_done)(void *arg, const struct err *err);
};

/* A plan with at least one action. Yours. */
struct act *act_start(const struct act_options *options);
void act_free(struct act **act); /* what runs is given up; on_done does not come any more */

#define ACT_SETTLED_KEY_BYTES 340
void act_settled_key(enum child_kind kind, const char *key, char out[ACT_SETTLED_KEY_BYTES]);

#endif
