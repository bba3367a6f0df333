/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's life as a kubelet leads it: containers, address, probes every two seconds, the agent's preStop (drain) beside the
   sidecar's SIGTERM, the grace period's end. What was seen of a real one is in the order and the times. */
#include "test/explore/instance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "krypton/labels.h"
#include "krypton/ports.h"
#include "test/explore/agenda.h"
#include "test/explore/deployment.h"
#include "test/explore/gateways.h"
#include "test/explore/invariants.h"
#include "test/explore/process.h"
#include "test/explore/request.h"
#include "test/explore/story.h"

#define PROBE_PERIOD_MS   2000
#define PROBE_FAILURES    2
#define BEYOND_DRAIN_MS   30000
#define AGENT_PORT        8080
#define DELETE_TO_STOP_MS 11

enum step { STEP_START, STEP_PUBLISH, STEP_LISTEN, STEP_PROBE, STEP_STOP, STEP_GRACE, STEP_SIDECAR, STEP_DISCOVER };

struct execution {
	struct instance *instance;
	struct request *request;
	struct wire *wire;
	struct moment *due;
	bool is_stream, has_answered;
	int64_t began_ms;
	struct execution *next;
};

/* One entry a step, so that a moment finds what it is of. */
struct planned {
	struct instance *instance;
	enum step step;
};

static void do_step(struct instance *instance, enum step step);

static void on_due(void *arg)
{
	struct planned planned = *(struct planned *)arg;

	mem_release(arg);
	planned.instance->due[planned.step] = NULL;
	do_step(planned.instance, planned.step);
}

static void plan(struct instance *instance, enum step step, int64_t delay_ms)
{
	struct planned *planned;

	if (instance->due[step] != NULL)
		return;
	planned = mem_alloc(sizeof(*planned));
	*planned = (struct planned){ instance, step };
	instance->due[step] = agenda_in(delay_ms, on_due, planned);
}

static void unplan(struct instance *instance, enum step step)
{
	mem_release(agenda_arg(instance->due[step]));
	agenda_drop(&instance->due[step]);
}

/* --- the agent --- */

static void drop_execution(struct execution *execution)
{
	struct instance *instance = execution->instance;

	for (struct execution **at = &instance->executions; *at != NULL; at = &(*at)->next) {
		if (*at == execution) {
			*at = execution->next;
			break;
		}
	}
	*(execution->is_stream ? &instance->streams : &instance->running) -= 1;
	execution->request->is_running = false;
	if (!instance->is_deleting) /* of those that go nobody asks any more */
		execution->request->worked_ms = agenda_now_ms();
	agenda_drop(&execution->due);
	mem_release(execution);
}

/* Whoever asked has closed the connection: an agent stops. */
static void on_caller_gone(void *arg)
{
	drop_execution(arg);
}

static void on_progress(void *arg)
{
	struct execution *execution = arg;
	const struct request *request = execution->request;

	execution->due = NULL;
	if (!execution->has_answered) {
		execution->has_answered = true;
		wire_answer(execution->wire,
			execution->is_stream ? "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
					     : "HTTP/1.1 200 OK\r\n\r\n",
			"");
		execution->due = agenda_in(request->duration_ms - request->first_byte_ms, on_progress, execution);
		return;
	}
	wire_finish(execution->wire);
	drop_execution(execution);
}

static void on_agent_request(void *arg, struct wire *wire, struct text head)
{
	struct instance *instance = arg;
	struct request *request = request_of_head(head);
	struct execution *execution = mem_alloc(sizeof(*execution));

	BUG_ON(request == NULL);
	*execution = (struct execution){ .instance = instance,
		.request = request,
		.wire = wire,
		.is_stream = request->is_stream,
		.began_ms = agenda_now_ms(),
		.next = instance->executions };
	instance->executions = execution;
	*(execution->is_stream ? &instance->streams : &instance->running) += 1;
	wire_serve(wire, execution, on_caller_gone);
	execution->due = agenda_in(request->first_byte_ms, on_progress, execution);
	request->executions++;
	request->is_running = true;
	request->began_ms = request->worked_ms = agenda_now_ms();
	story_tell("%s begins request %d (%d running)", instance->name, request->id, instance->running);
	invariants_began(request, instance);
}

