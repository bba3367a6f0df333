/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/diagnose.c — pure: what an Agent comes to. Of what is found at its
 * pods (controller/finding.c) the gravest is told and the others are counted;
 * before that stand its deletion and the refusal of its spec, behind it the
 * counts of its Deployment.
 */
#include "controller/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "controller/finding.h"
#include "krypton/remedy.h"

/* All pods that take no requests. */
struct findings {
	struct finding gravest;
	int pods[REASON_COUNT]; /* by what each of them shows first */
	int retired, awaited;   /* pods whose sidecar says so, or has not said anything yet */
};

static void findings_add(struct findings *findings, const struct finding *found)
{
	int64_t again_ms = findings->gravest.recheck_after_ms;

	if (found->recheck_after_ms > 0 && (again_ms == 0 || found->recheck_after_ms < again_ms))
		again_ms = found->recheck_after_ms;
	/* What is left of evicted pods lies there for hours, more and more of it: the first one stands for all. */
	if (found->rank > 0 && (found->reason != REASON_EVICTED || findings->pods[REASON_EVICTED] == 0))
		findings->pods[found->reason]++;
	if (found->rank > findings->gravest.rank)
		findings->gravest = *found;
	findings->gravest.recheck_after_ms = again_ms;
}

/* The ReplicaSet of the pod made last, which is that of the Agent as it is now: what pods of before show has been answered by it.
 */
static const char *newest_hash(const struct sighting *sighting)
{
	const struct pod *newest = NULL;

	for (size_t i = 0; i < sighting->pod_count; i++) {
		const struct pod *pod = sighting->pods[i];

		if (!pod->is_deleting && pod->template_hash != NULL && (newest == NULL || pod->created_ms >= newest->created_ms))
			newest = pod;
	}
	return newest == NULL ? NULL : newest->template_hash;
}

static bool is_of_before(const struct pod *pod, const char *hash)
{
	return hash != NULL && pod->template_hash != NULL && strcmp(pod->template_hash, hash) != 0;
}

static void faults_find(const struct diagnosis_input *input, struct findings *ret_findings)
{
	static const struct sidecar_word unknown = { .says = SIDECAR_UNKNOWN };
	const struct sighting *sighting = input->sighting;
	const char *hash = newest_hash(sighting);
	struct finding found;

	*ret_findings = (struct findings){ 0 };
	if (input->replica_failure != NULL) {
		finding_of_failure(input->agent, input->replica_failure, &found);
		findings_add(ret_findings, &found);
		ret_findings->pods[found.reason] = 0; /* those are pods that there are not */
	}
	for (size_t i = 0; i < sighting->pod_count; i++) {
		const struct evidence seen = {
			.agent = input->agent,
			.pod = sighting->pods[i],
			.word = sighting->words[i] == NULL ? &unknown : sighting->words[i],
			.warnings = sighting->warnings,
			.warning_count = sighting->warning_count,
			.now_ms = input->now_ms,
		};

		if (seen.pod->is_deleting || seen.pod->is_ready || is_of_before(seen.pod, hash))
			continue;
		ret_findings->retired += seen.word->says == SIDECAR_RETIRED;
		ret_findings->awaited += seen.word->says == SIDECAR_AWAITED;
		finding_of_pod(&seen, &found);
		findings_add(ret_findings, &found);
	}
}

/* The command to go on with, behind what was seen; NULL: there is none. Names and table are bounded, and out has room for them. */
static void next_append(const char *command, const struct remedy_place *place, struct buf *out)
{
	if (command != NULL && (buf_append_terminated(out, " Next: ") == -1 || remedy_command(command, place, out) == -1))
		BUG_ON("a command is bounded");
}

/* "… Also: CrashLoop (2 pods), Unschedulable (1 pod)." Then the command to go on with. */
static void findings_tell(const struct findings *findings, bool others_serve, struct buf *out)
{
	const struct finding *gravest = &findings->gravest;
	const char *lead = " Also: ";
	int same = findings->pods[gravest->reason] - 1;
	bool is_full = buf_append_terminated(out, gravest->message) == -1;

	if (same > 0)
		is_full |= buf_format(out, " The same in %d other pod%s.", same, same > 1 ? "s" : "") == -1;
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		int pods = findings->pods[reason];

		if (pods == 0 || reason == (int)gravest->reason)
			continue;
		is_full |=
			buf_format(out, "%s%s (%d pod%s)", lead, reason_name((enum reason)reason), pods, pods > 1 ? "s" : "") == -1;
		lead = ", ";
	}
	is_full |= lead[0] == ',' && buf_append(out, ".", 1) == -1;
	is_full |= others_serve && buf_append_terminated(out, " Other pods take requests.") == -1;
	BUG_ON(is_full); /* every part is bounded */
	next_append(gravest->command, &gravest->place, out);
}

static void conclude(struct diagnosis *diagnosis, enum reason reason, bool is_available, const char *format, ...) printf_like(4, 5);
static void conclude(struct diagnosis *diagnosis, enum reason reason, bool is_available, const char *format, ...)
{
	va_list args;

	diagnosis->reason = reason;
	diagnosis->is_available = is_available;
	va_start(args, format);
	(void)vsnprintf(diagnosis->message, sizeof(diagnosis->message), format, args);
	va_end(args);
}

