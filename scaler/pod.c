/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that does not answer is unknown, not idle: its last figures stay beside the mark. What was asked before an order was given
 * is not listened to after it. */
#include "scaler/pod.h"

#include <stdio.h>

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "krypton/internal_token.h"
#include "krypton/labels.h"
#include "net/call.h"

#define IDLE_PERIOD_MS   10000
#define TIMEOUT_MS       2000
#define ANSWER_MAX_BYTES 4096
#define COUNT_MAX        1000000 /* no pod holds more */

/* Named once: an answer that cannot be so says nothing, and what was known before may no longer hold. */
static void note_unknown(struct pod *pod, const struct call_answer *answer)
{
	if (!pod->is_named && pod_counts(pod))
		log_warn("pod.unknown", LOG_STR("agent", pod->agent), LOG_STR("namespace", pod->name_space),
			LOG_STR("pod_ip", pod->ip), LOG_INT("status", answer->status),
			LOG_STR("cause", answer->status == 200 ? "the answer is not what a sidecar says" : "no answer"));
	pod->is_named = pod->is_named || pod_counts(pod);
	pod->is_known = false;
}

static void note_retired(struct pod *pod, bool is_retired)
{
	if (is_retired != pod->is_retired)
		pod->turned_ms = loop_now_ms(pod->loop);
	pod->is_retired = is_retired;
}

static bool is_count(int64_t count)
{
	return count >= 0 && count <= COUNT_MAX;
}

/* What changed since the answer before happened in between, whatever the sidecar's clock says. */
static void note_activity(struct pod *pod, int64_t last_activity_ms, int64_t now_ms)
{
	int64_t at_ms = now_ms - (instant_wall_ms() - last_activity_ms);

	if (last_activity_ms == pod->last_activity_ms)
		return;
	pod->last_activity_ms = last_activity_ms;
	pod->active_ms = at_ms < pod->answered_ms || at_ms > now_ms ? now_ms : at_ms;
}

static void tell_owner(struct pod *pod)
{
	if (pod->on_answer != NULL)
		pod->on_answer(pod->arg);
}

static void on_answer(void *arg, const struct call_answer *answer)
{
	struct pod *pod = arg;
	struct err err = { 0 };
	scoped_json load = answer->status == 200 ? json_parse(answer->body, &err) : NULL;
	int64_t inflight, streams;

	pod->question = NULL;
	pod->is_tried = true;
	inflight = load != NULL ? json_int_at(load, "/inflight", -1) : -1;
	streams = load != NULL ? json_int_at(load, "/streams", 0) : 0;
	if (!is_count(inflight) || !is_count(streams)) {
		note_unknown(pod, answer);
		tell_owner(pod);
		return;
	}
	if (pod->is_named)
		log_info("pod.known", LOG_STR("agent", pod->agent), LOG_STR("namespace", pod->name_space),
			LOG_STR("pod_ip", pod->ip));
	pod->is_known = pod->has_spoken = true;
	pod->is_named = false;
	pod->inflight = inflight;
	pod->streams = streams;
	note_retired(pod, json_bool_at(load, "/retired", false));
	note_activity(pod, json_int_at(load, "/lastActivity", 0) / 1000000, loop_now_ms(pod->loop));
	pod->answered_ms = loop_now_ms(pod->loop);
	tell_owner(pod);
}

static struct call *start(struct pod *pod, const char *method, const char *target, const char *extra,
	void (*on_done)(void *arg, const struct call_answer *answer))
{
	struct call_options options = { .method = method,
		.target = target,
		.host = pod->ip,
		.extra = extra,
		.connect_timeout_ms = TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
		.arg = pod,
		.on_done = on_done };
	struct err err = { 0 };

	if (address_of_ip(text_of(pod->ip), pod->port, &options.address, &err) < 0)
		return NULL;
	return call_start(pod->loop, &options);
}

