/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/lease.c — holding a Lease: when to read, write and give up. Who may
 * hold it is decided by kube/lease_rules.c. We say "lost" from a timer set when
 * a renewal was sent, so a server that does not answer cannot delay it.
 */
#include "kube/lease.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "kube/lease_rules.h"

#define TTL_MS         12000 /* and a candidate may have seen the last renewal POLL_MS late: 14 s after a death at the latest */
#define POLL_MS        2000  /* a candidate looks this often, so that a released Lease is soon taken */
#define RETRY_MS       1000
#define MAX_ATTEMPT_MS 5000 /* an answer later than this, or than a third of the ttl, is no use */
#define RELEASE_MS     2000
#define FIELD_MANAGER  "krypton-lease"

#define KUBE_LEASE_STATES(X)                               \
	X(IDLE)      /* not started */                     \
	X(READING)   /* asking who holds it */             \
	X(WRITING)   /* creating, taking or renewing it */ \
	X(WAITING)   /* until the next look or renewal */  \
	X(RELEASING) /* handing it back */                 \
	X(RELEASED)  /* done with it */

enum lease_state {
#define X(name) LEASE_##name,
	KUBE_LEASE_STATES(X)
#undef X
};

static const char *const STATE_NAMES[] = {
#define X(name) [LEASE_##name] = #name,
	KUBE_LEASE_STATES(X)
#undef X
};

#define TO(name) (1u << LEASE_##name)
static const unsigned EDGES[] = {
	[LEASE_IDLE] = TO(READING) | TO(RELEASED),
	[LEASE_READING] = TO(WRITING) | TO(WAITING) | TO(RELEASING) | TO(RELEASED),
	[LEASE_WRITING] = TO(WAITING) | TO(READING) | TO(RELEASING),
	[LEASE_WAITING] = TO(READING) | TO(WRITING) | TO(RELEASING) | TO(RELEASED),
	[LEASE_RELEASING] = TO(RELEASED),
	[LEASE_RELEASED] = TO(READING),
};

struct kube_lease {
	struct loop *loop;
	struct kube_client *client;
	struct kube_lease_options options; /* its texts are the copies below */
	char *name_space, *name, *identity;
	struct kube_lease_self self;
	struct kube_lease_record record;
	json_t *object; /* the Lease as last seen; NULL: none, or not known */
	enum lease_state state;
	struct kube_call *call;    /* READING, WRITING, RELEASING */
	struct loop_timer *next;   /* WAITING: the next step; READING, WRITING: the attempt takes too long; RELEASING: give up */
	struct loop_timer *expiry; /* while held: when we must stop */
	bool is_held;
	int64_t sent_ms; /* when the write that runs was sent */
	bool is_troubled;
	struct err trouble;
	void (*on_released)(void *arg);
	void *released_arg;
};

static void read_begin(struct kube_lease *lease, const char *why);
static void release_read(struct kube_lease *lease);

static void state_enter(struct kube_lease *lease, enum lease_state next, const char *why)
{
	BUG_ON((EDGES[lease->state] & (1u << next)) == 0);
	log_debug("lease.entered", LOG_STR("name", lease->name), LOG_STR("from", STATE_NAMES[lease->state]),
		LOG_STR("to", STATE_NAMES[next]), LOG_STR("why", why));
	lease->state = next;
}

static struct kube_target target_of(const struct kube_lease *lease)
{
	return (struct kube_target){ .resource = &KUBE_LEASES, .name_space = lease->name_space, .name = lease->name };
}

static void trouble_tell(struct kube_lease *lease, const struct err *err)
{
	bool is_same = err == NULL ? !lease->is_troubled : lease->is_troubled && strcmp(err->message, lease->trouble.message) == 0;

	lease->is_troubled = err != NULL;
	if (err != NULL)
		lease->trouble = *err;
	if (!is_same && lease->options.on_trouble != NULL)
		lease->options.on_trouble(lease->options.arg, err);
}

static void held_set(struct kube_lease *lease, bool is_held)
{
	if (lease->is_held == is_held)
		return;
	lease->is_held = is_held;
	if (!is_held)
		loop_timer_cancel(lease->expiry);
	lease->options.on_change(lease->options.arg, is_held);
}

static void on_expiry(void *arg)
{
	held_set(arg, false);
}

static void wait_begin(struct kube_lease *lease, int64_t pause_ms, const char *why)
{
	state_enter(lease, LEASE_WAITING, why);
	loop_timer_set(lease->next, pause_ms);
}

