/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/controller.c — who leads, what waits, what runs. A change seen by
 * observe, or in what a sidecar says, puts an Agent's key into the queue, once; a
 * worker takes it through a pass. Passes run, and sidecars are asked, only while
 * we lead, are in step and hold the internal key.
 */
#include "controller/controller.h"

#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "controller/condition_gauge.h"
#include "controller/inquiry.h"
#include "controller/internal_key.h"
#include "controller/metrics.h"
#include "controller/observe.h"
#include "controller/options.h"
#include "controller/pass.h"
#include "kube/lease.h"
#include "kube/queue.h"
#include "kube/recorder.h"
#include "net/ops_server.h"

#define LEASE_NAME "krypton-controller"
#define WORKERS    16

struct controller {
	struct controller_tools tools;
	struct observe *observe;
	struct internal_key *key;
	struct kube_recorder *recorder;
	struct kube_lease *lease; /* NULL: not asked to elect */
	struct kube_queue *queue; /* NULL: we do not work */
	struct inquiry *inquiry;  /* while we work */
	struct map *passes;       /* those that run, by key */
	struct map *farewells;    /* see struct pass_tools; values are not owned */
	struct map *settled;      /* struct settled, by kind and key */
	struct map *complaints;   /* the error that was logged last, by key */
	struct pass_tools pass_tools;
	int rolling;                      /* see struct pass_tools */
	struct kube_client_counts counts; /* what the metrics have of them */
	bool is_leading;
};

static void pass_release(void *value)
{
	struct pass *pass = value;

	pass_free(&pass);
}

/* Each failure is logged when it is first met, not at each try. That somebody was faster is none: it is counted, and the next try
   has what they wrote. */
static void complain(struct controller *controller, const char *key, const struct err *err)
{
	const char *last = map_get(controller->complaints, key);

	if (err == NULL) {
		map_remove(controller->complaints, key);
	} else if (err->code == ERR_CONFLICT) {
		log_debug("agent.overtaken", LOG_STR("key", key));
	} else if (last == NULL || strcmp(last, err->message) != 0) {
		map_put(controller->complaints, key, mem_copy_text(err->message));
		log_warn("agent.reconcile_failed", LOG_STR("key", key), LOG_ERR(err));
	}
}

static void on_pass_done(void *arg, const char *pass_key, const struct err *pass_err, int64_t recheck_after_ms)
{
	struct controller *controller = arg;
	struct pass *pass = map_take(controller->passes, pass_key);
	struct err err = pass_err == NULL ? (struct err){ 0 } : *pass_err;
	scoped_text char *key = mem_copy_text(pass_key); /* the pass's own dies with it */

	complain(controller, key, pass_err);
	pass_free(&pass);
	kube_queue_done(controller->queue, key, err.code == ERR_NONE ? NULL : &err);
	if (recheck_after_ms > 0)
		kube_queue_add_after(controller->queue, key, recheck_after_ms);
}

static void on_key(void *arg, const char *key)
{
	struct controller *controller = arg;
	struct pass *pass = pass_new(&controller->pass_tools, key);

	map_put(controller->passes, key, pass);
	pass_run(pass);
}

static void agent_enqueue(void *arg, const char *key)
{
	struct controller *controller = arg;

	if (controller->queue != NULL)
		kube_queue_add(controller->queue, key);
}

static void on_pod(void *arg, const char *agent_key, const struct pod *old, const struct pod *now)
{
	struct controller *controller = arg;

	if (controller->inquiry != NULL)
		inquiry_see(controller->inquiry, agent_key, old, now);
}

static void pod_see(void *arg, const char *agent_key, const struct pod *pod)
{
	on_pod(arg, agent_key, NULL, pod);
}

static void work_begin(struct controller *controller)
{
	const struct inquiry_options inquiry = { .arg = controller, .on_word = agent_enqueue };
	const struct kube_queue_options queue = { .workers = WORKERS, .arg = controller, .on_key = on_key };
	bool has_key = internal_key_get(controller->key).at != NULL;

	if (!controller->is_leading || !has_key || !observe_is_synced(controller->observe))
		return;
	if (controller->queue == NULL) {
		controller->queue = kube_queue_new(controller->tools.loop, &queue);
		controller->inquiry = inquiry_new(controller->tools.loop, &inquiry);
		controller->pass_tools.inquiry = controller->inquiry;
		controller->pass_tools.conditions = condition_gauge_new(controller->tools.metrics);
		observe_each_pod(controller->observe, pod_see, controller);
		log_info("work.begun", LOG_INT("agents", (int64_t)observe_agent_count(controller->observe)));
	}
	observe_each_agent(controller->observe, agent_enqueue, controller);
}