void pod_ask(struct pod *pod)
{
	if (pod->question != NULL || pod->order != NULL)
		return;
	pod->asked_ms = loop_now_ms(pod->loop);
	pod->question = start(pod, "GET", "/_krypton/inflight", NULL, on_answer);
}

static void on_order_answer(void *arg, const struct call_answer *answer)
{
	struct pod *pod = arg;
	bool refused = answer->status >= 300;

	pod->order = NULL;
	if (answer->status >= 200 && !refused) {
		note_retired(pod, pod->order_retires);
		log_info(pod->is_retired ? "pod.retired" : "pod.recalled", LOG_STR("agent", pod->agent),
			LOG_STR("namespace", pod->name_space), LOG_STR("pod_ip", pod->ip), LOG_INT("running", pod_work(pod)));
	} else if (refused && !pod->refuses) {
		log_warn("retire.refused", LOG_STR("agent", pod->agent), LOG_STR("namespace", pod->name_space),
			LOG_STR("pod_ip", pod->ip), LOG_INT("status", answer->status));
	}
	pod->refuses = refused;
	pod_ask(pod);
}

void pod_order(struct pod *pod, bool retires, const char *token)
{
	char extra[sizeof(HEADER_TOKEN) + INTERNAL_TOKEN_BYTES + 8];

	if (pod->order != NULL)
		return;
	call_cancel(&pod->question);
	pod->answered_ms = 0;
	pod->order_retires = retires;
	(void)snprintf(extra, sizeof(extra), HEADER_TOKEN ": %s\r\n", token);
	pod->order = start(pod, retires ? "POST" : "DELETE", "/_krypton/retire", extra, on_order_answer);
}

bool pod_is_retired_for(const struct pod *pod, int64_t ms)
{
	return pod->is_retired && loop_now_ms(pod->loop) - pod->turned_ms >= ms;
}

bool pod_is_back_within(const struct pod *pod, int64_t ms)
{
	return !pod->is_retired && pod->turned_ms > 0 && loop_now_ms(pod->loop) - pod->turned_ms <= ms;
}

bool pod_was_tried(const struct pod *pod, int64_t since_ms)
{
	return pod->is_tried && pod->asked_ms >= since_ms && pod->question == NULL;
}

bool pod_was_emptied(const struct pod *pod)
{
	return pod->is_retired && pod->answered_ms >= pod->turned_ms && pod_work(pod) == 0;
}

int64_t pod_work(const struct pod *pod)
{
	return pod->inflight + pod->streams;
}

bool pod_counts(const struct pod *pod)
{
	return pod->is_ready || pod->is_retired || pod->has_spoken;
}

int64_t pod_quiet_ms(const struct pod *pod)
{
	return pod->active_ms == 0 ? INT64_MAX : loop_now_ms(pod->loop) - pod->active_ms;
}

int64_t pod_due_ms(const struct pod *pod)
{
	bool is_idle = pod_counts(pod) ? pod->is_known && pod_work(pod) == 0 : pod->asked_ms > 0;

	return is_idle && pod->question == NULL && pod->order == NULL ? pod->asked_ms + IDLE_PERIOD_MS : 0;
}

bool pod_is_due(const struct pod *pod, int64_t now_ms)
{
	return now_ms >= pod_due_ms(pod);
}

struct pod *pod_new(struct loop *loop, const char *agent, const char *name_space, const char *ip, uint16_t port)
{
	struct pod *pod = mem_alloc(sizeof(*pod));

	pod->loop = loop;
	pod->agent = agent;
	pod->name_space = name_space;
	pod->port = port;
	(void)snprintf(pod->ip, sizeof(pod->ip), "%s", ip);
	return pod;
}

void pod_free(struct pod **pod)
{
	if (*pod == NULL)
		return;
	call_cancel(&(*pod)->question);
	call_cancel(&(*pod)->order);
	mem_release(*pod);
	*pod = NULL;
}