static void object_see(struct kube_lease *lease, const json_t *object)
{
	json_t *kept = object == NULL ? NULL : json_deep_copy(object);

	if (lease->object != NULL)
		json_release(&lease->object);
	lease->object = kept;
	kube_lease_record_see(&lease->record, object, loop_now_ms(lease->loop));
}

/* Until the holder may be dead, but not longer than a candidate sleeps. */
static int64_t candidate_pause_ms(const struct kube_lease *lease)
{
	int64_t poll_ms = lease->self.renew_ms < POLL_MS ? lease->self.renew_ms : POLL_MS;
	int64_t pause_ms = random_backoff_ms(0, poll_ms, poll_ms);
	int64_t left_ms = lease->record.seen_ms + lease->record.ttl_ms - loop_now_ms(lease->loop) + 1;

	return left_ms > 0 && left_ms < pause_ms ? left_ms : pause_ms;
}

static int64_t attempt_ms(const struct kube_lease *lease)
{
	return lease->self.ttl_ms / 3 < MAX_ATTEMPT_MS ? lease->self.ttl_ms / 3 : MAX_ATTEMPT_MS;
}

static void failed(struct kube_lease *lease, const struct err *err)
{
	int64_t pause_ms = err->retry_after_ms > 0 ? err->retry_after_ms : random_backoff_ms(0, RETRY_MS, RETRY_MS);

	trouble_tell(lease, err);
	wait_begin(lease, pause_ms < attempt_ms(lease) ? pause_ms : attempt_ms(lease), err->message);
}

static void on_written(void *arg, const json_t *object, const struct err *err)
{
	struct kube_lease *lease = arg;

	lease->call = NULL;
	loop_timer_cancel(lease->next);
	if (err != NULL && (err->code == ERR_CONFLICT || err->code == ERR_NOT_FOUND)) {
		read_begin(lease, "somebody else was faster");
		return;
	}
	if (err != NULL) {
		failed(lease, err);
		return;
	}
	object_see(lease, object);
	loop_timer_set(lease->expiry, kube_lease_held_until_ms(&lease->self, lease->sent_ms) - loop_now_ms(lease->loop));
	wait_begin(lease, random_backoff_ms(0, lease->self.renew_ms, lease->self.renew_ms) * 8 / 10, "renewed");
	trouble_tell(lease, NULL);
	held_set(lease, true);
}

static void write_begin(struct kube_lease *lease, const char *why)
{
	struct kube_target target = target_of(lease);
	scoped_json written = kube_lease_object(&lease->record, &lease->self, lease->object, false, instant_wall_ms());

	state_enter(lease, LEASE_WRITING, why);
	lease->sent_ms = loop_now_ms(lease->loop);
	loop_timer_set(lease->next, attempt_ms(lease));
	if (lease->record.is_there)
		lease->call = kube_update(lease->client, &target, written, FIELD_MANAGER, on_written, lease);
	else
		lease->call = kube_create(lease->client, &target, written, FIELD_MANAGER, on_written, lease);
}

static void on_read(void *arg, const json_t *object, const struct err *err)
{
	struct kube_lease *lease = arg;

	lease->call = NULL;
	loop_timer_cancel(lease->next);
	if (err != NULL && err->code != ERR_NOT_FOUND) {
		failed(lease, err);
		return;
	}
	object_see(lease, object);
	switch (kube_lease_next_move(&lease->record, &lease->self, loop_now_ms(lease->loop))) {
	case KUBE_LEASE_WAIT:
		wait_begin(lease, candidate_pause_ms(lease), "somebody else holds it");
		trouble_tell(lease, NULL);
		held_set(lease, false);
		return;
	case KUBE_LEASE_CREATE: write_begin(lease, "there is none"); return;
	case KUBE_LEASE_TAKE: write_begin(lease, "its holder is gone"); return;
	case KUBE_LEASE_RENEW: write_begin(lease, "it is ours"); return;
	}
}

static void read_begin(struct kube_lease *lease, const char *why)
{
	struct kube_target target = target_of(lease);

	state_enter(lease, LEASE_READING, why);
	loop_timer_set(lease->next, attempt_ms(lease));
	lease->call = kube_get(lease->client, &target, on_read, lease);
}

static void released(struct kube_lease *lease, const char *why)
{
	kube_call_cancel(&lease->call);
	loop_timer_cancel(lease->next);
	state_enter(lease, LEASE_RELEASED, why);
	lease->on_released(lease->released_arg);
}

