/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/pass.c — the way of one Agent through the rooms. Caches and what
 * sidecars have said are read; what is decided is decided in pure rooms; usually nothing is written.
 */
#include "controller/pass.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "controller/act.h"
#include "controller/condition_gauge.h"
#include "controller/diagnose.h"
#include "controller/farewell.h"
#include "controller/inquiry.h"
#include "controller/internal_key.h"
#include "controller/metrics.h"
#include "controller/observe.h"
#include "controller/options.h"
#include "controller/plan.h"
#include "controller/report.h"
#include "krypton/internal_token.h"
#include "krypton/labels.h"
#include "kube/cache.h"
#include "kube/recorder.h"

#define FAREWELLS_MAX    4096 /* then they may be told once more */
#define WITHHELD_LOOK_MS 2000 /* how soon an agent whose turn has not come asks again */

struct pass {
	const struct pass_tools *tools;
	char key[KUBE_KEY_BYTES];
	struct snapshot *snapshot;
	struct agent *agent;
	struct plan *plan;
	struct act *act;        /* while it acts */
	struct kube_call *call; /* while it reports */
	struct diagnosis diagnosis;
	struct err err;  /* of acting, kept until the report is out */
	bool is_rolling; /* counted in tools->rolling */
	int64_t started_ms;
	int64_t recheck_after_ms;
};

static void pass_finish(struct pass *pass, const struct err *err)
{
	const struct pass_tools *tools = pass->tools;
	const char *result = err == NULL ? "ok" : err->code == ERR_INVALID ? "refused" : "error";

	metrics_add(tools->metrics, METRIC_RECONCILES, METRIC_LABELS(result), 1);
	metrics_observe(tools->metrics, METRIC_RECONCILE_SECONDS, NULL, (double)(instant_monotonic_ms() - pass->started_ms) / 1000);
	tools->on_done(tools->arg, pass->key, err, pass->recheck_after_ms);
}

static void event_make(const struct pass *pass, bool is_warning, enum reason reason, const char *message)
{
	const struct kube_reference about = {
		.api_version = "krypton.ai/v1alpha1",
		.kind = KUBE_AGENTS.kind,
		.name_space = pass->agent->name_space,
		.name = pass->agent->name,
		.uid = pass->agent->uid,
		.resource_version = pass->agent->resource_version,
	};

	kube_recorder_event(pass->tools->recorder, &about, is_warning ? "Warning" : "Normal", reason_name(reason), message);
}

/* --- report --- */

static void reported_log(const struct pass *pass)
{
	const struct rollout *rollout = pass->snapshot->has_rollout ? &pass->snapshot->rollout : NULL;
	const char *before = json_text_at(pass->snapshot->object, "/status/phase");
	const char *now = phase_name(report_phase(pass->agent, rollout, &pass->diagnosis));

	if (before == NULL || strcmp(before, now) != 0)
		log_info("agent.reconciled", LOG_STR("agent", pass->agent->name), LOG_STR("namespace", pass->agent->name_space),
			LOG_STR("phase", now), LOG_STR("reason", reason_name(pass->diagnosis.reason)));
}

static void on_reported(void *arg, const struct json_t *object, const struct err *err)
{
	struct pass *pass = arg;

	pass->call = NULL;
	if (object == NULL) {
		pass_finish(pass, err->code == ERR_NOT_FOUND ? NULL : err); /* deleted meanwhile: nobody to tell */
		return;
	}
	observe_note_agent(pass->tools->observe, object);
	if (report_is_event(pass->agent, &pass->diagnosis))
		event_make(pass, pass->diagnosis.is_fault, pass->diagnosis.reason, pass->diagnosis.message);
	reported_log(pass);
	pass_finish(pass, pass->err.code == ERR_NONE ? NULL : &pass->err);
}

static bool farewell_forget(void *arg, const char *key, void *value)
{
	(void)value;
	map_remove(arg, key);
	return true;
}

/* Once an image: whoever builds it reads it once. */
static void farewells_tell(const struct pass *pass, const struct sighting *sighting)
{
	char words[FAREWELL_BYTES], told[FAREWELL_BYTES];

	for (size_t i = 0; i < sighting->pod_count; i++) {
		const struct pod *pod = sighting->pods[i];

		if (!farewell_is_rude(pod, words))
			continue;
		(void)snprintf(told, sizeof(told), "%s %s", pass->agent->uid, pod_container(pod, CONTAINER_AGENT)->image);
		if (map_get(pass->tools->farewells, told) != NULL)
			continue;
		if (map_count(pass->tools->farewells) >= FAREWELLS_MAX)
			map_each(pass->tools->farewells, farewell_forget, pass->tools->farewells);
		map_put(pass->tools->farewells, told, pass->tools->farewells);
		event_make(pass, true, REASON_AGENT_IGNORES_SIGTERM, words);
	}
}

