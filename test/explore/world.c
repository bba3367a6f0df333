/* SPDX-License-Identifier: Apache-2.0 */
/* Faults come while there is load; then they stop, and what is left has time to settle before it is looked at. */
#include "test/explore/world.h"

#include "test/explore/agenda.h"
#include "test/explore/apiserver.h"
#include "test/explore/deployment.h"
#include "test/explore/gateways.h"
#include "test/explore/invariants.h"
#include "test/explore/process.h"
#include "test/explore/request.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"

#define LOOK_MS       100
#define SECOND_MS     1000
#define LONGEST_MS    INT64_C(300000)
#define MARGIN_MS     25000
#define STEPS_AT_ONCE 20000 /* of one millisecond */

static uint64_t steps;
static int64_t faults_until_ms;

uint64_t world_steps(void)
{
	return steps;
}

static void on_look(void *arg)
{
	(void)arg;
	if (story_broken() == NULL)
		invariants_look();
}

static void on_second(void *arg)
{
	const struct settings *settings = settings_get();

	(void)arg;
	deployment_suffer_all();
	gateways_suffer_all();
	scaler_process_suffer();
	if (choice_between(0, 9999) < settings->api_away)
		apiserver_leave(choice_between(200, 8000));
}

/* Lives on until then. false: something is broken. */
static bool live_until(int64_t until_ms)
{
	int64_t last_ms = 0;
	int at_once = 0;

	while (agenda_step(until_ms) && story_broken() == NULL) {
		steps++;
		at_once = agenda_now_ms() == last_ms ? at_once + 1 : 0;
		last_ms = agenda_now_ms();
		if (at_once > STEPS_AT_ONCE)
			story_break("no daemon turns in circles", "%s does", process_name_last());
	}
	return story_broken() == NULL;
}

static int64_t settling_ms(void)
{
	const struct settings *settings = settings_get();
	int64_t longest_ms = 0;

	for (int i = 0; i < settings->agents; i++) {
		int64_t agent_ms = settings->of[i].scale_to_zero_after_ms + settings->of[i].drain_timeout_ms;

		longest_ms = agent_ms > longest_ms ? agent_ms : longest_ms;
	}
	return longest_ms + settings->stable_window_ms * 61 / 60 + MARGIN_MS;
}

static void live(void)
{
	int64_t now_ms = agenda_now_ms(), until_ms;

	faults_until_ms = now_ms + settings_get()->load_ms + 15000;
	for (int64_t at_ms = LOOK_MS; at_ms < LONGEST_MS; at_ms += LOOK_MS) {
		if (!live_until(now_ms + at_ms))
			return;
		on_look(NULL);
		if (at_ms % SECOND_MS == 0 && now_ms + at_ms < faults_until_ms)
			on_second(NULL);
		if (now_ms + at_ms > faults_until_ms && request_all_over())
			break;
	}
	settings_heal();
	until_ms = agenda_now_ms() + settling_ms();
	if (live_until(until_ms))
		invariants_settled();
}

bool world_run(bool is_told)
{
	story_begin(is_told);
	agenda_reset();
	apiserver_reset();
	request_reset();
	invariants_reset();
	settings_tell();
	deployment_start_all();
	gateways_start_all();
	if (settings_get()->has_scaler)
		scaler_process_start();
	request_plan_all();
	live();
	story_end();
	request_close_all();
	scaler_process_stop();
	gateways_stop_all();
	deployment_stop_all();
	while (agenda_step(INT64_MAX))
		;
	return story_broken() == NULL;
}