static bool is_settled(const struct rollout *rollout, int wanted)
{
	return rollout->is_seen && rollout->replicas == wanted && rollout->updated == wanted && rollout->wanted == wanted;
}

static bool is_ready_said(const struct agent *agent)
{
	return agent->available_message != NULL && agent->available_reason != NULL &&
		strcmp(agent->available_reason, reason_name(REASON_READY)) == 0;
}

/* All pods take requests that are not retired. Where a sidecar has yet to say whether it is, what was said before stays. */
static bool conclude_retired(
	const struct agent *agent, const struct rollout *rollout, const struct findings *findings, struct diagnosis *ret_diagnosis)
{
	int wanted = agent_wanted_replicas(agent), ready = rollout->ready, retired = findings->retired;
	bool is_waiting = ready + retired < wanted && is_ready_said(agent);

	if (!is_settled(rollout, wanted) || ready == 0 || ready + retired + (is_waiting ? findings->awaited : 0) < wanted)
		return false;
	ret_diagnosis->retired = wanted - ready;
	if (is_waiting)
		conclude(ret_diagnosis, REASON_READY, true, "%s", agent->available_message);
	else
		conclude(ret_diagnosis, REASON_READY, true,
			"%d of %d pods %s requests; %d %s being emptied before the count goes down.", ready, wanted,
			ready == 1 ? "takes" : "take", retired, retired == 1 ? "is" : "are");
	return true;
}

static void diagnose_awake(const struct diagnosis_input *input, const struct rollout *rollout, struct diagnosis *ret_diagnosis)
{
	int wanted = agent_wanted_replicas(input->agent);
	struct findings findings;
	const struct finding *gravest = &findings.gravest;

	faults_find(input, &findings);
	ret_diagnosis->recheck_after_ms = gravest->recheck_after_ms;
	if (rollout->ready >= wanted && is_settled(rollout, wanted)) {
		conclude(ret_diagnosis, REASON_READY, true, "%d of %d pods take requests.", rollout->ready, wanted);
	} else if (conclude_retired(input->agent, rollout, &findings, ret_diagnosis)) {
		return;
	} else if (gravest->rank > 0) {
		scoped_buf message;

		buf_init(&message, DIAGNOSIS_BYTES - 1);
		findings_tell(&findings, rollout->ready > 0, &message);
		conclude(ret_diagnosis, gravest->reason, rollout->ready > 0, "%s", buf_terminated(&message));
		ret_diagnosis->is_fault = true;
	} else if (rollout->ready > 0) {
		conclude(ret_diagnosis, REASON_SCALING, true,
			"Pods take requests; %d are wanted, and not all are ready, or of the newest kind.", wanted);
	} else {
		conclude(ret_diagnosis, REASON_STARTING, false, "%d of %d pods are ready; the others are starting.", rollout->ready,
			wanted);
	}
}

/* Words were cut to a length in bytes: half a character at a cut becomes '?', as it would in the status. */
static void message_repair(char *message)
{
	struct text rest = text_of(message);
	uint32_t point;

	while (rest.len > 0) {
		size_t len = utf8_first(rest, &point);

		if (len == 0)
			message[rest.at - message] = '?';
		rest.at += len == 0 ? 1 : len;
		rest.len -= len == 0 ? 1 : len;
	}
}

/* A fault that is about no pod. */
static void conclude_fault(const struct diagnosis_input *input, enum reason reason, bool is_available, const char *words,
	struct diagnosis *ret_diagnosis)
{
	const struct remedy *remedy = remedy_of(reason);
	const struct remedy_place place = { .name_space = input->agent->name_space, .agent = input->agent->name };
	scoped_buf next;

	buf_init(&next, 512);
	next_append(remedy == NULL ? NULL : remedy->command, &place, &next);
	conclude(ret_diagnosis, reason, is_available, "%.700s%s%s", words,
		is_available ? ". Pods of before still take requests." : ".", buf_terminated(&next));
	ret_diagnosis->is_fault = true;
}

static void diagnose_deleted(const struct diagnosis_input *input, struct diagnosis *ret_diagnosis)
{
	char words[512];

	if (input->held == NULL || input->held[0] == '\0') {
		conclude(ret_diagnosis, REASON_DELETING, false, "The agent is being deleted.");
		return;
	}
	(void)snprintf(
		words, sizeof(words), "The agent is being deleted and waits for objects that a finalizer holds: %s", input->held);
	conclude_fault(input, REASON_DELETION_BLOCKED, false, words, ret_diagnosis);
}

void diagnose(const struct diagnosis_input *input, struct diagnosis *ret_diagnosis)
{
	static const struct rollout none = { 0 };
	const struct rollout *rollout = input->rollout == NULL ? &none : input->rollout;
	int wanted = agent_wanted_replicas(input->agent);

	*ret_diagnosis = (struct diagnosis){ 0 };
	if (input->agent->is_deleting) {
		diagnose_deleted(input, ret_diagnosis);
	} else if (input->is_refused) {
		conclude_fault(input, input->refusal, rollout->ready > 0, input->refusal_words, ret_diagnosis);
	} else if (wanted == 0) {
		conclude(ret_diagnosis, REASON_ASLEEP, true, "No pod runs; the next request starts one.");
	} else {
		diagnose_awake(input, rollout, ret_diagnosis);
	}
	message_repair(ret_diagnosis->message);
}
