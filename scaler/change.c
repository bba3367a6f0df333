/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/change.h"

#include <string.h>

#include <jansson.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "krypton/labels.h"
#include "kube/client.h"
#include "kube/recorder.h"
#include "scaler/scaler.h"
#include "scaler/sentence.h"

#define BACKOFF_MS     200
#define BACKOFF_MAX_MS 30000
#define PATIENT_WRITES 64 /* at once, of those that nobody waits for */

struct change {
	struct scaler *scaler;
	const char *name_space, *name;
	struct kube_call *call; /* under way */
	bool is_patient;        /* nobody waited for the last one; under way it is counted among the scaler's writing */
	int from, count;
	const char *reason; /* a constant of decide.h */
	char words[SENTENCE_BYTES];
	char *uid;             /* whose */
	char *version;         /* the Agent's when it was decided; NULL: nothing was decided yet */
	bool is_written;       /* the API server has it */
	int64_t not_before_ms; /* monotonic: after a failure */
	int failures;
};

struct change *change_new(struct scaler *scaler, const char *name_space, const char *name)
{
	struct change *change = mem_alloc(sizeof(*change));

	change->scaler = scaler;
	change->name_space = name_space;
	change->name = name;
	return change;
}

static void write_over(struct change *change)
{
	change->scaler->writing -= change->call != NULL && change->is_patient;
	change->call = NULL;
}

void change_free(struct change **change)
{
	struct kube_call *call;

	if (*change == NULL)
		return;
	call = (*change)->call;
	write_over(*change);
	kube_call_cancel(&call);
	mem_release((*change)->uid);
	mem_release((*change)->version);
	mem_release(*change);
	*change = NULL;
}

bool change_is_under_way(const struct change *change)
{
	return change->call != NULL;
}

/* No other one is under way, a failure is not too fresh, and where nobody waits for it there are few of its kind. */
static bool may_begin(const struct change *change, bool is_urgent)
{
	return change->call == NULL && loop_now_ms(change->scaler->loop) >= change->not_before_ms &&
		(is_urgent || change->scaler->writing < PATIENT_WRITES);
}

/* Those who wait do not pay for what failed while nobody did. */
static void forget_patient_failures(struct change *change)
{
	if (!change->is_patient)
		return;
	change->failures = 0;
	change->not_before_ms = 0;
}

/* The same is written already, and just has not come back by the watch. */
static bool is_on_its_way(const struct change *change, const struct agent *agent, int count)
{
	return change->is_written && count == change->count && strcmp(agent->resource_version, change->version) == 0;
}

/* The count that the gateway wrote when it woke the agent is a change as well. */
static void tell(const struct change *change)
{
	const struct kube_reference about = {
		.api_version = "krypton.ai/v1alpha1",
		.kind = KUBE_AGENTS.kind,
		.name_space = change->name_space,
		.name = change->name,
		.uid = change->uid,
		.resource_version = change->version,
	};

	if (change->count == change->from)
		return;
	metrics_add(change->scaler->metrics, METRIC_CHANGES, METRIC_LABELS(change->name, change->name_space, change->reason), 1);
	log_info("agent.scaled", LOG_STR("agent", change->name), LOG_STR("namespace", change->name_space),
		LOG_INT("from", change->from), LOG_INT("to", change->count), LOG_STR("reason", change->reason),
		LOG_STR("message", change->words));
	kube_recorder_event(change->scaler->recorder, &about, "Normal", "Scaled", change->words);
}

static void on_written(void *arg, const struct json_t *object, const struct err *err)
{
	struct change *change = arg;

	(void)object;
	write_over(change);
	if (err == NULL) {
		change->failures = 0;
		change->is_written = true;
		tell(change);
		return;
	}
	if (err->code == ERR_CONFLICT || err->code == ERR_NOT_FOUND)
		return; /* somebody was faster, or it is gone: the next look decides anew */
	log_warn("scale.failed", LOG_STR("agent", change->name), LOG_STR("namespace", change->name_space), LOG_ERR(err));
	change->not_before_ms =
		loop_now_ms(change->scaler->loop) + random_backoff_ms(change->failures++, BACKOFF_MS, BACKOFF_MAX_MS);
}

bool change_left_asleep(const struct agent *agent)
{
	return agent->scaled_reason != NULL && strcmp(agent->scaled_reason, DECIDE_ASLEEP) == 0;
}

/* If pods are wanted though it was left asleep, the gateway woke it, or a person. */
static int count_before(const struct agent *agent, const struct change_wish *wish)
{
	return change_left_asleep(agent) && wish->count > 0 ? 0 : wish->from;
}

static json_t *status_of(const struct change *change, const struct agent *agent, const struct change_wish *wish, int64_t wall_ms)
{
	char now[INSTANT_TEXT_BYTES];
	json_t *object = json_object();

	instant_format(wall_ms, now);
	json_put_text(object, "/metadata/name", change->name);
	if (wish->count <= wish->from)
		json_put_text(object, "/metadata/resourceVersion", agent->resource_version);
	json_put(object, "/status/desiredReplicas", json_integer(wish->count));
	json_put(object, "/status/conditions",
		json_pack("[{s:s, s:s, s:s, s:s, s:s, s:I}]", "type", "Scaled", "status", "True", "reason", change->reason,
			"message", change->words, "lastTransitionTime", now, "observedGeneration", (json_int_t)agent->generation));
	return object;
}

void change_write(struct change *change, const struct agent *agent, const struct change_wish *wish, bool is_urgent)
{
	const struct kube_target status = { .resource = &KUBE_AGENTS,
		.name_space = change->name_space,
		.name = change->name,
		.subresource = "status",
		.deadline_ms = is_urgent ? KUBE_URGENT_DEADLINE_MS : KUBE_DEADLINE_MS };
	int64_t wall_ms = instant_wall_ms();
	scoped_json object = NULL;

	if (is_urgent && change->call == NULL)
		forget_patient_failures(change);
	if (!may_begin(change, is_urgent) || is_on_its_way(change, agent, wish->count))
		return;
	change->from = count_before(agent, wish);
	change->count = wish->count;
	change->reason = wish->decision.reason;
	change->is_written = false;
	mem_release(change->uid);
	mem_release(change->version);
	change->uid = mem_copy_text(agent->uid);
	change->version = mem_copy_text(agent->resource_version);
	sentence_of(
		agent, wish->seen, &wish->decision, wish->count, change->scaler->options->stable_window_ms, wall_ms, change->words);
	object = status_of(change, agent, wish, wall_ms);
	change->is_patient = !is_urgent;
	change->scaler->writing += change->is_patient;
	change->call = kube_apply(change->scaler->client, &status, object, FIELD_MANAGER_SCALER, true, on_written, change);
}
