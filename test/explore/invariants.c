/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds are as tight as the deadlines of those who act allow: a pod is avoided for two seconds, a question is given up after two.
 */
#include "test/explore/invariants.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "krypton/labels.h"
#include "test/explore/agenda.h"
#include "test/explore/apiserver.h"
#include "test/explore/deployment.h"
#include "test/explore/gateways.h"
#include "test/explore/instance.h"
#include "test/explore/process.h"
#include "test/explore/request.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"

#define ANSWERED     "every request gets its agent's answer, or a refusal that its cause allows"
#define ONCE         "no request is carried out twice"
#define CAP          "no pod has more than its concurrency"
#define FREE_SLOT    "nobody waits while a pod that the gateway knows has a free slot"
#define KEPT_RETIRED "nobody waits for long while a pod is kept retired"
#define FOLLOWS      "the count follows a line"
#define AWAKE        "nobody waits for long for an agent that sleeps"
#define DRAINED      "a draining pod is left alone"
#define EMPTY_FIRST  "a pod that is too many is emptied before it goes"
#define ZERO_WORK    "no agent goes to zero with work"
#define ZERO_SOON    "no agent goes to zero within scaleToZeroAfter of its last invocation"
#define BACKWARDS    "lastInvocationAt never goes back"
#define FLAPPING     "the count goes no more up once the load is over"
#define SETTLES      "the count settles"
#define LEFT_OVER    "what is over is counted no more"

#define BOUND_CALM_MS     3000
#define BOUND_FAULTY_MS   7000
#define EMPTYING_PAUSE_MS 8000 /* the scaler counts on where it has called everybody back meanwhile */
#define DRAINED_MOST      40
#define KEPT_FAULTY_MS    20000
#define FOLLOWS_MS        2500 /* and an API server and a watch that take their time */
#define KEPT_MS           8000 /* the scaler is told within a second, decides, and orders */
#define ASLEEP_MS         12000
#define ASLEEP_FAULTY_MS  20000 /* tries fail, and each pauses for longer */
#define SHORT_DRAIN_MS    5000
#define STOPPING_MS       200 /* until the agent hears that its caller has gone, after its sidecar */
#define QUESTION_MS       2000

struct record {
	int64_t last_invocation_ms;
	int64_t waiting_since_ms[MAX_GATEWAYS]; /* somebody waits there without a break; 0: nobody */
	int64_t short_since_ms;                 /* all pods are full, somebody waits, and more would be allowed */
	int64_t asleep_since_ms;                /* somebody waits, and nobody has woken it; 0: not so */
	int64_t emptying_since_ms, emptying_ms; /* some pod is retired, without a long pause; 0: none */
};

static struct record records[MAX_AGENTS];

void invariants_reset(void)
{
	memset(records, 0, sizeof(records));
}

void invariants_began(const struct request *request, const struct instance *instance)
{
	if (request->executions > 1 && !request->is_get)
		story_break(ONCE, "request %d, a POST, is begun again, in %s", request->id, instance->name);
	if (instance_admitted(instance) > instance->concurrency)
		story_break(CAP, "%s has let in %d, it may %d", instance->name, instance_admitted(instance), instance->concurrency);
}

/* Each refusal sets the pod aside for two seconds. */
void invariants_drained(struct request *request)
{
	if (++request->drained == DRAINED_MOST)
		story_break(DRAINED, "request %d was sent to draining pods %d times", request->id, request->drained);
}

/* --- answers --- */

static bool may_be_refused(const struct request *request)
{
	const struct settings *settings = settings_get();
	const struct agent_settings *agent = &settings->of[request->agent];
	int64_t waited_ms = request->ended_ms - request->sent_ms;

	if (request->status == 503 && strcmp(request->reason, "BufferFull") == 0)
		return request->found_line_full || settings->requests > settings->max_buffer;
	if (request->status == 503 && strcmp(request->reason, "OverCapacity") == 0 && waited_ms >= settings->max_queue_wait_ms)
		return true;
	if (request->status == 503 && strcmp(request->reason, "GatewayStarting") == 0)
		return request->sent_ms - request->gateway_since_ms < (settings->is_calm ? 10000 : 30000);
	if (request->status == 504)
		return waited_ms >= agent->startup_timeout_ms;
	return !settings->is_calm && (request->status == 502 || request->status == 503);
}

