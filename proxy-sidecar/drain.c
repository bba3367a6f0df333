/* SPDX-License-Identifier: Apache-2.0 */
/* Drain and retire: changes of the gate's state and what follows. A drain ends when nothing runs, or at its bound; then the preStop
   call is answered (the agent gets its SIGTERM), the process ends if it was told to, and otherwise waits for the agent's return. */
#include "proxy-sidecar/drain.h"

#include "base/log.h"
#include "base/loop.h"
#include "proxy-sidecar/own_paths.h"
#include "proxy-sidecar/waiting.h"

/* The kubelet restarted just the agent's container: this pod goes on. */
static void on_agent_restarted(void *arg)
{
	struct sidecar *sidecar = arg;

	if (sidecar->is_stopping)
		return;
	sidecar->gate.state = GATE_OPEN;
	listener_close_after_answers(sidecar->listener, false);
	log_info("drain.undone", LOG_STR("agent", sidecar->options->agent_name),
		LOG_STR("namespace", sidecar->options->agent_namespace));
}

static void end_once(struct sidecar *sidecar, int cut)
{
	if (sidecar->drain_has_ended)
		return;
	sidecar->drain_has_ended = true;
	if (cut > 0)
		metrics_add(sidecar->metrics, METRIC_DRAIN_CUT,
			METRIC_LABELS(sidecar->options->agent_name, sidecar->options->agent_namespace), cut);
	log_info("drain.ended", LOG_STR("agent", sidecar->options->agent_name),
		LOG_STR("namespace", sidecar->options->agent_namespace),
		LOG_INT("took_ms", loop_now_ms(sidecar->loop) - sidecar->gate.closed_ms), LOG_INT("cut", cut));
	if (!sidecar->is_stopping)
		readiness_watch_restart(sidecar->readiness, on_agent_restarted, sidecar);
}

/* Also for whoever comes after the end: another drain call, or the SIGTERM. */
static void finish(struct sidecar *sidecar, int cut)
{
	struct visit *visit;

	loop_timer_cancel(sidecar->drain_timer);
	end_once(sidecar, cut);
	while ((visit = waiting_take(sidecar, VISIT_WAIT_DRAIN)) != NULL)
		own_paths_answer_waiting(sidecar, visit);
	if (sidecar->is_stopping)
		loop_stop(sidecar->loop);
}

void drain_check(struct sidecar *sidecar)
{
	int64_t now_ms = loop_now_ms(sidecar->loop);

	if (sidecar->gate.state != GATE_DRAINING)
		return;
	if (gate_is_drained(&sidecar->gate, now_ms))
		finish(sidecar, 0);
	else if (now_ms >= sidecar->drain_bound_ms)
		finish(sidecar, sidecar->gate.requests + sidecar->gate.streams);
	else if (now_ms - sidecar->gate.closed_ms < GATE_SERVICE_GRACE_MS &&
		sidecar->drain_bound_ms > sidecar->gate.closed_ms + GATE_SERVICE_GRACE_MS)
		loop_timer_set(sidecar->drain_timer, sidecar->gate.closed_ms + GATE_SERVICE_GRACE_MS - now_ms);
	else
		loop_timer_set(sidecar->drain_timer, sidecar->drain_bound_ms - now_ms);
}

void drain_start(struct sidecar *sidecar)
{
	struct visit *visit;

	if (sidecar->gate.state != GATE_DRAINING) {
		/* What ran in a retired pod has had its time since then. */
		if (sidecar->gate.state == GATE_OPEN)
			sidecar->gate.closed_ms = loop_now_ms(sidecar->loop);
		sidecar->gate.state = GATE_DRAINING;
		sidecar->drain_has_ended = false;
		sidecar->drain_bound_ms = sidecar->gate.closed_ms + sidecar->options->shutdown_timeout_ms;
		listener_close_after_answers(sidecar->listener, true);
		log_info("drain.started", LOG_STR("agent", sidecar->options->agent_name),
			LOG_STR("namespace", sidecar->options->agent_namespace), LOG_INT("running", sidecar->gate.requests),
			LOG_INT("streams", sidecar->gate.streams));
		while ((visit = waiting_take(sidecar, VISIT_WAIT_READY)) != NULL)
			own_paths_answer_waiting(sidecar, visit);
	}
	drain_check(sidecar);
}

bool drain_retire(struct sidecar *sidecar, bool retires)
{
	if (sidecar->gate.state == GATE_DRAINING)
		return false;
	if (retires && sidecar->gate.state == GATE_OPEN)
		sidecar->gate.closed_ms = loop_now_ms(sidecar->loop);
	if (!retires && sidecar->gate.state == GATE_RETIRED)
		hello_say(sidecar->hello);
	sidecar->gate.state = retires ? GATE_RETIRED : GATE_OPEN;
	/* The Service's clients are served, and find another pod when they come again. */
	listener_close_after_answers(sidecar->listener, retires);
	log_info(retires ? "pod.retired" : "pod.unretired", LOG_STR("agent", sidecar->options->agent_name),
		LOG_STR("namespace", sidecar->options->agent_namespace), LOG_INT("running", sidecar->gate.requests));
	return true;
}
