/* SPDX-License-Identifier: Apache-2.0 */
/* The long poll `/readyz?wait=10s` answers the moment the agent accepts: neither the kubelet's probe period nor its publishing of
   readiness is waited for. It ends before the first in line has waited too long, so that a 504 can name what the sidecar saw.
   Questions carry no gateway marker, so the sidecar answers them itself. */
#include "gateway/probe.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "krypton/labels.h"
#include "net/call.h"

#define DIAL_TIMEOUT_MS  1000
#define READY_WAIT_MS    10000
#define READY_MARGIN_MS  300 /* for the answer to come back before a waiting client's deadline */
#define READY_TIMEOUT_MS 12000
#define READY_AGAIN_MS   100
#define HELLO_TIMEOUT_MS 5000
#define SLOT_TIMEOUT_MS  2000
#define ANSWER_MAX_BYTES (16 * 1024)

struct probe {
	struct pod *pod;
	struct loop *loop;
	struct loop_timer *timer; /* between two tries */
	struct call *call;
	void (*ask)(struct probe *probe);
	char extra[sizeof(HEADER_TOKEN) + INTERNAL_TOKEN_BYTES + 8];
};

void probe_cancel(struct pod *pod)
{
	struct probe *probe = pod->probe;

	if (probe == NULL)
		return;
	call_cancel(&probe->call);
	loop_timer_free(&probe->timer);
	mem_release(probe);
	pod->probe = NULL;
}

static bool somebody_waits(const struct pod *pod)
{
	return pod->route != NULL && pod->route->line.count > 0;
}

static void note_warm(struct pod *pod)
{
	pod->is_warm = !pod->is_ready;
	pod->avoid_until_ms = 0;
	pod_note_reached(pod);
	pod->unlisted_since_ms = loop_now_ms(pod->probe->loop);
	probe_cancel(pod);
	route_kick(pod->route);
}

/* The cause in a 503's body: for the 504 that a waiting client may get. */
static void note_reason(struct route *route, struct text body)
{
	struct err err = { 0 };
	scoped_json problem = json_parse(body, &err);
	const char *reason = problem != NULL ? json_text_at(problem, "/reason") : NULL;
	const char *detail = problem != NULL ? json_text_at(problem, "/error") : NULL;

	if (reason == NULL)
		return;
	(void)snprintf(route->seen_reason, sizeof(route->seen_reason), "%s", reason);
	(void)snprintf(route->seen_detail, sizeof(route->seen_detail), "%s", detail != NULL ? detail : "");
}

static void on_ready_answer(void *arg, const struct call_answer *answer)
{
	struct probe *probe = arg;
	struct pod *pod = probe->pod;

	probe->call = NULL;
	if (answer->status == 200) {
		note_warm(pod);
		return;
	}
	if (answer->status == 503)
		note_reason(pod->route, answer->body);
	if (somebody_waits(pod) && pod_may_become_usable(pod))
		loop_timer_set(probe->timer, READY_AGAIN_MS);
	else
		probe_cancel(pod);
}

static void on_hello_answer(void *arg, const struct call_answer *answer)
{
	struct probe *probe = arg;
	struct pod *pod = probe->pod;
	struct route *route = pod->route;

	probe->call = NULL;
	if (answer->status == 200) {
		note_warm(pod);
		return;
	}
	probe_cancel(pod);
	if (!pod->is_listed)
		route_forget_pod(route, pod);
	route_kick(route); /* a pod that is listed is asked as before */
}

static void on_slot_answer(void *arg, const struct call_answer *answer)
{
	struct probe *probe = arg;
	struct pod *pod = probe->pod;
	struct err err = { 0 };
	scoped_json load = answer->status == 200 ? json_parse(answer->body, &err) : NULL;

	probe->call = NULL;
	if (load != NULL)
		pod_note_inflight(pod, (int)json_int_at(load, "/inflight", pod->running + pod->others), loop_now_ms(probe->loop));
	if (somebody_waits(pod) && pod->others > 0) {
		loop_timer_set(probe->timer, pod->route->gateway->options->poll_interval_ms);
		route_kick(pod->route);
	} else {
		probe_cancel(pod);
		if (pod->route != NULL)
			route_kick(pod->route);
	}
}

static void ask(
	struct probe *probe, const char *target, int64_t timeout_ms, void (*on_done)(void *arg, const struct call_answer *answer))
{
	probe->call = call_start(probe->loop,
		&(struct call_options){ .address = *upstream_address(probe->pod->upstream),
			.method = "GET",
			.target = target,
			.host = probe->pod->ip,
			.extra = probe->extra,
			.connect_timeout_ms = DIAL_TIMEOUT_MS,
			.timeout_ms = timeout_ms,
			.max_body_bytes = ANSWER_MAX_BYTES,
			.arg = probe,
			.on_done = on_done });
}

static void ask_ready(struct probe *probe)
{
	int64_t wait_ms = route_wait_left_ms(probe->pod->route) - READY_MARGIN_MS;
	char target[48];

	wait_ms = wait_ms < 0 ? 0 : wait_ms > READY_WAIT_MS ? READY_WAIT_MS : wait_ms;
	(void)snprintf(target, sizeof(target), "/readyz?wait=%" PRId64 "ms", wait_ms);
	ask(probe, target, READY_TIMEOUT_MS, on_ready_answer);
}

static void ask_hello(struct probe *probe)
{
	ask(probe, "/readyz?wait=4s", HELLO_TIMEOUT_MS, on_hello_answer);
}

static void ask_slot(struct probe *probe)
{
	ask(probe, "/_krypton/inflight", SLOT_TIMEOUT_MS, on_slot_answer);
}

static void on_due(void *arg)
{
	struct probe *probe = arg;

	probe->ask(probe);
}

static struct probe *start(struct pod *pod, void (*how)(struct probe *probe))
{
	struct probe *probe = mem_alloc(sizeof(*probe));

	probe->pod = pod;
	probe->loop = pod->route->gateway->loop;
	probe->timer = loop_timer_new(probe->loop, on_due, probe);
	probe->ask = how;
	pod->probe = probe;
	return probe;
}

void probe_ready(struct pod *pod)
{
	if (pod->probe == NULL)
		ask_ready(start(pod, ask_ready));
}

/* What it said a moment ago need not be asked again; what it said long ago is asked at once. */
void probe_slot(struct pod *pod)
{
	int64_t age_ms, period_ms = pod->route->gateway->options->poll_interval_ms;

	if (pod->probe != NULL)
		return;
	age_ms = loop_now_ms(pod->route->gateway->loop) - pod->others_since_ms;
	loop_timer_set(start(pod, ask_slot)->timer, age_ms < period_ms ? period_ms - age_ms : 0);
}

void probe_hello(struct pod *pod, const char *token)
{
	struct probe *probe = pod->probe;

	if (probe != NULL && probe->ask == ask_hello)
		return;
	probe_cancel(pod);
	probe = start(pod, ask_hello);
	(void)snprintf(probe->extra, sizeof(probe->extra), HEADER_TOKEN ": %s\r\n", token);
	ask_hello(probe);
}