static void pass_diagnose(struct pass *pass)
{
	struct sighting sighting;
	const struct diagnosis_input input = {
		.agent = pass->agent,
		.rollout = pass->snapshot->has_rollout ? &pass->snapshot->rollout : NULL,
		.replica_failure = pass->snapshot->replica_failure,
		.sighting = &sighting,
		.is_refused = pass->plan->is_refused,
		.refusal = pass->plan->refusal,
		.refusal_words = pass->plan->words.message,
		.held = pass->plan->held,
		.now_ms = instant_wall_ms(),
	};

	observe_sighting(pass->tools->observe, pass->key, &sighting);
	for (size_t i = 0; i < sighting.pod_count; i++)
		sighting.words[i] = inquiry_word(pass->tools->inquiry, sighting.pods[i]);
	farewells_tell(pass, &sighting);
	diagnose(&input, &pass->diagnosis);
	pass->recheck_after_ms = pass->diagnosis.recheck_after_ms;
	if (pass->plan->is_withheld && !agent_may_sleep(pass->agent))
		pass->recheck_after_ms = WITHHELD_LOOK_MS;
}

static void pass_report(struct pass *pass)
{
	const struct rollout *rollout = pass->snapshot->has_rollout ? &pass->snapshot->rollout : NULL;
	const struct kube_target target = {
		.resource = &KUBE_AGENTS,
		.name_space = pass->agent->name_space,
		.name = pass->agent->name,
		.subresource = "status",
	};

	pass_diagnose(pass);
	condition_gauge_say(pass->tools->conditions, pass->agent, pass->diagnosis.is_available, pass->diagnosis.reason);
	scoped_json status = report_status(pass->agent, pass->snapshot->object, rollout, &pass->diagnosis, instant_wall_ms());
	if (status == NULL)
		pass_finish(pass, pass->err.code == ERR_NONE ? NULL : &pass->err);
	else
		pass->call = kube_apply(pass->tools->client, &target, status, FIELD_MANAGER_CONTROLLER, true, on_reported, pass);
}

/* --- act --- */

static void rolling_set(struct pass *pass, bool is_rolling)
{
	*pass->tools->rolling += (int)is_rolling - (int)pass->is_rolling;
	pass->is_rolling = is_rolling;
}

static void notes_tell(const struct pass *pass)
{
	for (size_t i = 0; i < pass->plan->note_count; i++) {
		const struct note *note = &pass->plan->notes[i];

		event_make(pass, note->is_warning, note->reason, note->message);
		if (note->reason == REASON_DRIFT_REPAIRED) {
			metrics_add(pass->tools->metrics, METRIC_REPAIRS, NULL, 1);
			log_info("drift.repaired", LOG_STR("agent", pass->agent->name),
				LOG_STR("namespace", pass->agent->name_space), LOG_STR("what", note->message));
		}
	}
}

/* It is being deleted, and nothing of its own is held by others: it is gone, or the end of what still goes wakes us. */
static bool goes_quietly(const struct pass *pass)
{
	return pass->agent->is_deleting && pass->plan->held[0] == '\0';
}

static void on_acted(void *arg, const struct err *err)
{
	struct pass *pass = arg;

	if (err != NULL)
		pass->err = *err;
	act_free(&pass->act);
	rolling_set(pass, false); /* from here on the written Deployment speaks for itself */
	if (goes_quietly(pass)) {
		if (err == NULL && !pass->plan->is_waiting)
			log_info("agent.released", LOG_STR("agent", pass->agent->name),
				LOG_STR("namespace", pass->agent->name_space));
		pass_finish(pass, err == NULL || err->code == ERR_NOT_FOUND ? NULL : &pass->err);
	} else if (err == NULL || pass->plan->is_refused) {
		if (err == NULL)
			notes_tell(pass);
		pass_report(pass);
	} else {
		pass_finish(pass, &pass->err);
	}
}

static void pass_act(struct pass *pass)
{
	const struct act_options options = {
		.client = pass->tools->client,
		.observe = pass->tools->observe,
		.settled = pass->tools->settled,
		.plan = pass->plan,
		.object = pass->snapshot->object,
		.key = pass->key,
		.arg = pass,
		.on_done = on_acted,
	};

	if (pass->plan->is_refused && pass->plan->words.code != ERR_NONE)
		pass->err = pass->plan->words;
	rolling_set(pass, pass->plan->is_for_release);
	if (pass->plan->count > 0)
		pass->act = act_start(&options);
	else if (goes_quietly(pass))
		pass_finish(pass, NULL);
	else
		pass_report(pass);
}