void invariants_judge(const struct request *request)
{
	/* What runs for longer than drainTimeout may be cut by a drain. */
	bool may_break = !settings_get()->is_calm || request->duration_ms >= settings_get()->of[request->agent].drain_timeout_ms;

	if (request->state != REQUEST_ANSWERED || request->by_service || request->gateway_died)
		return;
	if (request->status == 200 && request->is_whole) {
		if (request->executions == 0)
			story_break(ANSWERED, "request %d is answered and no agent had it", request->id);
	} else if (request->status == 200 || request->status == 0) {
		if (!may_break)
			story_break(ANSWERED, "request %d breaks off", request->id);
	} else if (!may_be_refused(request)) {
		story_break(ANSWERED, "request %d gets %d %s after %" PRId64 " ms", request->id, request->status, request->reason,
			request->ended_ms - request->sent_ms);
	}
}

/* --- the count --- */

struct summing {
	int64_t before_ms;
	int work;
};

static void add_work(void *arg, struct instance *instance)
{
	struct summing *summing = arg;

	if (!instance->is_deleting)
		summing->work += instance_work_since(instance, summing->before_ms);
}

/* What happened longer ago is known to the scaler when it decides: it asks before it lowers, believes answers for two intervals,
   and its write takes its time. Where questions are lost, one more. */
static int64_t known_after_ms(void)
{
	const struct settings *settings = settings_get();

	return 2 * settings->interval_ms + 400 + settings->api.tail_most_ms + settings->watch.tail_most_ms +
		(settings->is_calm ? 0 : QUESTION_MS);
}

static void check_zero(int agent, const struct json_t *object)
{
	const struct settings *settings = settings_get();
	int64_t known_ms = known_after_ms();
	int64_t last_ms = json_instant_at(object, "/status/lastInvocationAt", 0);
	struct summing summing = { .before_ms = agenda_now_ms() - known_ms };

	if (last_ms > 0 && process_wall_ms() - last_ms < settings->of[agent].scale_to_zero_after_ms)
		story_break(ZERO_SOON, "agent-%d, %" PRId64 " ms after it", agent, process_wall_ms() - last_ms);
	/* What a scaler was told is gone with it. */
	if (settings->scaler_restart == 0 &&
		request_worked_between(agent, agenda_now_ms() - settings->of[agent].scale_to_zero_after_ms + STOPPING_MS,
			agenda_now_ms() - known_ms))
		story_break(ZERO_SOON, "agent-%d had work since, for longer than %" PRId64 " ms", agent, known_ms);
	deployment_each_instance(agent, add_work, &summing);
	/* One that has just come knows nothing yet of a pod that is not called ready. */
	if (summing.work > 0 && scaler_process_since_ms() < agenda_now_ms() - known_ms)
		story_break(ZERO_WORK, "agent-%d runs %d requests for longer than %" PRId64 " ms", agent, summing.work, known_ms);
	for (int i = 0; i < settings->gateways; i++) {
		int64_t since_ms = records[agent].waiting_since_ms[i];

		if (since_ms > 0 && agenda_now_ms() - since_ms > known_ms)
			story_break(ZERO_WORK, "somebody waits for agent-%d at %s for %" PRId64 " ms", agent, gateways_name(i),
				agenda_now_ms() - since_ms);
	}
}

void invariants_written(int agent, const struct json_t *object, const char *manager, int desired_before, int desired)
{
	struct record *record = &records[agent];
	int64_t last_ms = json_instant_at(object, "/status/lastInvocationAt", 0);

	if (last_ms < record->last_invocation_ms)
		story_break(BACKWARDS, "of agent-%d, by %" PRId64 " ms", agent, record->last_invocation_ms - last_ms);
	record->last_invocation_ms = last_ms;
	if (strcmp(manager, FIELD_MANAGER_SCALER) == 0 && desired == 0 && desired_before > 0)
		check_zero(agent, object);
}

