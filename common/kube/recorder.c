/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/recorder.c — when Events are sent: one request at a time, equal ones
 * gathered into a count. Everything is bounded, and what does not fit is
 * dropped, Warnings last: an Event is advice. How one is spelled is
 * kube/event_object.c's.
 */
#include "kube/recorder.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "kube/event_object.h"

#define SAME_WITHIN_MS (60 * 60 * 1000)
#define RAISE_EVERY_MS 10000
#define MAX_PENDING    4096 /* some thousand Agents made at once have an Event each, and are sent within seconds */
#define MAX_REMEMBERED 256  /* that nothing waits for */
#define MAX_TRIES      4    /* one, and three again */
#define RETRY_BASE_MS  1000
#define RETRY_MAX_MS   30000
#define MAX_KEY_BYTES  4096
#define NAME_BYTES     256

/* One Event as we know it; owned by the recorder's map under its key. */
struct sighting {
	TAILQ_ENTRY(sighting) link; /* while is_pending */
	char *key;
	struct kube_reference about; /* its texts are ours */
	char *type, *reason, *message;
	char name[NAME_BYTES];
	bool is_there; /* the API server has it */
	bool is_pending;
	int64_t count, sent_count;
	int64_t seen_ms, sent_ms; /* monotonic */
	int64_t due_ms;           /* while pending: not before */
	int tries;
};

struct kube_recorder {
	struct loop *loop;
	struct kube_client *client;
	char *component, *instance;
	struct map *sightings;
	TAILQ_HEAD(, sighting) pending;
	size_t pending_count;
	struct loop_timer *pump;
	struct kube_call *call;
	struct sighting *sending; /* what call is about */
};

static void sighting_free(void *value)
{
	struct sighting *sighting = value;
	const char *texts[] = { sighting->about.api_version, sighting->about.kind, sighting->about.name_space, sighting->about.name,
		sighting->about.uid, sighting->about.resource_version };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		mem_release((char *)(uintptr_t)texts[i]);
	mem_release(sighting->key);
	mem_release(sighting->type);
	mem_release(sighting->reason);
	mem_release(sighting->message);
	mem_release(sighting);
}

static struct sighting *sighting_new(const char *key, const struct kube_reference *about, const struct kube_event_text *text)
{
	struct sighting *sighting = mem_alloc(sizeof(*sighting));

	sighting->key = mem_copy_text(key);
	sighting->about = (struct kube_reference){
		.api_version = mem_copy_text(about->api_version),
		.kind = mem_copy_text(about->kind),
		.name_space = mem_copy_text(about->name_space),
		.name = mem_copy_text(about->name),
		.uid = mem_copy_text(about->uid),
		.resource_version = mem_copy_text(about->resource_version),
	};
	sighting->type = mem_copy_text(text->type);
	sighting->reason = mem_copy_text(text->reason);
	/* One byte more tells that it is to be cut. */
	sighting->message = mem_copy_bytes(text->message, strnlen(text->message, KUBE_EVENT_MESSAGE_BYTES + 1));
	return sighting;
}

static void pump_wake(struct kube_recorder *recorder)
{
	int64_t now_ms = loop_now_ms(recorder->loop), due_ms = INT64_MAX;
	struct sighting *sighting;

	if (recorder->call != NULL || recorder->pending_count == 0)
		return;
	TAILQ_FOREACH(sighting, &recorder->pending, link)
	{
		if (sighting->due_ms < due_ms)
			due_ms = sighting->due_ms;
		if (due_ms <= now_ms)
			break;
	}
	loop_timer_set(recorder->pump, due_ms - now_ms);
}

static void pending_remove(struct kube_recorder *recorder, struct sighting *sighting)
{
	if (!sighting->is_pending)
		return;
	TAILQ_REMOVE(&recorder->pending, sighting, link);
	recorder->pending_count--;
	sighting->is_pending = false;
}

/* Not sent any more; what the API server never saw is not remembered either. */
static void sighting_drop(struct kube_recorder *recorder, struct sighting *sighting)
{
	pending_remove(recorder, sighting);
	sighting->tries = 0;
	if (!sighting->is_there)
		map_remove(recorder->sightings, sighting->key);
}

