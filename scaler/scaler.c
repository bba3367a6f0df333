/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler: every interval each target decides on what its pods and the gateways have said; a line at a gateway is decided on at
 * once. */
#include "scaler/scaler.h"

#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "kube/recorder.h"
#include "scaler/gateways.h"
#include "scaler/target.h"

static void target_release(void *value)
{
	struct target *target = value;

	target_free(&target);
}

static void on_agent(void *arg, const char *key, const struct agent *agent)
{
	struct scaler *scaler = arg;
	struct target *target = map_get(scaler->targets, key);

	if (target == NULL && agent != NULL) {
		map_put(scaler->targets, key, target_new(scaler, key, agent));
	} else if (target != NULL && agent != NULL) {
		target->agent = agent;
		target_stir(target);
	} else if (target != NULL) {
		metrics_forget_agent(scaler->metrics, target->name, target->name_space);
		map_remove(scaler->targets, key);
	}
}

static void on_endpoints(void *arg, const char *key, const struct endpoint *const *endpoints, size_t count)
{
	struct scaler *scaler = arg;
	struct target *target = map_get(scaler->targets, key);

	if (target == NULL)
		return;
	target_set_endpoints(target, endpoints, count);
	target_stir(target);
}

static void on_state(void *arg, const char *resource, const struct err *err)
{
	struct scaler *scaler = arg;

	health_set(scaler->common.health, resource, err == NULL, err != NULL ? err->message : NULL);
	if (err != NULL)
		log_warn("watch.interrupted", LOG_STR("resource", resource), LOG_ERR(err));
	else
		log_info("watch.synced", LOG_STR("resource", resource));
}

static void on_unreadable(void *arg, const char *key, const struct err *err)
{
	(void)arg;
	log_warn("agent.unreadable", LOG_STR("agent", key), LOG_ERR(err));
}

/* With a list half read, an absent pod might only be unread: nobody decides before both are complete. */
static bool may_decide(const struct scaler *scaler)
{
	return scaler->decides && roster_is_complete(scaler->roster);
}

static bool visit_target(void *arg, const char *key, void *value)
{
	const int64_t *now_ms = arg;

	(void)key;
	if (target_rests(value, *now_ms))
		return true;
	target_decide(value);
	target_sample(value, false);
	return true;
}

static void on_tick(void *arg)
{
	struct scaler *scaler = arg;
	int64_t now_ms = loop_now_ms(scaler->loop);

	if (may_decide(scaler))
		map_each(scaler->targets, visit_target, &now_ms);
	loop_timer_set(scaler->tick, scaler->options->interval_ms);
}

static void on_waiting(void *arg, const char *key)
{
	struct scaler *scaler = arg;
	struct target *target = map_get(scaler->targets, key);

	if (target == NULL || !may_decide(scaler))
		return;
	target_stir(target);
	/* What the pods say counts at the next look, which is soon where somebody waits. At the maximum the interval will do. */
	if (agent_wanted_replicas(target->agent) < target->agent->max_replicas)
		target_sample(target, true);
	target_decide(target);
}

static bool take_over_target(void *arg, const char *key, void *value)
{
	(void)arg;
	(void)key;
	target_take_over(value);
	return true;
}

static void on_lease(void *arg, bool held)
{
	struct scaler *scaler = arg;

	if (held)
		map_each(scaler->targets, take_over_target, NULL);
	scaler->decides = held;
	metrics_set(scaler->metrics, METRIC_LEADER, NULL, held);
	log_info(held ? "leadership.taken" : "leadership.lost", LOG_STR("identity", scaler->options->pod_name));
}

static void on_lease_trouble(void *arg, const struct err *err)
{
	(void)arg;
	if (err != NULL)
		log_warn("lease.failed", LOG_ERR(err));
}

static void start(struct scaler *scaler)
{
	const struct scaler_options *options = scaler->options;

	health_set(scaler->common.health, "agents", false, "not listed yet");
	health_set(scaler->common.health, "endpointslices", false, "not listed yet");
	scaler->gateways = gateways_new(scaler->loop, scaler->client,
		&(struct gateways_options){ .name_space = options->pod_namespace,
			.service = options->gateway_service,
			.arg = scaler,
			.on_waiting = on_waiting,
			.on_state = on_state });
	scaler->recorder = kube_recorder_new(scaler->loop, scaler->client, "krypton-scaler", options->pod_name);
	scaler->roster = roster_new(scaler->loop, scaler->client,
		&(struct roster_options){ .arg = scaler,
			.on_agent = on_agent,
			.on_endpoints = on_endpoints,
			.on_state = on_state,
			.on_unreadable = on_unreadable });
	scaler->decides = !options->leader_elect;
	metrics_set(scaler->metrics, METRIC_LEADER, NULL, scaler->decides);
	if (options->leader_elect) {
		scaler->lease = kube_lease_new(scaler->loop, scaler->client,
			&(struct kube_lease_options){ .name_space = options->pod_namespace,
				.name = "krypton-scaler",
				.identity = options->pod_name,
				.on_change = on_lease,
				.on_trouble = on_lease_trouble,
				.arg = scaler });
		kube_lease_start(scaler->lease);
	}
	loop_timer_set(scaler->tick, options->interval_ms);
}

struct scaler *scaler_new(struct loop *loop, const struct scaler_options *options, struct err *err)
{
	struct scaler *scaler = mem_alloc(sizeof(*scaler));
	const struct ops_pair_options ports = {
		.metrics_address = options->metrics_address, .health_address = options->health_address, .arg = scaler
	};

	scaler->loop = loop;
	scaler->options = options;
	scaler->metrics = scaler_metrics_new();
	scaler->targets = map_new(target_release);
	scaler->tick = loop_timer_new(loop, on_tick, scaler);
	scaler->common = (struct ops_common){
		.health = health_new(), .metrics = scaler->metrics, .configuration = scaler_options_to_json(options)
	};
	if (mounted_key_read(options->internal_key_file, &scaler->key, err) == 0)
		scaler->client = kube_client_connect(loop, options->kubeconfig, "krypton-scaler", err);
	if (scaler->client == NULL || ops_pair_open(&scaler->ops, loop, &ports, err) < 0) {
		scaler_free(&scaler);
		return NULL;
	}
	start(scaler);
	return scaler;
}

void scaler_free(struct scaler **scaler)
{
	if (*scaler == NULL)
		return;
	ops_pair_close(&(*scaler)->ops);
	kube_lease_free(&(*scaler)->lease);
	map_free(&(*scaler)->targets);
	roster_free(&(*scaler)->roster);
	gateways_free(&(*scaler)->gateways);
	kube_recorder_free(&(*scaler)->recorder);
	kube_client_free(&(*scaler)->client);
	loop_timer_free(&(*scaler)->tick);
	health_free(&(*scaler)->common.health);
	json_release(&(*scaler)->common.configuration);
	metrics_free(&(*scaler)->metrics);
	mem_release(*scaler);
	*scaler = NULL;
}

static void on_released(void *arg)
{
	struct scaler *scaler = arg;

	loop_stop(scaler->loop);
}

void scaler_stop(struct scaler *scaler)
{
	health_set(scaler->common.health, "shutdown", false, "shutting down");
	scaler->decides = false;
	if (scaler->lease != NULL)
		kube_lease_release(scaler->lease, on_released, scaler);
	else
		loop_stop(scaler->loop);
}