/* A pod that is being emptied keeps the count up for drainTimeout, no longer: a short one is over before the kubelet has seen that
   a pod is not ready, and then any pod may go. */
void invariants_removed(int agent, const struct instance *instance)
{
	int64_t emptying_ms = records[agent].emptying_since_ms > 0 ? agenda_now_ms() - records[agent].emptying_since_ms : 0;
	int work = instance_work_since(instance, agenda_now_ms() - known_after_ms());

	if (settings_get()->is_calm && deployment_desired(agent) > 0 && work > 0 &&
		settings_get()->of[agent].drain_timeout_ms > SHORT_DRAIN_MS &&
		emptying_ms + settings_get()->interval_ms < settings_get()->of[agent].drain_timeout_ms)
		story_break(EMPTY_FIRST, "%s goes with %d requests that ran for long", instance->name, work);
}

/* --- from time to time --- */

struct looking {
	int gateway, agent;
	bool waits;
};

/* The scaler has been there for all that time. */
static bool has_scaler_for(int64_t ms)
{
	return settings_get()->has_scaler && scaler_process_since_ms() < agenda_now_ms() - ms;
}

static void look_at_retired(const struct looking *looking, struct instance *instance)
{
	int64_t *since_ms = &instance->kept_since_ms[looking->gateway];
	int64_t bound_ms = settings_get()->is_calm ? KEPT_MS : KEPT_FAULTY_MS;

	if (!looking->waits || instance->is_deleting || instance_retired_for_ms(instance) < 0 || apiserver_is_away() ||
		!has_scaler_for(bound_ms))
		*since_ms = 0;
	else if (*since_ms == 0)
		*since_ms = agenda_now_ms();
	else if (agenda_now_ms() - *since_ms > bound_ms)
		story_break(KEPT_RETIRED, "%s is, and somebody waits at %s", instance->name, gateways_name(looking->gateway));
}

static void look_at(void *arg, struct instance *instance)
{
	const struct looking *looking = arg;
	int64_t *since_ms = &instance->free_since_ms[looking->gateway];
	int64_t bound_ms = settings_get()->is_calm ? BOUND_CALM_MS : BOUND_FAULTY_MS;

	look_at_retired(looking, instance);
	if (!looking->waits || instance->is_deleting || !instance_has_free_slot(instance) ||
		!gateways_knows_ready(looking->gateway, looking->agent, instance->ip)) {
		*since_ms = 0;
		return;
	}
	if (*since_ms == 0)
		*since_ms = agenda_now_ms();
	if (agenda_now_ms() - *since_ms > bound_ms)
		story_break(FREE_SLOT, "%s has had one for %" PRId64 " ms while somebody waits at %s", instance->name,
			agenda_now_ms() - *since_ms, gateways_name(looking->gateway));
}

static void look_at_route(int gateway, int agent)
{
	struct looking looking = { gateway, agent, gateways_waiting(gateway, agent) > 0 };
	int64_t *since_ms = &records[agent].waiting_since_ms[gateway];

	if (!looking.waits)
		*since_ms = 0;
	else if (*since_ms == 0)
		*since_ms = agenda_now_ms();
	deployment_each_instance(agent, look_at, &looking);
}

static void note_retired(void *arg, struct instance *instance)
{
	int64_t *emptying_ms = arg;

	if (instance_retired_for_ms(instance) > *emptying_ms)
		*emptying_ms = instance_retired_for_ms(instance);
}

static void look_at_emptying(int agent)
{
	int64_t *since_ms = &records[agent].emptying_since_ms, emptying_ms = -1;

	deployment_each_instance(agent, note_retired, &emptying_ms);
	if (emptying_ms == -1) {
		if (agenda_now_ms() - records[agent].emptying_ms > EMPTYING_PAUSE_MS)
			*since_ms = 0;
		return;
	}
	records[agent].emptying_ms = agenda_now_ms();
	if (*since_ms == 0)
		*since_ms = agenda_now_ms() - emptying_ms;
}

