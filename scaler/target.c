/* SPDX-License-Identifier: Apache-2.0 */
/* A count goes down only on fresh answers, when the pods that are too many are empty, and with the resourceVersion it was decided
 * on: a request that wakes the agent meanwhile wins. */
#include "scaler/target.h"

#include <string.h>

#include "base/instant.h"
#include "base/loop.h"
#include "base/mem.h"
#include "scaler/change.h"
#include "scaler/gateways.h"
#include "scaler/retire.h"
#include "scaler/scaler.h"

#define NEVER_MS       (INT64_MAX / 4) /* ago */
#define WAKE_MS        1000            /* that a gateway's own wake may take */
#define ASKED_MS       2500            /* that pods may take to answer whether their agent may sleep: longer than a question */
#define READY_AGAIN_MS 5000            /* until a pod that serves again is surely called so: the kubelet asks every two seconds */

static int64_t now_of(const struct target *target)
{
	return loop_now_ms(target->scaler->loop);
}

/* Quiet is measured by our own monotonic clock from the moment the news came: the clocks that wrote it may jump or differ. */
static void note_invocation(struct target *target)
{
	if (target->agent->last_invocation_ms == target->told_ms)
		return;
	target->told_ms = target->agent->last_invocation_ms;
	target->invoked_ms = now_of(target);
}

/* Only what was written before we looked is believed, if it is not in the future. */
static void note_past_invocation(struct target *target)
{
	int64_t ago_ms = instant_wall_ms() - target->agent->last_invocation_ms;

	note_invocation(target);
	target->invoked_ms -= ago_ms > 0 ? ago_ms : 0;
}

struct target *target_new(struct scaler *scaler, const char *key, const struct agent *agent)
{
	struct target *target = mem_alloc(sizeof(*target));

	target->scaler = scaler;
	target->key = mem_copy_text(key);
	target->name_space = mem_copy_text(agent->name_space);
	target->name = mem_copy_text(agent->name);
	target->change = change_new(scaler, target->name_space, target->name);
	target->agent = agent;
	target->active_ms = now_of(target) - NEVER_MS;
	note_past_invocation(target);
	target_take_over(target);
	return target;
}

/* What is running was wanted by somebody: whoever has just begun to decide lowers nothing before its window is over. */
void target_take_over(struct target *target)
{
	samples_add(
		&target->window, target->scaler->options->stable_window_ms, now_of(target), agent_wanted_replicas(target->agent));
	target_stir(target);
}

void target_free(struct target **target)
{
	if (*target == NULL)
		return;
	for (size_t i = 0; i < (*target)->pod_count; i++)
		pod_free(&(*target)->pods[i]);
	mem_release((*target)->pods);
	change_free(&(*target)->change);
	mem_release((*target)->key);
	mem_release((*target)->name_space);
	mem_release((*target)->name);
	mem_release(*target);
	*target = NULL;
}

/* Every pod that counts has said what runs in it, since then. */
static bool have_answered(const struct target *target, int64_t since_ms)
{
	for (size_t i = 0; i < target->pod_count; i++) {
		if (pod_counts(target->pods[i]) && target->pods[i]->answered_ms < since_ms)
			return false;
	}
	return true;
}

/* The same of all pods: one that does not count, as it was never heard of, may have begun to work in between. */
static bool have_spoken(const struct target *target, int64_t since_ms)
{
	for (size_t i = 0; i < target->pod_count; i++) {
		if (!pod_counts(target->pods[i]) && !pod_was_tried(target->pods[i], since_ms))
			return false;
	}
	return have_answered(target, since_ms);
}

static void on_pod_answer(void *arg)
{
	struct target *target = arg;

	if (target->scaler->decides && target->asked_to_sleep_ms != 0 && have_spoken(target, target->asked_to_sleep_ms))
		target_decide(target);
}

/* Takes out the pod of that address, so that what is known of it is kept. */
static struct pod *take_pod(struct target *target, const char *ip)
{
	for (size_t i = 0; i < target->pod_count; i++) {
		struct pod *pod = target->pods[i];

		if (pod != NULL && strcmp(pod->ip, ip) == 0) {
			target->pods[i] = NULL;
			return pod;
		}
	}
	struct pod *pod = pod_new(
		target->scaler->loop, target->name, target->name_space, ip, (uint16_t)target->scaler->options->sidecar_port);
	pod->arg = target;
	pod->on_answer = on_pod_answer;
	return pod;
}

static void note_activity(struct target *target, int64_t quiet_ms)
{
	int64_t active_ms = now_of(target) - quiet_ms;

	if (active_ms > target->active_ms)
		target->active_ms = active_ms;
}