static void on_attempt_late(struct kube_lease *lease)
{
	struct err late = { 0 };

	kube_call_cancel(&lease->call);
	err_set(&late, ERR_TIMEOUT, "no answer about the lease %s/%s within %lld ms", lease->name_space, lease->name,
		(long long)attempt_ms(lease));
	failed(lease, &late);
}

/* Held and undisturbed we renew without reading first: a conflict would tell. */
static void on_next_due(void *arg)
{
	struct kube_lease *lease = arg;

	switch (lease->state) {
	case LEASE_WAITING:
		if (lease->is_held && !lease->is_troubled)
			write_begin(lease, "time to renew");
		else
			read_begin(lease, "time to look");
		return;
	case LEASE_READING:
	case LEASE_WRITING: on_attempt_late(lease); return;
	case LEASE_RELEASING: released(lease, "no answer in time"); return;
	case LEASE_RELEASED: lease->on_released(lease->released_arg); return;
	case LEASE_IDLE: return;
	}
}

static void on_release_written(void *arg, const json_t *object, const struct err *err)
{
	struct kube_lease *lease = arg;

	(void)object;
	lease->call = NULL;
	if (err != NULL && err->code == ERR_CONFLICT)
		release_read(lease);
	else
		released(lease, err == NULL ? "handed back" : err->message);
}

static void on_release_read(void *arg, const json_t *object, const struct err *err)
{
	struct kube_lease *lease = arg;
	struct kube_target target = target_of(lease);

	lease->call = NULL;
	object_see(lease, object);
	if (err != NULL || strcmp(lease->record.holder, lease->identity) != 0) {
		released(lease, err == NULL ? "it is somebody else's" : err->message);
		return;
	}
	scoped_json written = kube_lease_object(&lease->record, &lease->self, lease->object, true, instant_wall_ms());
	lease->call = kube_update(lease->client, &target, written, FIELD_MANAGER, on_release_written, lease);
}

static void release_read(struct kube_lease *lease)
{
	struct kube_target target = target_of(lease);

	lease->call = kube_get(lease->client, &target, on_release_read, lease);
}

struct kube_lease *kube_lease_new(struct loop *loop, struct kube_client *client, const struct kube_lease_options *options)
{
	struct kube_lease *lease = mem_alloc(sizeof(*lease));

	lease->loop = loop;
	lease->client = client;
	lease->options = *options;
	lease->name_space = mem_copy_text(options->name_space);
	lease->name = mem_copy_text(options->name);
	lease->identity = mem_copy_text(options->identity);
	lease->self.identity = lease->identity;
	lease->self.ttl_ms = options->ttl_ms == 0 ? TTL_MS : options->ttl_ms;
	lease->self.renew_ms = options->renew_ms == 0 ? lease->self.ttl_ms / 3 : options->renew_ms;
	lease->next = loop_timer_new(loop, on_next_due, lease);
	lease->expiry = loop_timer_new(loop, on_expiry, lease);
	return lease;
}

void kube_lease_start(struct kube_lease *lease)
{
	if (lease->state == LEASE_IDLE || lease->state == LEASE_RELEASED)
		read_begin(lease, "start");
}

bool kube_lease_is_held(const struct kube_lease *lease)
{
	return lease->is_held;
}

void kube_lease_release(struct kube_lease *lease, void (*on_released)(void *arg), void *arg)
{
	bool may_be_ours = lease->is_held || lease->state == LEASE_WRITING;

	BUG_ON(lease->state == LEASE_RELEASING);
	lease->on_released = on_released;
	lease->released_arg = arg;
	kube_call_cancel(&lease->call);
	loop_timer_cancel(lease->expiry);
	lease->is_held = false;
	if (!may_be_ours) {
		if (lease->state != LEASE_RELEASED)
			state_enter(lease, LEASE_RELEASED, "it was not ours");
		loop_timer_set(lease->next, 0);
		return;
	}
	state_enter(lease, LEASE_RELEASING, "asked to");
	loop_timer_set(lease->next, RELEASE_MS);
	release_read(lease);
}

void kube_lease_free(struct kube_lease **lease)
{
	if (*lease == NULL)
		return;
	kube_call_cancel(&(*lease)->call);
	loop_timer_free(&(*lease)->next);
	loop_timer_free(&(*lease)->expiry);
	if ((*lease)->object != NULL)
		json_release(&(*lease)->object);
	mem_release((*lease)->name_space);
	mem_release((*lease)->name);
	mem_release((*lease)->identity);
	mem_release(*lease);
	*lease = NULL;
}