static void break_executions(struct instance *instance)
{
	while (instance->executions != NULL) {
		struct execution *execution = instance->executions;

		wire_break(execution->wire);
		drop_execution(execution);
	}
}

struct readiness *instance_readiness(const struct instance *instance)
{
	return instance->sidecar != NULL ? instance->sidecar->readiness : NULL;
}

static void tell_readiness(void *arg)
{
	readiness_agent_changed(arg);
}

static void agent_set_listening(struct instance *instance, bool listens)
{
	if (instance->agent_listens == listens)
		return;
	instance->agent_listens = listens;
	if (listens)
		server_start(&instance->agent);
	else
		server_stop(&instance->agent);
	story_tell("the agent in %s %s", instance->name, listens ? "listens" : "is gone");
	if (instance->sidecar != NULL)
		process_run(instance->loop, tell_readiness, instance_readiness(instance));
}

static void stop_agent(struct instance *instance)
{
	unplan(instance, STEP_LISTEN);
	agent_set_listening(instance, false);
	break_executions(instance);
}

/* --- krypton-proxy --- */

static void end_sidecar(void *arg)
{
	struct instance *instance = arg;

	sidecar_free(&instance->sidecar);
}

static void remove_if_gone(struct instance *instance)
{
	if (instance->is_deleting && instance->agent_is_gone && instance->loop == NULL)
		deployment_instance_gone(instance->deployment, instance);
}

static void stop_sidecar(struct instance *instance)
{
	if (instance->loop == NULL)
		return;
	process_end(instance->loop, end_sidecar, instance);
	process_free(&instance->loop);
}

static void on_sidecar_stopped(void *arg)
{
	struct instance *instance = arg;

	story_tell("krypton-proxy of %s has ended", instance->name);
	stop_sidecar(instance);
	remove_if_gone(instance);
}

static void begin_sidecar(void *arg)
{
	struct instance *instance = arg;
	struct err err = { 0 };

	instance->sidecar = sidecar_new(instance->loop, &instance->options, &err);
}

