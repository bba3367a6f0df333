/* SPDX-License-Identifier: Apache-2.0 */
/* Waking and lastInvocationAt are one write, so that the scaler never sees a woken agent that nobody has called. */
#include "gateway/wake.h"

#include "base/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "gateway/gateway.h"
#include "gateway/last_invocation.h"
#include "gateway/route.h"
#include "krypton/labels.h"

#include <jansson.h>

#define SETTLE_MS      1000 /* until our own write has surely come back by the watch */
#define BACKOFF_MS     200
#define BACKOFF_MAX_MS 5000

struct wake {
	struct route *route;
	struct kube_call *call;   /* a read or a write under way */
	struct loop_timer *again; /* after a failure */
	int failures;
	struct loop_timer *note; /* when our newest invocation may be told */
	struct last_invocation known;
	int64_t telling_ms; /* what the write under way tells */
};

static struct kube_target status_of(const struct route *route)
{
	return (struct kube_target){ .resource = &KUBE_AGENTS,
		.name_space = route->name_space,
		.name = route->name,
		.subresource = "status",
		.deadline_ms = KUBE_URGENT_DEADLINE_MS };
}

static void log_failed(const struct wake *wake, const char *event, const struct err *err)
{
	log_warn(event, LOG_STR("agent", wake->route->name), LOG_STR("namespace", wake->route->name_space), LOG_ERR(err));
}

static void patch_awake(struct wake *wake, const char *resource_version);

/* Read again after a conflict: the newest word counts, not the cache's. */
static void on_read(void *arg, const struct json_t *object, const struct err *err)
{
	struct wake *wake = arg;

	wake->call = NULL;
	if (err != NULL) {
		log_failed(wake, "wake.failed", err);
		loop_timer_set(wake->again, random_backoff_ms(wake->failures++, BACKOFF_MS, BACKOFF_MAX_MS));
		return;
	}
	if (json_int_at(object, "/status/desiredReplicas", 0) == 0)
		patch_awake(wake, json_text_at(object, "/metadata/resourceVersion"));
	/* else somebody was faster, and the scaler still learns that somebody called: the note is due */
}

static void told(struct wake *wake)
{
	wake->failures = 0;
	wake->known.written_ms = wake->known.our_write_ms = wake->telling_ms;
}

static void on_patched(void *arg, const struct json_t *object, const struct err *err)
{
	struct wake *wake = arg;
	struct kube_target agent = status_of(wake->route);

	(void)object;
	wake->call = NULL;
	if (err == NULL) {
		told(wake);
		loop_timer_set(wake->again, SETTLE_MS);
		log_info("agent.woken", LOG_STR("agent", wake->route->name), LOG_STR("namespace", wake->route->name_space),
			LOG_INT("waiting", (int64_t)wake->route->line.count));
		return;
	}
	if (err->code == ERR_CONFLICT) {
		agent.subresource = NULL;
		wake->call = kube_get(wake->route->gateway->client, &agent, on_read, wake);
		return;
	}
	log_failed(wake, "wake.failed", err);
	loop_timer_set(wake->again, random_backoff_ms(wake->failures++, BACKOFF_MS, BACKOFF_MAX_MS));
}

static void patch_awake(struct wake *wake, const char *resource_version)
{
	struct kube_target target = status_of(wake->route);
	char now[INSTANT_TEXT_BYTES];
	scoped_json patch = json_object();

	wake->telling_ms = instant_wall_ms();
	instant_format(wake->telling_ms, now);
	json_put_text(patch, "/metadata/resourceVersion", resource_version);
	json_put(patch, "/status/desiredReplicas", json_integer(1));
	json_put_text(patch, "/status/lastInvocationAt", now);
	wake->call = kube_merge_patch(wake->route->gateway->client, &target, patch, FIELD_MANAGER_GATEWAY, on_patched, wake);
}

void wake_start(struct wake *wake)
{
	if (wake->call == NULL && !loop_timer_is_set(wake->again))
		patch_awake(wake, wake->route->agent->resource_version);
}

static void note_plan(struct wake *wake);

static void on_noted(void *arg, const struct json_t *object, const struct err *err)
{
	struct wake *wake = arg;

	(void)object;
	wake->call = NULL;
	if (err != NULL) {
		if (err->code != ERR_CONFLICT) /* else what was faster comes by the watch, and may tell more than ours */
			log_failed(wake, "last_invocation.unwritten", err);
		loop_timer_set(wake->note, random_backoff_ms(wake->failures++, BACKOFF_MS, BACKOFF_MAX_MS));
	} else {
		told(wake);
		note_plan(wake);
	}
	if (wake->route->line.count > 0)
		route_kick(wake->route); /* a wake may have had to wait for this call's end */
}

static void note_write(struct wake *wake)
{
	struct kube_target target = status_of(wake->route);
	char begun[INSTANT_TEXT_BYTES];
	scoped_json patch = json_object();

	wake->telling_ms = wake->known.begun_ms;
	instant_format(wake->telling_ms, begun);
	json_put_text(patch, "/metadata/resourceVersion", wake->route->agent->resource_version);
	json_put_text(patch, "/status/lastInvocationAt", begun);
	wake->call = kube_merge_patch(wake->route->gateway->client, &target, patch, FIELD_MANAGER_GATEWAY, on_noted, wake);
}

/* What other gateways wrote has come by the watch. */
static struct last_invocation_turn note_turn(struct wake *wake)
{
	if (wake->route->agent->last_invocation_ms > wake->known.written_ms)
		wake->known.written_ms = wake->route->agent->last_invocation_ms;
	return last_invocation_turn(&wake->known);
}

static void note_plan(struct wake *wake)
{
	struct last_invocation_turn turn;

	if (wake->route->agent == NULL)
		return;
	turn = note_turn(wake);
	if (turn.at_ms != 0)
		loop_timer_set(wake->note, turn.at_ms - instant_wall_ms() + random_below(turn.spread_ms));
}

static void on_note_due(void *arg)
{
	struct wake *wake = arg;
	struct last_invocation_turn turn;

	if (wake->route->agent == NULL)
		return;
	turn = note_turn(wake);
	if (turn.at_ms == 0)
		return;
	if (wake->call != NULL)
		loop_timer_set(wake->note, BACKOFF_MS); /* one write at a time, and this one may take long */
	else if (turn.at_ms <= instant_wall_ms())
		note_write(wake);
	else
		note_plan(wake);
}

void wake_note_invocation(struct wake *wake)
{
	wake->known.begun_ms = instant_wall_ms();
	if (!loop_timer_is_set(wake->note))
		note_plan(wake);
}

static void on_again(void *arg)
{
	struct wake *wake = arg;

	if (wake->route->line.count > 0)
		route_kick(wake->route);
}

struct wake *wake_new(struct route *route)
{
	struct wake *wake = mem_alloc(sizeof(*wake));

	wake->route = route;
	wake->again = loop_timer_new(route->gateway->loop, on_again, wake);
	wake->note = loop_timer_new(route->gateway->loop, on_note_due, wake);
	return wake;
}

void wake_free(struct wake **wake)
{
	if (*wake == NULL)
		return;
	kube_call_cancel(&(*wake)->call);
	loop_timer_free(&(*wake)->again);
	loop_timer_free(&(*wake)->note);
	mem_release(*wake);
	*wake = NULL;
}