/* What a pod did since it answered last is not known, and unknown is not idle: it may have worked until it went. */
static void forget_pod(struct target *target, struct pod **pod)
{
	if (*pod != NULL)
		note_activity(target, pod_was_emptied(*pod) ? pod_quiet_ms(*pod) : 0);
	pod_free(pod);
}

/* A pod that two slices name is one: its work counts once. */
void target_set_endpoints(struct target *target, const struct endpoint *const *endpoints, size_t count)
{
	struct pod **pods = mem_alloc_array(count + 1, sizeof(*pods));
	size_t pod_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (endpoints[i]->is_terminating || endpoints_find(endpoints, count, endpoints[i]->ip) != endpoints[i])
			continue;
		pods[pod_count] = take_pod(target, endpoints[i]->ip);
		pods[pod_count++]->is_ready = endpoints[i]->is_ready;
	}
	for (size_t i = 0; i < target->pod_count; i++)
		forget_pod(target, &target->pods[i]);
	mem_release(target->pods);
	target->pods = pods;
	target->pod_count = pod_count;
}

void target_sample(struct target *target, bool all)
{
	int64_t now_ms = now_of(target);

	for (size_t i = 0; i < target->pod_count; i++) {
		if (all || pod_is_due(target->pods[i], now_ms))
			pod_ask(target->pods[i]);
	}
}

/* What a retired pod still does keeps the agent awake, but is no load: it takes nobody's place. Times are by the clock that wrote
   lastInvocationAt. */
static struct observation observe(struct target *target)
{
	const struct scaler_options *options = target->scaler->options;
	struct observation seen = { .waiting = gateways_waiting(target->scaler->gateways, target->key),
		.unknown_gateways = gateways_unknown(target->scaler->gateways),
		.now_ms = target->told_ms == 0 ? instant_wall_ms() : target->told_ms + now_of(target) - target->invoked_ms,
		.highest_wanted = samples_highest(&target->window, options->stable_window_ms, now_of(target)) };

	for (size_t i = 0; i < target->pod_count; i++) {
		const struct pod *pod = target->pods[i];

		if (!pod_counts(pod)) {
			seen.unknown_pods += !pod->is_tried; /* it may be at work: whoever has just begun to decide cannot know */
			continue;
		}
		seen.unknown_pods += !pod->is_known;
		seen.inflight += pod->is_retired ? 0 : pod->inflight;
		seen.streams += pod->is_retired ? pod_work(pod) : pod->streams;
		note_activity(target, pod_quiet_ms(pod));
	}
	seen.last_activity_ms = seen.now_ms - (now_of(target) - target->active_ms);
	/* No lastInvocationAt may have been written for it, and its pods may be gone or not known yet. */
	if (seen.inflight > 0 || seen.streams > 0 || seen.waiting > 0)
		target->busy_ms = now_of(target);
	if (target->busy_ms > 0)
		seen.last_busy_ms = seen.now_ms - (now_of(target) - target->busy_ms);
	return seen;
}

static bool is_fresh(const struct target *target, const struct pod *pod)
{
	return pod->answered_ms >= now_of(target) - 2 * target->scaler->options->interval_ms;
}

/* Going down is decided on what was said lately; to sleep on what is said now: nothing may have come since. */
static bool may_go_down(struct target *target, int desired)
{
	int64_t now_ms = now_of(target);
	bool is_asked = target->asked_to_sleep_ms != 0 && now_ms - target->asked_to_sleep_ms < ASKED_MS;

	if (desired > 0 ? have_answered(target, now_ms - 2 * target->scaler->options->interval_ms)
			: is_asked && have_spoken(target, target->asked_to_sleep_ms))
		return true;
	if (desired == 0 && !is_asked)
		target->asked_to_sleep_ms = now_ms;
	target_sample(target, true);
	return desired == 0 && have_spoken(target, now_ms + 1); /* there is nobody to ask */
}

static void order(struct target *target, struct pod *pod, enum retire_order order)
{
	char token[INTERNAL_TOKEN_BYTES];

	if (order == RETIRE_NOTHING || pod->order != NULL || !mounted_key_token(&target->scaler->key, target->agent->uid, token))
		return;
	pod_order(pod, order == RETIRE_OUT, token);
}

/* Pods that are too many are emptied, those that are needed again come back. Gives the count that may be asked for now. A stream
   holds its retired pod for drainTimeout at the most: then it is as good as empty. */
