/* SPDX-License-Identifier: Apache-2.0 */
/* A count goes down only on fresh answers, and with the resourceVersion it was decided on: a request that wakes the agent meanwhile
 * wins. */
#include "scaler/target.h"

#include <stdio.h>
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
#include "scaler/gateways.h"
#include "scaler/scaler.h"

#define BACKOFF_MS     200
#define BACKOFF_MAX_MS 30000

static int64_t now_of(const struct target *target)
{
	return loop_now_ms(target->scaler->loop);
}

struct target *target_new(struct scaler *scaler, const char *key, const struct agent *agent)
{
	struct target *target = mem_alloc(sizeof(*target));

	target->scaler = scaler;
	target->key = mem_copy_text(key);
	target->name_space = mem_copy_text(agent->name_space);
	target->name = mem_copy_text(agent->name);
	target->agent = agent;
	/* What is running was wanted by somebody: a scaler that has just started lowers nothing before its window is over. */
	samples_add(&target->window, scaler->options->stable_window_ms, now_of(target), agent_wanted_replicas(agent));
	return target;
}

void target_free(struct target **target)
{
	if (*target == NULL)
		return;
	for (size_t i = 0; i < (*target)->pod_count; i++)
		sampling_free(&(*target)->pods[i]);
	mem_release((*target)->pods);
	kube_call_cancel(&(*target)->write);
	mem_release((*target)->decided_on);
	mem_release((*target)->key);
	mem_release((*target)->name_space);
	mem_release((*target)->name);
	mem_release(*target);
	*target = NULL;
}

static bool is_taken(struct sampling *const *pods, size_t count, const char *ip)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(pods[i]->ip, ip) == 0)
			return true;
	}
	return false;
}

/* Takes out the sampling of that address, so that what it knows is kept. */
static struct sampling *take_sampling(struct target *target, const char *ip)
{
	for (size_t i = 0; i < target->pod_count; i++) {
		struct sampling *sampling = target->pods[i];

		if (sampling != NULL && strcmp(sampling->ip, ip) == 0) {
			target->pods[i] = NULL;
			return sampling;
		}
	}
	return sampling_new(target->scaler->loop, ip, (uint16_t)target->scaler->options->sidecar_port);
}

/* During an update two slices may name the same pod for a moment: its work counts once. */
void target_set_endpoints(struct target *target, const struct endpoint *const *endpoints, size_t count)
{
	struct sampling **pods = mem_alloc_array(count + 1, sizeof(*pods));
	size_t pod_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (endpoints[i]->is_ready && !endpoints[i]->is_terminating && !is_taken(pods, pod_count, endpoints[i]->ip))
			pods[pod_count++] = take_sampling(target, endpoints[i]->ip);
	}
	for (size_t i = 0; i < target->pod_count; i++)
		sampling_free(&target->pods[i]);
	mem_release(target->pods);
	target->pods = pods;
	target->pod_count = pod_count;
}

void target_sample(struct target *target, bool all)
{
	int64_t now_ms = now_of(target);

	for (size_t i = 0; i < target->pod_count; i++) {
		if (all || sampling_is_due(target->pods[i], now_ms))
			sampling_ask(target->pods[i]);
	}
}

static struct observation observe(const struct target *target)
{
	const struct scaler_options *options = target->scaler->options;
	struct observation seen = { .waiting = gateways_waiting(target->scaler->gateways, target->key),
		.unknown_gateways = gateways_unknown(target->scaler->gateways),
		.now_ms = instant_wall_ms(),
		.highest_wanted = samples_highest(&target->window, options->stable_window_ms, now_of(target)) };

	for (size_t i = 0; i < target->pod_count; i++) {
		const struct sampling *pod = target->pods[i];

		seen.unknown_pods += !pod->is_known;
		seen.inflight += pod->inflight;
		seen.streams += pod->streams;
		if (pod->last_activity_ms > seen.last_activity_ms)
			seen.last_activity_ms = pod->last_activity_ms;
	}
	return seen;
}