static void start_sidecar(struct instance *instance)
{
	char name[PROCESS_NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%.17s/proxy", instance->name);
	instance->loop = process_new(name, instance->ip, PORT_PROXY);
	instance->loop->instance = instance;
	instance->loop->on_stop = on_sidecar_stopped;
	instance->loop->arg = instance;
	process_run(instance->loop, begin_sidecar, instance);
}

static void sigterm(void *arg)
{
	struct instance *instance = arg;

	sidecar_stop(instance->sidecar);
}

/* --- the kubelet's questions --- */

static void note_ready(struct instance *instance, bool is_ready)
{
	if (is_ready == instance->is_ready)
		return;
	instance->is_ready = is_ready;
	instance->ready_ms = agenda_now_ms();
	story_tell("the kubelet says that %s is %s", instance->name, is_ready ? "ready" : "not ready");
	deployment_changed(instance->deployment);
}

static void probed(struct instance *instance, bool is_well)
{
	is_well = is_well && agenda_now_ms() >= instance->blind_until_ms;
	instance->failed_probes = is_well ? 0 : instance->failed_probes + 1;
	if (is_well && instance->is_published)
		note_ready(instance, true);
	else if (instance->failed_probes >= PROBE_FAILURES)
		note_ready(instance, false);
}

static void on_probe_answer(void *arg, struct text head, struct text body)
{
	(void)body;
	probed(arg, text_has_prefix(head, "HTTP/1.1 200"));
}

static void on_probe_end(void *arg, bool is_whole)
{
	struct instance *instance = arg;

	(void)is_whole;
	instance->probe = NULL;
}

static void on_probe_failure(void *arg, enum wire_failure failure)
{
	struct instance *instance = arg;

	(void)failure;
	instance->probe = NULL;
	probed(instance, false);
}

static void probe(struct instance *instance)
{
	static const struct wire_reader reader = { on_probe_answer, on_probe_end, on_probe_failure };

	plan(instance, STEP_PROBE, PROBE_PERIOD_MS);
	if (instance->probe == NULL)
		instance->probe = wire_open(
			NULL, instance->ip, PORT_PROXY, 1000, "GET /readyz HTTP/1.1\r\nHost: pod\r\n\r\n", &reader, instance);
}

/* --- the end --- */

static void agent_ends(struct instance *instance)
{
	if (instance->agent_is_gone)
		return;
	instance->agent_is_gone = true;
	if (agenda_now_ms() - instance->deleted_ms < instance->drain_timeout_ms && instance->executions != NULL &&
		instance->loop != NULL)
		story_break("no pod with running work ends before drainTimeout",
			"%s is ended %" PRId64 " ms after its deletion with %d running", instance->name,
			agenda_now_ms() - instance->deleted_ms, instance->running + instance->streams);
	story_tell("the agent in %s is ended (%d running)", instance->name, instance->running + instance->streams);
	stop_agent(instance);
	remove_if_gone(instance);
}

static void on_drain_answer(void *arg, struct text head, struct text body)
{
	(void)arg;
	(void)head;
	(void)body;
}

static void on_drain_end(void *arg, bool is_whole)
{
	struct instance *instance = arg;

	(void)is_whole;
	instance->drain = NULL;
	agent_ends(instance);
}

/* A hook that fails: the kubelet goes on at once. */
static void on_drain_failure(void *arg, enum wire_failure failure)
{
	struct instance *instance = arg;

	(void)failure;
	instance->drain = NULL;
	agent_ends(instance);
}

static void stop(struct instance *instance)
{
	static const struct wire_reader reader = { on_drain_answer, on_drain_end, on_drain_failure };
	char text[256];

	if (instance->loop != NULL && instance->agent_listens) {
		(void)snprintf(text, sizeof(text), "GET /_krypton/drain HTTP/1.1\r\nHost: pod\r\n" HEADER_TOKEN ": %s\r\n\r\n",
			instance->options.token);
		instance->drain = wire_open_well(NULL, instance->ip, PORT_PROXY, text, &reader, instance);
	} else {
		agent_ends(instance);
	}
	if (instance->sidecar != NULL)
		process_run(instance->loop, sigterm, instance);
}

void instance_delete(struct instance *instance)
{
	BUG_ON(instance->is_deleting);
	instance->is_deleting = true;
	instance->deleted_ms = agenda_now_ms();
	story_tell("%s is deleted (%d running%s)", instance->name, instance->running + instance->streams,
		instance->is_ready ? ", ready" : "");
	if (!instance->has_started) {
		unplan(instance, STEP_START);
		unplan(instance, STEP_PUBLISH);
		instance->agent_is_gone = true;
	}
	plan(instance, STEP_STOP, DELETE_TO_STOP_MS);
	plan(instance, STEP_GRACE, instance->drain_timeout_ms + BEYOND_DRAIN_MS);
}

static void do_step(struct instance *instance, enum step step)
{
	const struct settings *settings = settings_get();

	switch (step) {
	case STEP_START:
		instance->has_started = true;
		start_sidecar(instance);
		plan(instance, STEP_LISTEN, choice_delay_ms(&settings->boot));
		plan(instance, STEP_PROBE, choice_between(0, PROBE_PERIOD_MS));
		break;
	case STEP_PUBLISH:
		instance->is_published = true;
		story_tell("the address of %s is known: %s", instance->name, instance->ip);
		deployment_changed(instance->deployment);
		break;
	case STEP_LISTEN: agent_set_listening(instance, true); break;
	case STEP_PROBE: probe(instance); break;
	case STEP_STOP:
		if (instance->agent_is_gone)
			remove_if_gone(instance);
		else
			stop(instance);
		break;
	case STEP_GRACE:
		wire_close(&instance->drain);
		agent_ends(instance);
		stop_sidecar(instance);
		remove_if_gone(instance);
		break;
	case STEP_SIDECAR: start_sidecar(instance); break;
	case STEP_DISCOVER: deployment_instance_gone(instance->deployment, instance); break;
	}
}

/* --- faults --- */

void instance_crash_agent(struct instance *instance)
{
	if (!instance->agent_listens || instance->is_deleting || instance->is_lost)
		return;
	story_tell("the agent in %s crashes (%d running)", instance->name, instance->running + instance->streams);
	stop_agent(instance);
	plan(instance, STEP_LISTEN, choice_between(200, 8000));
}

void instance_crash_sidecar(struct instance *instance)
{
	if (instance->loop == NULL || instance->is_deleting || instance->is_lost)
		return;
	story_tell("krypton-proxy of %s crashes", instance->name);
	stop_sidecar(instance);
	plan(instance, STEP_SIDECAR, choice_between(300, 2000));
}

void instance_lose(struct instance *instance)
{
	if (!instance->has_started || instance->is_deleting || instance->is_lost)
		return;
	story_tell("the node of %s is lost", instance->name);
	instance->is_lost = true;
	unplan(instance, STEP_PROBE);
	unplan(instance, STEP_SIDECAR);
	wire_close(&instance->probe);
	stop_agent(instance);
	stop_sidecar(instance);
	plan(instance, STEP_DISCOVER, choice_between(1000, 10000));
}

void instance_blind(struct instance *instance)
{
	instance->blind_until_ms = agenda_now_ms() + choice_between(4000, 15000);
	story_tell("the kubelet's questions to %s fail", instance->name);
}

/* --- looking --- */

bool instance_has_free_slot(const struct instance *instance)
{
	return instance->sidecar != NULL && instance->agent_listens && readiness_is_ready(instance_readiness(instance)) &&
		instance->sidecar->gate.state == GATE_OPEN && instance->sidecar->gate.requests < instance->concurrency;
}

int instance_admitted(const struct instance *instance)
{
	return instance->sidecar != NULL ? instance->sidecar->gate.requests : 0;
}

int64_t instance_retired_for_ms(const struct instance *instance)
{
	bool is_retired = instance->sidecar != NULL && instance->sidecar->gate.state == GATE_RETIRED;

	return is_retired ? agenda_now_ms() - instance->sidecar->gate.closed_ms : -1;
}

int instance_work_since(const struct instance *instance, int64_t began_before_ms)
{
	int work = 0;

	for (const struct execution *execution = instance->executions; execution != NULL; execution = execution->next)
		work += execution->began_ms < began_before_ms && !execution->request->by_service;
	return work;
}

bool instance_is_idle(const struct instance *instance)
{
	return instance->sidecar == NULL || (instance->sidecar->gate.requests == 0 && instance->sidecar->gate.streams == 0);
}

struct instance *instance_new(struct deployment *deployment, int number)
{
	const struct agent_settings *agent = deployment_settings(deployment);
	struct instance *instance = mem_alloc(sizeof(*instance));

	instance->deployment = deployment;
	(void)snprintf(instance->name, sizeof(instance->name), "pod-%d", number);
	(void)snprintf(instance->ip, sizeof(instance->ip), "10.1.%d.%d", number / 250, number % 250 + 1);
	instance->concurrency = agent->concurrency;
	instance->drain_timeout_ms = agent->drain_timeout_ms;
	instance->created_ms = agenda_now_ms();
	instance->agent = (struct server){ .port = AGENT_PORT, .arg = instance, .on_request = on_agent_request };
	(void)snprintf(instance->agent.ip, sizeof(instance->agent.ip), "%s", instance->ip);
	deployment_fill_options(deployment, &instance->options);
	story_tell("%s is made", instance->name);
	plan(instance, STEP_START, choice_delay_ms(&settings_get()->sandbox));
	plan(instance, STEP_PUBLISH, choice_delay_ms(&settings_get()->relist));
	return instance;
}

void instance_free(struct instance **instance)
{
	if (*instance == NULL)
		return;
	for (enum step step = STEP_START; step <= STEP_DISCOVER; step++)
		unplan(*instance, step);
	wire_close(&(*instance)->probe);
	wire_close(&(*instance)->drain);
	stop_agent(*instance);
	stop_sidecar(*instance);
	mem_release(*instance);
	*instance = NULL;
}