static bool is_warning(const struct sighting *sighting)
{
	return strcmp(sighting->type, "Warning") == 0;
}

/* What is given up for one more: the oldest that is no Warning, that one itself, or the oldest Warning. */
static struct sighting *pending_victim(const struct kube_recorder *recorder, struct sighting *more)
{
	struct sighting *oldest = NULL, *sighting;

	TAILQ_FOREACH(sighting, &recorder->pending, link)
	{
		if (sighting == recorder->sending)
			continue;
		if (!is_warning(sighting))
			return sighting;
		if (oldest == NULL)
			oldest = sighting;
	}
	return is_warning(more) ? oldest : more;
}

/* The sighting may be gone then. */
static void pending_add(struct kube_recorder *recorder, struct sighting *sighting, int64_t due_ms)
{
	if (sighting->is_pending)
		return;
	if (recorder->pending_count == MAX_PENDING) {
		struct sighting *victim = pending_victim(recorder, sighting);

		sighting_drop(recorder, victim);
		if (victim == sighting)
			return;
	}
	sighting->is_pending = true;
	sighting->due_ms = due_ms;
	TAILQ_INSERT_TAIL(&recorder->pending, sighting, link);
	recorder->pending_count++;
	pump_wake(recorder);
}

/* The name is taken by another Event, or ours has expired there. */
static void sighting_begin_anew(struct sighting *sighting)
{
	sighting->is_there = false;
	sighting->count = 1;
}

/* What became of the one that was sent; false: drop it. */
static bool sighting_settle(struct kube_recorder *recorder, struct sighting *sighting, const struct err *err)
{
	int64_t now_ms = loop_now_ms(recorder->loop), pause_ms;

	if (err == NULL) {
		sighting->is_there = true;
		sighting->tries = 0;
		sighting->sent_ms = now_ms;
		sighting->due_ms = now_ms + RAISE_EVERY_MS;
		return sighting->count > sighting->sent_count;
	}
	if (++sighting->tries >= MAX_TRIES || err->code == ERR_INVALID || err->code == ERR_FORBIDDEN)
		return false;
	if (err->code == ERR_NOT_FOUND && !sighting->is_there)
		return false; /* the namespace is gone */
	if (err->code == ERR_NOT_FOUND || err->code == ERR_CONFLICT)
		sighting_begin_anew(sighting);
	pause_ms = random_backoff_ms(sighting->tries - 1, RETRY_BASE_MS, RETRY_MAX_MS);
	sighting->due_ms = now_ms + (err->retry_after_ms > pause_ms ? err->retry_after_ms : pause_ms);
	return true;
}

/* The oldest that nothing waits for. */
static bool forget_one(void *arg, const char *key, void *value)
{
	struct kube_recorder *recorder = arg;
	const struct sighting *sighting = value;

	(void)key;
	if (sighting->is_pending)
		return true;
	map_remove(recorder->sightings, sighting->key);
	return false;
}

/* The map holds what is pending and what is remembered. */
static void remembered_trim(struct kube_recorder *recorder)
{
	while (map_count(recorder->sightings) - recorder->pending_count > MAX_REMEMBERED)
		map_each(recorder->sightings, forget_one, recorder);
}

static void on_sent(void *arg, const json_t *object, const struct err *err)
{
	struct kube_recorder *recorder = arg;
	struct sighting *sighting = recorder->sending;

	(void)object;
	recorder->call = NULL;
	recorder->sending = NULL;
	if (!sighting_settle(recorder, sighting, err))
		sighting_drop(recorder, sighting);
	remembered_trim(recorder);
	pump_wake(recorder);
}