static bool is_fresh(const struct target *target)
{
	int64_t oldest_ms = now_of(target) - 2 * target->scaler->options->interval_ms;

	for (size_t i = 0; i < target->pod_count; i++) {
		if (target->pods[i]->answered_ms < oldest_ms)
			return false;
	}
	return true;
}

static void on_written(void *arg, const struct json_t *object, const struct err *err)
{
	struct target *target = arg;

	(void)object;
	target->write = NULL;
	if (err == NULL) {
		target->failures = 0;
		target->is_written = true;
		log_info("agent.scaled", LOG_STR("agent", target->name), LOG_STR("namespace", target->name_space),
			LOG_INT("from", target->decided_from), LOG_INT("to", target->decided.desired),
			LOG_STR("reason", target->decided.reason));
		return;
	}
	if (err->code == ERR_CONFLICT || err->code == ERR_NOT_FOUND)
		return; /* somebody was faster, or it is gone: the next look decides anew */
	log_warn("scale.failed", LOG_STR("agent", target->name), LOG_STR("namespace", target->name_space), LOG_ERR(err));
	target->not_before_ms = now_of(target) + random_backoff_ms(target->failures++, BACKOFF_MS, BACKOFF_MAX_MS);
}

/* The count and the condition that says why, in one apply. */
static void write_decision(struct target *target, const struct decision *decision, int current)
{
	const struct agent *agent = target->agent;
	struct kube_target status = {
		.resource = &KUBE_AGENTS, .name_space = target->name_space, .name = target->name, .subresource = "status"
	};
	char message[128], now[INSTANT_TEXT_BYTES];
	scoped_json object = json_object();

	target->decided = *decision;
	target->decided_from = current;
	target->is_written = false;
	mem_release(target->decided_on);
	target->decided_on = mem_copy_text(agent->resource_version);
	(void)snprintf(message, sizeof(message), "%d %s wanted, %d before.", decision->desired,
		decision->desired == 1 ? "pod" : "pods", current);
	instant_format(instant_wall_ms(), now);
	json_put_text(object, "/metadata/name", target->name);
	if (decision->desired < current)
		json_put_text(object, "/metadata/resourceVersion", agent->resource_version);
	json_put(object, "/status/desiredReplicas", json_integer(decision->desired));
	json_put(object, "/status/conditions",
		json_pack("[{s:s, s:s, s:s, s:s, s:s, s:I}]", "type", "Scaled", "status", "True", "reason", decision->reason,
			"message", message, "lastTransitionTime", now, "observedGeneration", (json_int_t)agent->generation));
	target->write = kube_apply(target->scaler->client, &status, object, FIELD_MANAGER_SCALER, true, on_written, target);
}

static void count_decision(
	const struct target *target, const struct decision *decision, const struct observation *seen, int current)
{
	struct metrics *metrics = target->scaler->metrics;
	const char *direction = decision->desired > current ? "up" : decision->desired < current ? "down" : "noop";

	metrics_add(metrics, METRIC_DECISIONS, METRIC_LABELS(target->name, target->name_space, direction), 1);
	metrics_set(metrics, METRIC_DESIRED, METRIC_LABELS(target->name, target->name_space), decision->desired);
	metrics_set(metrics, METRIC_UNKNOWN_PODS, METRIC_LABELS(target->name, target->name_space), seen->unknown_pods);
}

/* It is written already, and just has not come back by the watch. */
static bool is_on_its_way(const struct target *target, const struct decision *decision)
{
	return target->is_written && decision->desired == target->decided.desired &&
		strcmp(target->agent->resource_version, target->decided_on) == 0;
}

void target_decide(struct target *target)
{
	int current = agent_wanted_replicas(target->agent);
	struct observation seen = observe(target);
	struct decision decision = decide(target->agent, &seen);

	samples_add(&target->window, target->scaler->options->stable_window_ms, now_of(target), decision.wanted);
	count_decision(target, &decision, &seen, current);
	if (decision.desired == current || target->write != NULL || now_of(target) < target->not_before_ms ||
		target->agent->is_deleting || is_on_its_way(target, &decision))
		return;
	if (decision.desired < current && !is_fresh(target)) {
		target_sample(target, true);
		return;
	}
	write_decision(target, &decision, current);
}
