/* SPDX-License-Identifier: Apache-2.0 */
/* kube/conditions.h — pure: metav1.Condition lists. */
#ifndef KRYPTON_KUBE_CONDITIONS_H
#define KRYPTON_KUBE_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

struct kube_condition {
	const char *type;
	const char *status; /* "True", "False", "Unknown" */
	const char *reason;
	const char *message;
	int64_t observed_generation;
};

/* Borrowed entry of that type; NULL: none. */
const struct json_t *kube_conditions_get(const struct json_t *conditions, const char *type);
/* A new entry for `condition`: lastTransitionTime is the old one's where the status is the same, else now. Yours. */
struct json_t *kube_conditions_entry(const struct json_t *conditions, const struct kube_condition *condition, int64_t now_wall_ms);
/* Does the list say exactly this already (times aside)? */
bool kube_conditions_say(const struct json_t *conditions, const struct kube_condition *condition);

#endif