static void sighting_send(struct kube_recorder *recorder, struct sighting *sighting)
{
	const struct kube_event_text text = { sighting->type, sighting->reason, sighting->message };
	const struct kube_event_source source = { recorder->component, recorder->instance };
	struct kube_target target = {
		.resource = &KUBE_EVENTS,
		.name_space = kube_event_namespace(&sighting->about),
		.name = sighting->name,
	};
	uint64_t suffix;

	recorder->sending = sighting;
	sighting->sent_count = sighting->count;
	if (sighting->is_there) {
		scoped_json patch = kube_event_again(sighting->count, instant_wall_ms());

		recorder->call = kube_merge_patch(recorder->client, &target, patch, recorder->component, on_sent, recorder);
		return;
	}
	random_bytes(&suffix, sizeof(suffix));
	(void)snprintf(sighting->name, NAME_BYTES, "%.230s.%016llx", sighting->about.name, (unsigned long long)suffix);
	scoped_json event = kube_event_object(&sighting->about, &text, &source, sighting->name, instant_wall_ms());
	json_put(event, "/count", json_integer(sighting->count));
	/* An apply makes it as a POST would, but may be repeated, so that it goes over a connection that is kept. */
	recorder->call = kube_apply(recorder->client, &target, event, recorder->component, true, on_sent, recorder);
}

static void on_pump(void *arg)
{
	struct kube_recorder *recorder = arg;
	struct sighting *sighting;
	int64_t now_ms = loop_now_ms(recorder->loop);

	if (recorder->call != NULL)
		return;
	TAILQ_FOREACH(sighting, &recorder->pending, link)
	{
		if (sighting->due_ms <= now_ms) {
			sighting_send(recorder, sighting);
			return;
		}
	}
	pump_wake(recorder);
}

static void sighting_first(
	struct kube_recorder *recorder, const char *key, const struct kube_reference *about, const struct kube_event_text *text)
{
	struct sighting *sighting = sighting_new(key, about, text);

	sighting->count = 1;
	sighting->seen_ms = loop_now_ms(recorder->loop);
	map_put(recorder->sightings, key, sighting);
	pending_add(recorder, sighting, sighting->seen_ms);
}

static void sighting_again(struct kube_recorder *recorder, struct sighting *sighting)
{
	int64_t now_ms = loop_now_ms(recorder->loop);

	sighting->count++;
	sighting->seen_ms = now_ms;
	pending_add(recorder, sighting, now_ms - sighting->sent_ms >= RAISE_EVERY_MS ? now_ms : sighting->sent_ms + RAISE_EVERY_MS);
}

struct kube_recorder *kube_recorder_new(struct loop *loop, struct kube_client *client, const char *component, const char *instance)
{
	struct kube_recorder *recorder = mem_alloc(sizeof(*recorder));

	recorder->loop = loop;
	recorder->client = client;
	recorder->component = mem_copy_text(component);
	recorder->instance = mem_copy_text(instance == NULL ? component : instance);
	recorder->sightings = map_new(sighting_free);
	TAILQ_INIT(&recorder->pending);
	recorder->pump = loop_timer_new(loop, on_pump, recorder);
	return recorder;
}

void kube_recorder_free(struct kube_recorder **recorder)
{
	if (*recorder == NULL)
		return;
	kube_call_cancel(&(*recorder)->call);
	loop_timer_free(&(*recorder)->pump);
	map_free(&(*recorder)->sightings);
	mem_release((*recorder)->component);
	mem_release((*recorder)->instance);
	mem_release(*recorder);
	*recorder = NULL;
}

void kube_recorder_event(struct kube_recorder *recorder, const struct kube_reference *about, const char *type, const char *reason,
	const char *message)
{
	const struct kube_event_text text = { .type = type, .reason = reason, .message = message };
	struct sighting *sighting;
	scoped_buf key;

	buf_init(&key, MAX_KEY_BYTES);
	if (kube_event_key(about, &text, &key) == -1)
		return;
	sighting = map_get(recorder->sightings, buf_terminated(&key));
	if (sighting != NULL && !sighting->is_pending && loop_now_ms(recorder->loop) - sighting->seen_ms > SAME_WITHIN_MS) {
		map_remove(recorder->sightings, buf_terminated(&key));
		sighting = NULL;
	}
	if (sighting == NULL)
		sighting_first(recorder, buf_terminated(&key), about, &text);
	else
		sighting_again(recorder, sighting);
}
