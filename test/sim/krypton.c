/* SPDX-License-Identifier: Apache-2.0 */
/* pure. The scaler's own rooms decide, remember and choose who goes; here stands only what scaler/target.c does between them. */
#include "test/sim/krypton.h"

#include "base/attributes.h"
#include "scaler/decide.h"
#include "scaler/retire.h"

#define EPOCH_MS   INT64_C(1000000000) /* the simulation's 0 on the wall clock, where 0 means never */
#define UNREADY_MS 2000                /* the readiness probe's period: until Kubernetes has seen a retired pod not ready */

static struct observation observe(const struct krypton_policy *krypton, const struct sim_view *view)
{
	struct observation seen = { .waiting = view->waiting,
		.now_ms = EPOCH_MS + view->now_ms,
		.last_activity_ms = view->last_activity_ms < 0 ? 0 : EPOCH_MS + view->last_activity_ms,
		.highest_wanted = samples_highest(&krypton->window, krypton->settings->stable_window_ms, view->now_ms) };

	for (size_t i = 0; i < view->pod_count; i++) {
		const struct sim_pod_view *pod = &view->pods[i];

		seen.inflight += pod->is_retired ? 0 : pod->inflight;
		seen.streams += pod->is_retired ? pod->inflight + pod->streams : pod->streams;
	}
	return seen;
}

/* Gives the count that may be asked for now. */
static int empty_surplus(struct krypton_policy *krypton, const struct sim_view *view, int desired, struct sim_orders *orders)
{
	struct retire_pod pods[SIM_MAX_PODS];

	for (size_t i = 0; i < view->pod_count; i++) {
		const struct sim_pod_view *pod = &view->pods[i];
		bool is_overdue = pod->is_retired && view->now_ms - pod->retired_since_ms >= krypton->settings->drain_ms;

		pods[i] = (struct retire_pod){ .is_ready = pod->is_ready &&
				(!pod->is_retired || view->now_ms - pod->retired_since_ms < UNREADY_MS),
			.is_retired = pod->is_retired,
			.is_fresh = true,
			.work = is_overdue ? 0 : pod->inflight + pod->streams };
	}
	retire_plan(pods, view->pod_count, view->wanted, desired);
	for (size_t i = 0; i < view->pod_count; i++)
		orders->pods[i] = pods[i].order;
	if (desired >= view->wanted)
		return desired;
	return retire_reachable(pods, view->pod_count, view->wanted, desired);
}

/* The scaler asks its pods when it decides, and knows at the next time what they said; of waiting a poll tells. */
static void know_late(struct krypton_policy *krypton, const struct sim_view *view, struct observation *seen)
{
	int64_t inflight = seen->inflight;

	if (view->is_look || view->waiting == 0)
		krypton->told_waiting = view->waiting;
	seen->waiting = krypton->told_waiting;
	seen->inflight = krypton->told_inflight;
	krypton->told_inflight = inflight;
}

static void decide_now(struct policy *policy, const struct sim_view *view, struct sim_orders *orders)
{
	struct krypton_policy *krypton = (struct krypton_policy *)policy;
	struct observation seen = observe(krypton, view);
	struct decision decision;

	if (krypton->settings->poll_ms > 0)
		know_late(krypton, view, &seen);
	krypton->agent.desired_replicas = view->wanted;
	krypton->agent.last_invocation_ms = view->last_arrival_ms < 0 ? 0 : EPOCH_MS + view->last_arrival_ms;
	decision = decide(&krypton->agent, &seen);
	samples_add(&krypton->window, krypton->settings->stable_window_ms, view->now_ms, decision.wanted);
	orders->wanted = empty_surplus(krypton, view, decision.desired, orders);
}

void krypton_policy_init(struct krypton_policy *krypton, const struct sim_settings *settings)
{
	*krypton = (struct krypton_policy){
		.policy = { .name = "krypton", .interval_ms = settings->interval_ms, .looks_at_lines = true, .decide = decide_now },
		.settings = settings,
		.agent = { .mode = AGENT_SERVERLESS,
			.min_replicas = settings->min_replicas,
			.max_replicas = settings->max_replicas,
			.concurrency = settings->concurrency,
			.target_utilization = settings->target_utilization,
			.scale_to_zero_after_ms = settings->idle_ms,
			.drain_timeout_ms = settings->drain_ms,
			.has_desired_replicas = true }
	};
}
