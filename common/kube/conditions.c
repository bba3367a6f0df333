/* SPDX-License-Identifier: Apache-2.0 */
/* kube/conditions.c — pure: reading and writing one entry of a metav1.Condition list. Which conditions exist is not known here. */
#include "kube/conditions.h"

#include <jansson.h>
#include <string.h>

#include "base/instant.h"
#include "base/json.h"

static bool text_at_is(const json_t *entry, const char *pointer, const char *wanted)
{
	const char *text = json_text_at(entry, pointer);

	return strcmp(text == NULL ? "" : text, wanted == NULL ? "" : wanted) == 0;
}

const json_t *kube_conditions_get(const json_t *conditions, const char *type)
{
	size_t index;
	json_t *entry;

	json_array_foreach(conditions, index, entry) {
		const char *name = json_text_at(entry, "/type");

		if (name != NULL && strcmp(name, type) == 0)
			return entry;
	}
	return NULL;
}

json_t *kube_conditions_entry(const json_t *conditions, const struct kube_condition *condition, int64_t now_wall_ms)
{
	const json_t *before = kube_conditions_get(conditions, condition->type);
	const char *since = json_text_at(before, "/lastTransitionTime");
	char now[INSTANT_TEXT_BYTES];
	json_t *entry = json_object();

	instant_format(now_wall_ms, now);
	if (before == NULL || since == NULL || !text_at_is(before, "/status", condition->status))
		since = now;
	json_put_text(entry, "/type", condition->type);
	json_put_text(entry, "/status", condition->status);
	json_put_text(entry, "/reason", condition->reason);
	json_put_text(entry, "/message", condition->message == NULL ? "" : condition->message); /* the schema requires it */
	json_put_text(entry, "/lastTransitionTime", since);
	if (condition->observed_generation > 0)
		json_put(entry, "/observedGeneration", json_integer(condition->observed_generation));
	return entry;
}

bool kube_conditions_say(const json_t *conditions, const struct kube_condition *condition)
{
	const json_t *entry = kube_conditions_get(conditions, condition->type);

	return entry != NULL && text_at_is(entry, "/status", condition->status) &&
		text_at_is(entry, "/reason", condition->reason) && text_at_is(entry, "/message", condition->message) &&
		json_int_at(entry, "/observedGeneration", 0) == condition->observed_generation;
}
