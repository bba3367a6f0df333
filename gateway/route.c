/* SPDX-License-Identifier: Apache-2.0 */
/* Matches waiting requests with free slots. Everything that may free a slot or bring a pod ends in route_dispatch(), which looks at
   the whole picture anew; there is no other way out of the line but a deadline or the client's leaving. */
#include "gateway/route.h"

#include <string.h>

#include "base/loop.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/invocation.h"
#include "gateway/load.h"
#include "gateway/pick.h"
#include "gateway/probe.h"
#include "gateway/wake.h"

#define NO_LIMIT INT32_MAX

static int64_t now_of(const struct route *route)
{
	return loop_now_ms(route->gateway->loop);
}

static void on_due(void *arg)
{
	route_dispatch(arg);
}

struct route *route_new(struct gateway *gateway, const struct agent *agent)
{
	struct route *route = mem_alloc(sizeof(*route));

	route->references = 1;
	route->gateway = gateway;
	route->name_space = mem_copy_text(agent->name_space);
	route->name = mem_copy_text(agent->name);
	route->agent = agent;
	route->timer = loop_timer_new(gateway->loop, on_due, route);
	route->wake = wake_new(route);
	return route;
}

struct route *route_ref(struct route *route)
{
	route->references++;
	return route;
}

static void let_go(struct pod *pod)
{
	probe_cancel(pod);
	upstream_retire(pod->upstream);
	pod->route = NULL;
	pod_unref(&pod);
}

void route_unref(struct route **route)
{
	if (*route != NULL && --(*route)->references == 0) {
		for (size_t i = 0; i < (*route)->pod_count; i++)
			let_go((*route)->pods[i]);
		mem_release((*route)->pods);
		loop_timer_free(&(*route)->timer);
		wake_free(&(*route)->wake);
		mem_release((*route)->name_space);
		mem_release((*route)->name);
		mem_release(*route);
	}
	*route = NULL;
}

void route_kick(struct route *route)
{
	loop_timer_set(route->timer, 0);
}

void route_set_agent(struct route *route, const struct agent *agent)
{
	route->agent = agent;
	route_kick(route);
}

struct pod *route_pod_at(struct route *route, const char *ip)
{
	struct pod *pod;

	for (size_t i = 0; i < route->pod_count; i++) {
		if (strcmp(route->pods[i]->ip, ip) == 0)
			return route->pods[i];
	}
	if (route->pod_count == ROUTE_MAX_PODS)
		return NULL;
	pod = pod_new(route->gateway->loop, ip, route->gateway->options->connect_timeout_ms);
	if (pod == NULL)
		return NULL;
	pod->route = route;
	pod->unlisted_since_ms = now_of(route);
	route->pods = mem_resize(route->pods, (route->pod_count + 1) * sizeof(struct pod *));
	route->pods[route->pod_count++] = pod;
	return pod;
}

void route_set_endpoints(struct route *route, const struct endpoint *const *endpoints, size_t count)
{
	int64_t now_ms = now_of(route);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		(void)route_pod_at(route, endpoints[i]->ip);
	for (size_t i = 0; i < route->pod_count; i++) {
		struct pod *pod = route->pods[i];
		bool was_listed = pod->is_listed;

		pod_set_listed(pod, endpoints_find(endpoints, count, pod->ip), now_ms);
		if (pod->is_listed || (!was_listed && (pod->probe != NULL || pod_is_on_its_word(pod, now_ms))))
			route->pods[kept++] = pod;
		else
			let_go(pod);
	}
	route->pod_count = kept;
	route_kick(route);
}

void route_forget_pod(struct route *route, struct pod *pod)
{
	size_t kept = 0;

	for (size_t i = 0; i < route->pod_count; i++) {
		if (route->pods[i] != pod)
			route->pods[kept++] = route->pods[i];
	}
	route->pod_count = kept;
	let_go(pod);
}

size_t route_usable_pods(const struct route *route, int64_t now_ms)
{
	size_t usable = 0;

	for (size_t i = 0; i < route->pod_count; i++)
		usable += pod_is_usable(route->pods[i], now_ms);
	return usable;
}

static struct pod *pick(struct route *route, int limit)
{
	int64_t now_ms = now_of(route);
	struct pick_candidate *candidates = mem_alloc_array(route->pod_count + 1, sizeof(*candidates));
	int found;