static int empty_surplus(struct target *target, int current, int desired)
{
	struct retire_pod *pods = mem_alloc_array(target->pod_count + 1, sizeof(*pods));
	int reachable;

	for (size_t i = 0; i < target->pod_count; i++) {
		const struct pod *pod = target->pods[i];
		bool is_overdue = pod_is_retired_for(pod, target->agent->drain_timeout_ms);

		pods[i] = (struct retire_pod){ .is_ready = pod->is_ready,
			.is_retired = pod->is_retired,
			.is_back = pod_is_back_within(pod, READY_AGAIN_MS),
			.is_fresh = is_overdue || is_fresh(target, pod),
			.refuses = pod->refuses,
			.work = is_overdue ? 0 : pod_work(pod) };
	}
	retire_plan(pods, target->pod_count, current, desired);
	for (size_t i = 0; i < target->pod_count; i++)
		order(target, target->pods[i], pods[i].order);
	reachable = target->scaler->key.len == 0 ? desired : retire_reachable(pods, target->pod_count, current, desired);
	mem_release(pods);
	return desired >= current ? desired : reachable;
}

static void count_decision(
	const struct target *target, const struct decision *decision, const struct observation *seen, int current)
{
	struct metrics *metrics = target->scaler->metrics;
	const char *direction = decision->desired > current ? "up" : decision->desired < current ? "down" : "noop";
	int retired = 0;

	for (size_t i = 0; i < target->pod_count; i++)
		retired += target->pods[i]->is_retired;
	metrics_add(metrics, METRIC_DECISIONS, METRIC_LABELS(target->name, target->name_space, direction), 1);
	metrics_set(metrics, METRIC_DESIRED, METRIC_LABELS(target->name, target->name_space), decision->desired);
	metrics_set(metrics, METRIC_UNKNOWN_PODS, METRIC_LABELS(target->name, target->name_space), seen->unknown_pods);
	metrics_set(metrics, METRIC_RETIRED_PODS, METRIC_LABELS(target->name, target->name_space), retired);
}

/* Until when nothing can change that would not be heard of: nothing runs or waits, the count is the lowest that it may be and has
   been for a window, and no time is counted. Its pods are asked again by then. */
static int64_t rest_of(const struct target *target, const struct decision *decision, const struct observation *seen)
{
	bool is_lowest = strcmp(decision->reason, DECIDE_ASLEEP) == 0 || strcmp(decision->reason, DECIDE_MINIMUM) == 0;
	int64_t until_ms = INT64_MAX;

	if (!is_lowest || seen->inflight + seen->streams + seen->waiting > 0 || seen->unknown_pods + seen->unknown_gateways > 0 ||
		seen->highest_wanted > decision->desired || change_is_under_way(target->change))
		return 0;
	for (size_t i = 0; i < target->pod_count; i++) {
		int64_t due_ms = pod_due_ms(target->pods[i]);

		until_ms = due_ms < until_ms ? due_ms : until_ms;
	}
	return until_ms;
}

void target_stir(struct target *target)
{
	target->rests_until_ms = 0;
}

bool target_rests(const struct target *target, int64_t now_ms)
{
	if (now_ms >= target->rests_until_ms)
		return false;
	metrics_add(target->scaler->metrics, METRIC_DECISIONS, METRIC_LABELS(target->name, target->name_space, "noop"), 1);
	return true;
}

/* The gateway where somebody waits wakes the agent itself: of two who write that at once one loses, and both take longer. */
static bool leave_to_gateway(struct target *target, int current, int desired, int64_t waiting)
{
	bool is_wake = current == 0 && desired == 1 && waiting > 0;

	if (!is_wake)
		target->wake_ms = 0;
	else if (target->wake_ms == 0)
		target->wake_ms = now_of(target);
	return is_wake && now_of(target) - target->wake_ms < WAKE_MS;
}

void target_decide(struct target *target)
{
	int current = agent_wanted_replicas(target->agent);
	note_invocation(target);
	struct observation seen = observe(target);
	struct decision decision = decide(target->agent, &seen);

	samples_add(&target->window, target->scaler->options->stable_window_ms, now_of(target), decision.wanted);
	count_decision(target, &decision, &seen, current);
	if (target->agent->is_deleting)
		return;
	if (decision.desired < current && !may_go_down(target, decision.desired))
		return;
	target->asked_to_sleep_ms = 0;
	if (leave_to_gateway(target, current, decision.desired, seen.waiting))
		return;
	/* The first word is written even where it changes nothing: from then on a lower minReplicas goes by way of here. */
	bool is_news = decision.desired != current || !target->agent->has_desired_replicas ||
		(change_left_asleep(target->agent) && decision.desired > 0);
	bool is_urgent = decision.desired > current;
	target->rests_until_ms = is_news ? 0 : rest_of(target, &decision, &seen);
	/* On a guess nobody is emptied, and nobody called back. */
	bool is_guess = strcmp(decision.reason, DECIDE_UNKNOWN) == 0;
	int count = is_guess ? decision.desired : empty_surplus(target, current, decision.desired);
	if (!is_news || (decision.desired < current && count == current))
		return;
	change_write(target->change, target->agent,
		&(struct change_wish){ .decision = decision, .seen = &seen, .from = current, .count = count }, is_urgent);
}