struct filling {
	int pods, full;
};

static void note_full(void *arg, struct instance *instance)
{
	struct filling *filling = arg;

	if (instance->is_deleting || instance->is_gone)
		return;
	filling->pods++;
	filling->full +=
		instance->is_ready && instance_retired_for_ms(instance) < 0 && instance_admitted(instance) >= instance->concurrency;
}

/* Somebody waits, each pod is full, and one more would be allowed: it is asked for soon. */
static void look_at_count(int agent)
{
	const struct settings *settings = settings_get();
	int64_t *since_ms = &records[agent].short_since_ms;
	int64_t bound_ms = FOLLOWS_MS + 2 * settings->api.tail_most_ms + settings->watch.tail_most_ms;
	struct filling filling = { 0, 0 };
	bool waits = false;

	for (int gateway = 0; gateway < settings->gateways; gateway++)
		waits |= gateways_waiting(gateway, agent) > 0;
	deployment_each_instance(agent, note_full, &filling);
	if (!settings->is_calm || !waits || filling.pods != filling.full || filling.pods == 0 ||
		filling.pods > deployment_desired(agent) || deployment_desired(agent) >= settings->of[agent].max_replicas ||
		!has_scaler_for(bound_ms))
		*since_ms = 0;
	else if (*since_ms == 0)
		*since_ms = agenda_now_ms();
	else if (agenda_now_ms() - *since_ms > bound_ms)
		story_break(FOLLOWS, "agent-%d has %d full pods, and somebody waits for longer than %" PRId64 " ms", agent,
			filling.pods, bound_ms);
}

static void look_at_sleep(int agent)
{
	int64_t *since_ms = &records[agent].asleep_since_ms;
	int64_t bound_ms = settings_get()->is_calm ? ASLEEP_MS : ASLEEP_FAULTY_MS;
	bool waits = false;

	for (int gateway = 0; gateway < settings_get()->gateways; gateway++)
		waits |= gateways_waiting(gateway, agent) > 0;
	if (!waits || deployment_desired(agent) > 0 || settings_get()->of[agent].min_replicas > 0 || apiserver_is_away())
		*since_ms = 0;
	else if (*since_ms == 0)
		*since_ms = agenda_now_ms();
	else if (agenda_now_ms() - *since_ms > bound_ms)
		story_break(AWAKE, "somebody waits for agent-%d since %" PRId64 " ms", agent, bound_ms);
}

void invariants_look(void)
{
	for (int agent = 0; agent < settings_get()->agents; agent++) {
		look_at_emptying(agent);
		look_at_sleep(agent);
		look_at_count(agent);
	}
	for (int gateway = 0; gateway < settings_get()->gateways; gateway++) {
		for (int agent = 0; agent < settings_get()->agents; agent++)
			look_at_route(gateway, agent);
	}
}

/* --- the end --- */

static void look_idle(void *arg, struct instance *instance)
{
	(void)arg;
	if (!instance_is_idle(instance))
		story_break(LEFT_OVER, "the sidecar of %s counts work", instance->name);
}

void invariants_settled(void)
{
	if (!request_all_over())
		story_break(ANSWERED, "a request is neither answered nor refused");
	for (int i = 0; i < settings_get()->gateways; i++) {
		if (gateways_left_over(i)[0] != '\0')
			story_break(LEFT_OVER, "%s", gateways_left_over(i));
	}
	for (int agent = 0; agent < settings_get()->agents; agent++) {
		const struct agent_settings *settings = &settings_get()->of[agent];
		int64_t over_ms = request_last_end_ms(agent);

		deployment_each_instance(agent, look_idle, NULL);
		if (settings_get()->has_scaler && deployment_desired(agent) != settings->min_replicas)
			story_break(SETTLES, "agent-%d has %d wanted, not %d", agent, deployment_desired(agent),
				settings->min_replicas);
		if (over_ms > 0 && deployment_raised_ms(agent) > over_ms + 10000)
			story_break(FLAPPING, "agent-%d, %" PRId64 " ms after its last request", agent,
				deployment_raised_ms(agent) - over_ms);
	}
}
