/* SPDX-License-Identifier: Apache-2.0 */
/* Where a schedule's seed takes it: each setting from a few values that differ in kind. */
#include "test/explore/settings.h"

#include <inttypes.h>

#include "base/attributes.h"
#include "test/explore/story.h"

static struct settings chosen;

const struct settings *settings_get(void)
{
	return &chosen;
}

#define ONE_OF(...) choice_of((const int64_t[]){ __VA_ARGS__ }, (int)ARRAY_LEN(((const int64_t[]){ __VA_ARGS__ })))

static void choose_agent(struct agent_settings *agent)
{
	agent->is_serverless = ONE_OF(0, 1, 1, 1) != 0;
	agent->is_mcp = ONE_OF(0, 0, 0, 1) != 0;
	agent->min_replicas = agent->is_serverless ? (int)ONE_OF(0, 0, 0, 1) : (int)ONE_OF(1, 1, 2);
	agent->max_replicas = agent->min_replicas + (int)ONE_OF(1, 2, 4);
	agent->concurrency = (int)ONE_OF(1, 1, 2, 3, 8);
	agent->scale_to_zero_after_ms = ONE_OF(3000, 6000, 15000);
	agent->startup_timeout_ms = ONE_OF(6000, 15000, 30000);
	agent->drain_timeout_ms = ONE_OF(2000, 10000, 30000);
	agent->timeout_ms = 60000;
}

static void choose_speed(struct settings *settings)
{
	static const struct span wires[] = { { 0, 1, 0, 0 }, { 0, 5, 0, 0 }, { 1, 20, 20, 200 } };
	static const struct span apis[] = { { 1, 5, 0, 0 }, { 2, 30, 20, 500 }, { 5, 100, 50, 3000 } };
	static const struct span watches[] = { { 1, 10, 0, 0 }, { 5, 100, 20, 1000 }, { 5, 500, 50, 4000 } };
	static const struct span boots[] = { { 50, 300, 0, 0 }, { 100, 3000, 0, 0 }, { 500, 5000, 100, 12000 } };
	static const struct span durations[] = { { 1, 50, 0, 0 }, { 10, 2000, 0, 0 }, { 100, 5000, 100, 20000 } };

	settings->wire = wires[choice_between(0, 2)];
	settings->api = apis[choice_between(0, 2)];
	settings->watch = watches[choice_between(0, 2)];
	settings->controller = (struct span){ 2, 50, settings->is_calm ? 0 : 20, 3000 };
	settings->slices = (struct span){ 2, 100, settings->is_calm ? 0 : 20, 2000 };
	settings->sandbox = (struct span){ 100, 450, 0, 0 };
	settings->relist = (struct span){ 600, 1250, 0, 0 };
	settings->boot = boots[choice_between(0, 2)];
	settings->first_byte = (struct span){ 0, 30, 0, 0 };
	settings->duration = durations[choice_between(0, 2)];
}

static int rate(int64_t most)
{
	return (int)ONE_OF(0, 0, most / 4, most);
}

static void choose_faults(struct settings *settings)
{
	settings->strangers = rate(2000);
	settings->watch_relist = rate(20);
	if (settings->is_calm) {
		settings->api_fault = (int)ONE_OF(0, 0, 100);
		return;
	}
	settings->dial_fault = rate(30);
	settings->cut_fault = rate(30);
	settings->unsent_fault = rate(20);
	settings->api_fault = rate(150);
	settings->api_lost_answer = rate(100);
	settings->api_away = rate(300);
	settings->probe_fault = rate(400);
	settings->agent_crash = rate(200);
	settings->sidecar_crash = rate(200);
	settings->pod_lost = rate(100);
	settings->gateway_crash = rate(200);
	settings->gateway_restart = rate(200);
	settings->scaler_restart = rate(300);
}

void settings_by_seed(uint64_t seed)
{
	struct settings *settings = &chosen;

	choice_by_seed(seed);
	*settings = (struct settings){ .is_calm = ONE_OF(0, 0, 1) != 0 };
	settings->gateways = (int)ONE_OF(1, 1, 2, 3);
	settings->agents = (int)ONE_OF(1, 1, 1, 2);
	for (int i = 0; i < settings->agents; i++)
		choose_agent(&settings->of[i]);
	settings->max_queue_wait_ms = ONE_OF(8000, 15000, 30000);
	settings->stable_window_ms = ONE_OF(2000, 6000, 12000);
	settings->interval_ms = 1000;
	settings->has_scaler = ONE_OF(0, 1, 1, 1) != 0;
	settings->max_buffer = (int)ONE_OF(4, 20, 100, 100);
	choose_speed(settings);
	choose_faults(settings);
	settings->requests = (int)ONE_OF(3, 10, 25, 50);
	settings->load_ms = ONE_OF(2000, 10000, 20000, 30000);
	settings->leaving = (int)ONE_OF(0, 0, 100, 400);
	settings->by_service = (int)ONE_OF(0, 0, 0, 200);
	settings->reading = (int)ONE_OF(0, 200, 500);
}

void settings_for_walk(void)
{
	chosen = (struct settings){ .gateways = 1,
		.agents = 1,
		.of = { { .is_serverless = true,
			.min_replicas = 0,
			.max_replicas = 2,
			.concurrency = 1,
			.scale_to_zero_after_ms = 3000,
			.startup_timeout_ms = 30000,
			.drain_timeout_ms = 5000,
			.timeout_ms = 60000 } },
		.max_queue_wait_ms = 30000,
		.stable_window_ms = 2000,
		.interval_ms = 1000,
		.has_scaler = true,
		.max_buffer = 100,
		.wire = { 1, 1, 0, 0 },
		.api = { 2, 2, 1, 900 },
		.watch = { 2, 2, 1, 1500 },
		.controller = { 5, 5, 0, 0 },
		.slices = { 5, 5, 0, 0 },
		.sandbox = { 150, 150, 0, 0 },
		.relist = { 700, 700, 0, 0 },
		.boot = { 300, 300, 0, 0 },
		.first_byte = { 5, 5, 0, 0 },
		.duration = { 100, 100, 0, 0 },
		.api_fault = 1,
		.api_lost_answer = 1,
		.requests = 3,
		.load_ms = 9000 };
}

void settings_heal(void)
{
	chosen.dial_fault = chosen.cut_fault = chosen.unsent_fault = 0;
	chosen.api_fault = chosen.api_lost_answer = chosen.watch_relist = 0;
}

void settings_tell(void)
{
	const struct settings *settings = &chosen;

	story_tell("%s, %d gateways%s, %d requests within %" PRId64 " ms, line %d, queue wait %" PRId64 " ms, window %" PRId64
		   " ms",
		settings->is_calm ? "calm" : "faulty", settings->gateways, settings->has_scaler ? "" : ", no scaler",
		settings->requests, settings->load_ms, settings->max_buffer, settings->max_queue_wait_ms,
		settings->stable_window_ms);
	for (int i = 0; i < settings->agents; i++) {
		const struct agent_settings *agent = &settings->of[i];

		story_tell("agent-%d: %s%s, %d to %d pods, concurrency %d, sleeps after %" PRId64 " ms, starts within %" PRId64
			   " ms, drains %" PRId64 " ms",
			i, agent->is_serverless ? "serverless" : "always-on", agent->is_mcp ? " mcp" : "", agent->min_replicas,
			agent->max_replicas, agent->concurrency, agent->scale_to_zero_after_ms, agent->startup_timeout_ms,
			agent->drain_timeout_ms);
	}
}