	for (size_t i = 0; i < route->pod_count; i++)
		candidates[i] = (struct pick_candidate){ .is_usable = pod_is_usable(route->pods[i], now_ms) &&
				(limit == NO_LIMIT || !pod_is_full(route->pods[i])),
			.inflight = route->pods[i]->running + route->pods[i]->others };
	found = pick_pod(candidates, route->pod_count, limit, PICK_NONE, route->turn++);
	mem_release(candidates);
	return found == PICK_NONE ? NULL : route->pods[found];
}

struct pod *route_pick_any(struct route *route)
{
	return pick(route, NO_LIMIT);
}

/* Since when, and for how long, may the first in line wait: for a first pod, or for a free slot. */
static int64_t deadline_of(const struct route *route, const struct invocation *invocation)
{
	const struct gateway_options *options = route->gateway->options;
	int64_t since_ms = invocation->arrived_ms;

	if (!route->was_usable)
		return since_ms +
			(route->agent->has_startup_timeout ? route->agent->startup_timeout_ms
							   : options->default_startup_timeout_ms);
	if (route->usable_since_ms > since_ms)
		since_ms = route->usable_since_ms;
	return since_ms + options->max_queue_wait_ms;
}

int64_t route_wait_left_ms(const struct route *route)
{
	int64_t left_ms =
		route->line.first != NULL && route->agent != NULL ? deadline_of(route, route->line.first) - now_of(route) : 0;

	return left_ms > 0 ? left_ms : 0;
}

int route_retry_after_s(const struct route *route)
{
	return service_rate_wait_s(&route->rate, now_of(route), route->line.count, route_wait_left_ms(route));
}

static void note_usable(struct route *route, int64_t now_ms)
{
	bool is_usable = route_usable_pods(route, now_ms) > 0;

	if (is_usable && !route->was_usable) {
		route->usable_since_ms = now_ms;
		route->seen_reason[0] = route->seen_detail[0] = '\0';
		if (route->has_cold_line)
			metrics_add(route->gateway->metrics, METRIC_COLD_STARTS, METRIC_LABELS(route->name, route->name_space), 1);
	}
	route->was_usable = is_usable;
	route->has_cold_line = !is_usable && route->line.count > 0;
}

static void refuse_all(struct route *route)
{
	while (route->line.first != NULL)
		invocation_refuse(route->line.first, REFUSAL_NO_AGENT);
}

static bool has_ready_pod(const struct route *route)
{
	for (size_t i = 0; i < route->pod_count; i++) {
		if (route->pods[i]->is_ready && !route->pods[i]->is_terminating)
			return true;
	}
	return false;
}

/* Why the first in line has waited in vain. A pod that Kubernetes calls ready and that failed it is no slow start. */
static enum refusal overdue_refusal(const struct route *route)
{
	if (route->was_usable)
		return REFUSAL_QUEUE_TIMEOUT;
	return route->line.first->failures > 0 && has_ready_pod(route) ? REFUSAL_UNREACHABLE : REFUSAL_START_TIMEOUT;
}

static void refuse_overdue(struct route *route, int64_t now_ms)
{
	while (route->line.first != NULL && deadline_of(route, route->line.first) <= now_ms)
		invocation_refuse(route->line.first, overdue_refusal(route));
}

/* Whoever still waits: pods are asked, or made. */
static void work_for_line(struct route *route, int64_t now_ms)
{
	int64_t next_ms = deadline_of(route, route->line.first);

	for (size_t i = 0; i < route->pod_count; i++) {
		struct pod *pod = route->pods[i];

		if (pod_may_become_usable(pod))
			probe_ready(pod);
		else if (route->was_usable && pod->others > 0)
			probe_slot(pod);
		if (pod->avoid_until_ms > now_ms && pod->avoid_until_ms < next_ms)
			next_ms = pod->avoid_until_ms;
	}
	if (!route->was_usable && agent_wanted_replicas(route->agent) == 0)
		wake_start(route->wake);
	loop_timer_set(route->timer, next_ms - now_ms);
}

void route_dispatch(struct route *route)
{
	struct route *held = route_ref(route);
	int64_t now_ms = now_of(route);
	struct pod *pod;

	loop_timer_cancel(route->timer);
	if (route->agent == NULL) {
		refuse_all(route);
	} else {
		note_usable(route, now_ms);
		while (route->line.first != NULL && (pod = pick(route, route->agent->concurrency)) != NULL)
			invocation_forward(route->line.first, pod);
		refuse_overdue(route, now_ms);
		if (route->line.first != NULL)
			work_for_line(route, now_ms);
		if (route->line.first != NULL && !route->is_line_told) {
			route->is_line_told = true;
			load_note_line(route->gateway);
		}
	}
	route_unref(&held);
}
