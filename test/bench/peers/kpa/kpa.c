/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Written from the documentation (knative.dev: Serving, Autoscaling: "Additional autoscaling configuration for KPA",
   "Configuring concurrency", "Configuring scale to zero", "Configuring scale bounds"; knative/serving: docs/scaling/SYSTEM.md,
   docs/scaling/DEVELOPMENT.md, the commented ConfigMap config-autoscaler), not from its sources. What these say:

   - It decides every 2 s (tick-interval), on averages of what was seen each second over a stable window (60 s) and a panic window,
     10 % of it (6 s).
   - Wanted is concurrency in the system, buffered requests of the activator among it, divided by the target: the concurrency of a
     container times container-concurrency-target-percentage (70).
   - It panics when the panic window asks for panic-threshold-percentage (200) of the pods that are ready. Then the panic window
     decides as well, nothing goes down, and it ends a stable window after the last reason for it.
   - A decision is at most max-scale-up-rate (1000) times the ready pods, and at least them divided by max-scale-down-rate (2).
   - To zero it goes when there was no traffic for a whole stable window, then after scale-to-zero-grace-period (30 s): an upper
     bound there, taken as a whole here, since Krypton waits as long (idle_ms = stable window + grace).
   - From zero the activator tells of the first request, and it decides at once.
   - scale-down-delay is 0, and an agent starts at its lower bound (allow-zero-initial-scale).

   In its favour: it sees every pod, at once, instead of a sample of them; its averages are over the seconds that there are while a
   window fills; and line, choice of pods and draining are Krypton's (a first-come line for all instead of one in each sidecar, the
   emptiest pod goes). */
#include "test/bench/peers/kpa/kpa.h"

#include <math.h>

#define SECOND_MS       1000
#define PANIC_SHARE     0.10
#define PANIC_THRESHOLD 2.0
#define SCALE_UP_RATE   1000.0
#define SCALE_DOWN_RATE 2.0

static void note_second(struct kpa_policy *kpa, const struct sim_view *view)
{
	int64_t passed_ms = view->now_ms - kpa->noted_ms;

	if (passed_ms <= 0)
		return;
	kpa->seconds[kpa->second_count++ % KPA_MAX_WINDOW_S] =
		(double)(view->concurrency_ms - kpa->noted_concurrency_ms) / (double)passed_ms;
	kpa->noted_ms = view->now_ms;
	kpa->noted_concurrency_ms = view->concurrency_ms;
}

static double average(const struct kpa_policy *kpa, int64_t window_ms)
{
	int64_t count = window_ms / SECOND_MS;
	double sum = 0;

	if (count > kpa->second_count)
		count = kpa->second_count;
	for (int64_t i = 1; i <= count; i++)
		sum += kpa->seconds[(kpa->second_count - i) % KPA_MAX_WINDOW_S];
	return count > 0 ? sum / (double)count : 0;
}

static int ready_pods(const struct sim_view *view)
{
	int ready = 0;

	for (size_t i = 0; i < view->pod_count; i++)
		ready += view->pods[i].is_ready;
	return ready > 0 ? ready : 1;
}

static int limited(double wanted, int ready)
{
	double most = ceil(SCALE_UP_RATE * ready), least = floor(ready / SCALE_DOWN_RATE);

	return (int)(wanted > most ? most : wanted < least ? least : wanted);
}

/* Nothing within the stable window, then the grace. */
static bool is_over(struct kpa_policy *kpa, const struct sim_view *view, double stable)
{
	int64_t window_ms = kpa->settings->stable_window_ms, grace_ms = kpa->settings->idle_ms - window_ms;

	if (stable > 0 || view->waiting > 0 || kpa->second_count < window_ms / SECOND_MS) {
		kpa->zero_since_ms = -1;
		return false;
	}
	if (kpa->zero_since_ms < 0)
		kpa->zero_since_ms = view->now_ms;
	return view->now_ms - kpa->zero_since_ms >= grace_ms;
}

static int in_panic(struct kpa_policy *kpa, int64_t now_ms, int by_stable, int by_panic, bool has_reason)
{
	if (has_reason) {
		kpa->panics = true;
		kpa->panic_ms = now_ms;
	} else if (kpa->panics && now_ms - kpa->panic_ms > kpa->settings->stable_window_ms) {
		kpa->panics = false;
		kpa->panic_pods = 0;
	}
	if (!kpa->panics)
		return by_stable;
	if (by_panic > kpa->panic_pods)
		kpa->panic_pods = by_panic;
	if (by_stable > kpa->panic_pods)
		kpa->panic_pods = by_stable;
	return kpa->panic_pods;
}

static int decide(struct kpa_policy *kpa, const struct sim_view *view)
{
	const struct sim_settings *settings = kpa->settings;
	double target = settings->concurrency * settings->target_utilization / 100.0;
	double stable = average(kpa, settings->stable_window_ms);
	double panic = average(kpa, (int64_t)((double)settings->stable_window_ms * PANIC_SHARE));
	double by_panic = ceil(panic / target - 1e-9);
	int ready = ready_pods(view), floor_pods = settings->min_replicas > 0 ? settings->min_replicas : 1;
	int wanted = in_panic(kpa, view->now_ms, limited(ceil(stable / target - 1e-9), ready), limited(by_panic, ready),
		by_panic / ready >= PANIC_THRESHOLD);

	if (is_over(kpa, view, stable) && settings->min_replicas == 0) {
		kpa->second_count = 0;
		kpa->panics = false;
		kpa->panic_pods = 0;
		return 0;
	}
	if (wanted > settings->max_replicas)
		return settings->max_replicas;
	return wanted < floor_pods ? floor_pods : wanted;
}

/* Called every second, and where a line forms at zero. */
static void on_second(struct policy *policy, const struct sim_view *view, struct sim_orders *orders)
{
	struct kpa_policy *kpa = (struct kpa_policy *)policy;

	if (view->wanted == 0 && view->waiting == 0) {
		/* asleep: nothing is noted */
		kpa->noted_ms = view->now_ms;
		kpa->noted_concurrency_ms = view->concurrency_ms;
		kpa->second_count = 0;
		kpa->zero_since_ms = -1;
		return;
	}
	if (view->wanted == 0) {
		/* The activator's word on the moment: what waits is what there is. */
		kpa->seconds[0] = (double)view->waiting;
		kpa->second_count = 1;
		kpa->noted_ms = view->now_ms;
		kpa->noted_concurrency_ms = view->concurrency_ms;
		kpa->is_tick = false;
		orders->wanted = decide(kpa, view);
		return;
	}
	note_second(kpa, view);
	kpa->is_tick = !kpa->is_tick;
	if (!kpa->is_tick)
		orders->wanted = decide(kpa, view);
}

void kpa_policy_init(struct kpa_policy *kpa, const struct sim_settings *settings)
{
	*kpa = (struct kpa_policy){
		.policy = { .name = "knative", .interval_ms = SECOND_MS, .looks_at_lines = false, .decide = on_second },
		.settings = settings,
		.zero_since_ms = -1
	};
}