static void work_end(struct controller *controller)
{
	map_free(&controller->passes);
	kube_queue_free(&controller->queue);
	inquiry_free(&controller->inquiry);
	controller->pass_tools.inquiry = NULL;
	condition_gauge_free(&controller->pass_tools.conditions);
	controller->passes = map_new(pass_release);
	internal_key_stop(controller->key);
}

static void on_everything(void *arg)
{
	work_begin(arg);
}

static void on_lead(void *arg, bool held)
{
	struct controller *controller = arg;

	controller->is_leading = held;
	if (controller->lease != NULL)
		log_info(held ? "lease.acquired" : "lease.lost", LOG_STR("identity", controller->tools.identity));
	if (held) {
		internal_key_start(controller->key);
		work_begin(controller);
	} else {
		work_end(controller);
	}
}

static void on_lease_trouble(void *arg, const struct err *err)
{
	struct controller *controller = arg;

	health_set(controller->tools.health, "lease", err == NULL, err == NULL ? NULL : err->message);
	if (err != NULL)
		log_warn("lease.failed", LOG_ERR(err));
}

static void on_key_trouble(void *arg, const struct err *err)
{
	struct controller *controller = arg;

	health_set(controller->tools.health, "internal-key", err == NULL, err == NULL ? NULL : err->message);
	complain(controller, "internal-key", err);
}

struct controller *controller_new(const struct controller_tools *tools)
{
	struct controller *controller = mem_alloc(sizeof(*controller));
	const struct observe_options observe = {
		.gateway_namespace = tools->name_space,
		.gateway_service = tools->options->gateway_service,
		.health = tools->health,
		.arg = controller,
		.on_agent = agent_enqueue,
		.on_pod = on_pod,
		.on_everything = on_everything,
	};
	const struct internal_key_options key = {
		.name_space = tools->name_space,
		.secret = tools->options->internal_secret,
		.arg = controller,
		.on_change = on_everything,
		.on_trouble = on_key_trouble,
	};
	const struct kube_lease_options lease = {
		.name_space = tools->name_space,
		.name = LEASE_NAME,
		.identity = tools->identity,
		.on_change = on_lead,
		.on_trouble = on_lease_trouble,
		.arg = controller,
	};

	controller->tools = *tools;
	controller->passes = map_new(pass_release);
	controller->settled = map_new(mem_release);
	controller->farewells = map_new(NULL);
	controller->complaints = map_new(mem_release);
	controller->observe = observe_new(tools->loop, tools->client, &observe);
	controller->key = internal_key_new(tools->loop, tools->client, &key);
	controller->recorder = kube_recorder_new(tools->loop, tools->client, "krypton-controller", tools->identity);
	if (tools->options->elects_leader)
		controller->lease = kube_lease_new(tools->loop, tools->client, &lease);
	controller->pass_tools = (struct pass_tools){
		.options = tools->options,
		.client = tools->client,
		.recorder = controller->recorder,
		.observe = controller->observe,
		.key = controller->key,
		.metrics = tools->metrics,
		.settled = controller->settled,
		.farewells = controller->farewells,
		.rolling = &controller->rolling,
		.arg = controller,
		.on_done = on_pass_done,
	};
	return controller;
}

void controller_start(struct controller *controller)
{
	observe_start(controller->observe);
	if (controller->lease != NULL)
		kube_lease_start(controller->lease);
	else
		on_lead(controller, true);
}

void controller_stop(struct controller *controller, void (*on_stopped)(void *arg), void *arg)
{
	work_end(controller);
	controller->is_leading = false;
	if (controller->lease != NULL)
		kube_lease_release(controller->lease, on_stopped, arg);
	else
		loop_defer(controller->tools.loop, on_stopped, arg);
}

void controller_free(struct controller **controller)
{
	struct controller *gone = *controller;

	if (gone == NULL)
		return;
	work_end(gone);
	kube_lease_free(&gone->lease);
	observe_free(&gone->observe);
	internal_key_free(&gone->key);
	kube_recorder_free(&gone->recorder);
	map_free(&gone->passes);
	map_free(&gone->settled);
	map_free(&gone->farewells);
	map_free(&gone->complaints);
	mem_release(gone);
	*controller = NULL;
}

void controller_measure(struct controller *controller)
{
	struct metrics *metrics = controller->tools.metrics;
	size_t depth = controller->queue == NULL ? 0 : kube_queue_depth(controller->queue);

	metrics_set(metrics, METRIC_QUEUE_DEPTH, NULL, (double)depth);
	metrics_set(metrics, METRIC_AGENTS, NULL, (double)observe_agent_count(controller->observe));
	metrics_set(metrics, METRIC_LEADER, NULL, controller->is_leading ? 1 : 0);
	controller_metrics_take_counts(metrics, &controller->counts, kube_client_get_counts(controller->tools.client));
}