/* --- plan --- */

/* How many agents roll is counted only where the plan depends on it, since that takes a look at all of them. */
static struct plan *plan_in_turn(const struct pass *pass, struct plan_input *input)
{
	input->rolling = PLAN_ROLLING_MAX;
	struct plan *plan = plan_make(input);
	if (!plan->is_withheld || agent_may_sleep(pass->agent))
		return plan;
	input->rolling = observe_rolling(pass->tools->observe, pass->key) + *pass->tools->rolling;
	if (input->rolling >= PLAN_ROLLING_MAX)
		return plan;
	plan_free(&plan);
	return plan_make(input);
}

static struct plan *pass_plan(struct pass *pass, struct err *err)
{
	const struct pass_tools *tools = pass->tools;
	char token[INTERNAL_TOKEN_BYTES];
	const struct release release = {
		.proxy_image = tools->options->proxy_image,
		.proxy_pull_policy = CONTROLLER_PULL_POLICIES[tools->options->proxy_pull_policy],
		.proxy_pull_secrets = tools->options->proxy_pull_secrets,
		.proxy_env = tools->options->proxy_env,
		.gateway_url = observe_gateway_url(tools->observe),
		.token = token,
	};
	struct plan_input input = {
		.agent = pass->agent,
		.object = pass->snapshot->object,
		.rollout = pass->snapshot->has_rollout ? &pass->snapshot->rollout : NULL,
		.release = &release,
		.observed_generation = json_int_at(pass->snapshot->object, "/status/observedGeneration", 0),
	};

	if (internal_token_make(internal_key_get(tools->key), pass->agent->uid, token, err) == -1)
		return NULL;
	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		char key[ACT_SETTLED_KEY_BYTES];

		act_settled_key((enum child_kind)kind, pass->key, key);
		input.children[kind] = pass->snapshot->children[kind];
		input.settled[kind] = map_get(tools->settled, key);
	}
	return plan_in_turn(pass, &input);
}

/* An Agent that was stored before a rule of today, and breaks it: it is named, and only its metadata is believed. */
static struct agent *agent_of_metadata(const json_t *object, struct err *err)
{
	scoped_json copy = json_copy((json_t *)(uintptr_t)object);
	struct err unused = { 0 };

	(void)json_object_set_new(copy, "spec", json_pack("{s:s}", "image", "unreadable"));
	struct agent *agent = agent_from_json(copy, &unused);
	if (agent == NULL)
		*err = unused;
	return agent;
}

static void settled_forget(const struct pass *pass)
{
	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		char key[ACT_SETTLED_KEY_BYTES];

		act_settled_key((enum child_kind)kind, pass->key, key);
		map_remove(pass->tools->settled, key);
	}
}

struct pass *pass_new(const struct pass_tools *tools, const char *key)
{
	struct pass *pass = mem_alloc(sizeof(*pass));

	pass->tools = tools;
	(void)snprintf(pass->key, sizeof(pass->key), "%s", key);
	return pass;
}

void pass_run(struct pass *pass)
{
	const json_t *const *children;
	struct err err = { 0 };

	pass->started_ms = instant_monotonic_ms();
	pass->snapshot = observe_take(pass->tools->observe, pass->key);
	if (pass->snapshot == NULL) {
		settled_forget(pass);
		condition_gauge_forget(pass->tools->conditions, pass->key);
		pass_finish(pass, NULL);
		return;
	}
	children = (const json_t *const *)pass->snapshot->children;
	pass->agent = agent_from_json(pass->snapshot->object, &err);
	bool is_unreadable = pass->agent == NULL;
	if (is_unreadable)
		pass->agent = agent_of_metadata(pass->snapshot->object, &err);
	if (pass->agent == NULL) {
		pass_finish(pass, &err);
		return;
	}
	if (pass->agent->is_deleting) {
		pass->plan = plan_end(pass->snapshot->object, children);
	} else if (is_unreadable) {
		pass->plan = plan_refuse(REASON_INVALID_SPEC, &err);
	} else {
		pass->plan = pass_plan(pass, &err);
	}
	if (pass->plan == NULL)
		pass_finish(pass, &err);
	else
		pass_act(pass);
}

void pass_free(struct pass **pass)
{
	if (*pass == NULL)
		return;
	rolling_set(*pass, false);
	act_free(&(*pass)->act);
	kube_call_cancel(&(*pass)->call);
	plan_free(&(*pass)->plan);
	agent_free(&(*pass)->agent);
	snapshot_free(&(*pass)->snapshot);
	mem_release(*pass);
	*pass = NULL;
}
