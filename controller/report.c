/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/report.c — pure: the status fields that are the controller's. The
 * others (desiredReplicas, lastInvocationAt, condition Scaled) are never sent,
 * so that nobody's write undoes another's.
 */
#include "controller/report.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "controller/desired_service.h"
#include "kube/conditions.h"

#define URL_BYTES_MAX     4096
#define REPORT_CONDITIONS 2

enum phase report_phase(const struct agent *agent, const struct rollout *rollout, const struct diagnosis *diagnosis)
{
	const struct phase_facts facts = {
		.wanted = agent_wanted_replicas(agent),
		.replicas = rollout == NULL ? 0 : rollout->replicas,
		.updated = rollout == NULL ? 0 : rollout->updated,
		.ready = rollout == NULL ? 0 : rollout->ready,
		.retired = diagnosis->retired,
		.is_lasting = reason_is_lasting(diagnosis->reason),
	};

	return phase_of(&facts);
}

static bool is_said(const json_t *status, const json_t *wanted)
{
	static const char *const fields[] = { "phase", "replicas", "readyReplicas", "url", "observedGeneration" };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const json_t *value = json_object_get(wanted, fields[i]), *there = json_object_get(status, fields[i]);

		if (there == NULL || !json_equal(value, there))
			return false;
	}
	return true;
}

/* Available: can it be called? Progressing: does what is wanted come about? A new image that cannot be pulled leaves the first one
   True as long as the pods of before serve. */
static void conditions_of(
	const struct agent *agent, const struct diagnosis *diagnosis, struct kube_condition ret_conditions[REPORT_CONDITIONS])
{
	const struct kube_condition available = {
		.type = CONDITION_AVAILABLE,
		.status = diagnosis->is_available ? "True" : "False",
		.reason = reason_name(diagnosis->reason),
		.message = diagnosis->message,
		.observed_generation = agent->generation,
	};

	ret_conditions[0] = available;
	ret_conditions[1] = available;
	ret_conditions[1].type = CONDITION_PROGRESSING;
	ret_conditions[1].status = diagnosis->is_fault ? "False" : "True";
}

struct json_t *report_status(const struct agent *agent, const struct json_t *object, const struct rollout *rollout,
	const struct diagnosis *diagnosis, int64_t now_ms)
{
	const json_t *status = json_at(object, "/status"), *before = json_object_get(status, "conditions");
	struct kube_condition conditions[REPORT_CONDITIONS];
	bool is_told = true;
	scoped_json report = json_object();
	scoped_buf url;

	buf_init(&url, URL_BYTES_MAX);
	BUG_ON(desired_service_url(agent, &url) == -1); /* the path's length is bounded by the schema */
	json_put_text(report, "/status/phase", phase_name(report_phase(agent, rollout, diagnosis)));
	json_put(report, "/status/replicas", json_integer(rollout == NULL ? 0 : rollout->replicas));
	json_put(report, "/status/readyReplicas", json_integer(rollout == NULL ? 0 : rollout->ready));
	json_put_text(report, "/status/url", buf_terminated(&url));
	json_put(report, "/status/observedGeneration", json_integer(agent->generation));
	conditions_of(agent, diagnosis, conditions);
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		is_told = is_told && kube_conditions_say(before, &conditions[i]);
	if (is_told && is_said(status, json_at(report, "/status")))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		json_put(report, "/status/conditions/-", kube_conditions_entry(before, &conditions[i], now_ms));
	return json_incref(report);
}

bool report_is_event(const struct agent *agent, const struct diagnosis *diagnosis)
{
	const char *before = agent->available_reason;
	enum reason reason;

	if (before != NULL && strcmp(before, reason_name(diagnosis->reason)) == 0)
		return false;
	if (diagnosis->is_fault)
		return true;
	if (diagnosis->reason != REASON_READY || before == NULL || reason_parse(before, &reason) == -1)
		return false;
	/* Waking and scaling are daily life; the end of a fault is news. */
	return reason != REASON_STARTING && reason != REASON_SCALING && reason != REASON_ASLEEP;
}
