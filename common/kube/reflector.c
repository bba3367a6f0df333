/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/reflector.c — following one kind: decides what comes after each end of
 * a list or a watch. Knows the position (the last resourceVersion) and keeps
 * no object; what objects mean is the owner's business.
 */
#include "kube/reflector.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "kube/list.h"
#include "kube/transport.h"
#include "kube/watch.h"

#define SILENCE_MS         90000 /* bookmarks come every minute */
#define WATCH_MIN_MS       (5 * 60 * 1000)
#define WATCH_SPREAD_MS    (5 * 60 * 1000)
#define BACKOFF_BASE_MS    200
#define BACKOFF_MAX_MS     30000
#define SHORT_LIFE_MS      1000  /* a stream that ends before this is a failure, however polite */
#define GOOD_LIFE_MS       10000 /* one that lasted so long makes up for failures before it */
#define MAX_SILENT_STREAMS 2     /* then our position may lie in the server's future: list again */
#define POSITION_BYTES     128

#define KUBE_REFLECTOR_STATES(X)                                       \
	X(IDLE)      /* not started */                                 \
	X(STREAMING) /* a WatchList sends what is there */             \
	X(LISTING)   /* paging through the full list */                \
	X(WATCHING)  /* position known, stream open or being opened */ \
	X(BACKOFF)   /* waiting before the next list or watch */

enum reflector_state {
#define X(name) REFLECTOR_##name,
	KUBE_REFLECTOR_STATES(X)
#undef X
};

static const char *const STATE_NAMES[] = {
#define X(name) [REFLECTOR_##name] = #name,
	KUBE_REFLECTOR_STATES(X)
#undef X
};

#define TO(name) (1u << REFLECTOR_##name)
static const unsigned EDGES[] = {
	[REFLECTOR_IDLE] = TO(STREAMING),
	[REFLECTOR_STREAMING] = TO(WATCHING) | TO(LISTING) | TO(BACKOFF),
	[REFLECTOR_LISTING] = TO(WATCHING) | TO(LISTING) | TO(BACKOFF),
	[REFLECTOR_WATCHING] = TO(WATCHING) | TO(STREAMING) | TO(LISTING) | TO(BACKOFF),
	[REFLECTOR_BACKOFF] = TO(STREAMING) | TO(LISTING) | TO(WATCHING),
};

struct kube_reflector {
	struct loop *loop;
	struct kube_client *client;
	struct kube_reflector_options options; /* its texts are the copies below */
	char *name_space, *label_selector, *field_selector;
	enum reflector_state state;
	struct kube_watch *watch;      /* STREAMING, WATCHING */
	struct kube_list *list;        /* LISTING */
	struct loop_timer *pause;      /* BACKOFF */
	char position[POSITION_BYTES]; /* resourceVersion to go on from; "": none, list first */
	bool is_watch_list_refused;    /* the server does not know sendInitialEvents */
	bool is_listing;               /* on_list_start was told for what runs now */
	bool is_open, has_event;       /* of the stream that runs */
	int64_t opened_ms;
	int failures;       /* in a row, without progress between */
	int silent_streams; /* in a row */
	bool is_troubled;
	struct err trouble; /* what was told last */
};

static void reflector_next(struct kube_reflector *reflector, const char *why);

/* The only place where state changes. What the new state needs is begun by the caller. */
static void state_enter(struct kube_reflector *reflector, enum reflector_state next, const char *why)
{
	BUG_ON((EDGES[reflector->state] & (1u << next)) == 0);
	log_debug("reflector.entered", LOG_STR("kind", reflector->options.resource->kind),
		LOG_STR("from", STATE_NAMES[reflector->state]), LOG_STR("to", STATE_NAMES[next]), LOG_STR("why", why));
	reflector->state = next;
}

static void trouble_tell(struct kube_reflector *reflector, const struct err *err)
{
	bool is_same = reflector->is_troubled && strcmp(reflector->trouble.message, err->message) == 0;

	reflector->is_troubled = true;
	reflector->trouble = *err;
	if (!is_same && reflector->options.on_trouble != NULL)
		reflector->options.on_trouble(reflector->options.arg, err);
}

static void trouble_clear(struct kube_reflector *reflector)
{
	if (!reflector->is_troubled)
		return;
	reflector->is_troubled = false;
	if (reflector->options.on_trouble != NULL)
		reflector->options.on_trouble(reflector->options.arg, NULL);
}

static void list_begin(struct kube_reflector *reflector)
{
	if (reflector->is_listing)
		return;
	reflector->is_listing = true;
	if (reflector->options.on_list_start != NULL)
		reflector->options.on_list_start(reflector->options.arg);
}

static void list_complete(struct kube_reflector *reflector)
{
	list_begin(reflector);
	reflector->is_listing = false;
	kube_client_listed(reflector->client);
	if (reflector->options.on_list_end != NULL)
		reflector->options.on_list_end(reflector->options.arg);
}

/* A position too long for us is none: the next stream begins with a list. */
static void position_set(struct kube_reflector *reflector, const char *resource_version)
{
	if (strlen(resource_version) >= POSITION_BYTES)
		resource_version = "";
	(void)snprintf(reflector->position, POSITION_BYTES, "%s", resource_version);
}

static void object_tell(struct kube_reflector *reflector, enum kube_change change, const struct json_t *object)
{
	reflector->options.on_object(reflector->options.arg, change, object);
}

static struct kube_selection selection_of(const struct kube_reflector *reflector)
{
	return (struct kube_selection){
		.resource = reflector->options.resource,
		.name_space = reflector->options.name_space,
		.label_selector = reflector->options.label_selector,
		.field_selector = reflector->options.field_selector,
		.metadata_only = reflector->options.metadata_only,
	};
}

static void on_pause_due(void *arg)
{
	reflector_next(arg, "the pause is over");
}

/* Waits as long as failures in a row and the server ask for. */
static void backoff_begin(struct kube_reflector *reflector, const struct err *err)
{
	int64_t pause_ms = random_backoff_ms(reflector->failures, BACKOFF_BASE_MS, BACKOFF_MAX_MS);
	bool is_worth_telling; /* a watch that is cut once is not: the next one misses nothing */

	if (err->retry_after_ms > pause_ms)
		pause_ms = err->retry_after_ms + random_below(err->retry_after_ms / 5 + 1);
	is_worth_telling = reflector->state != REFLECTOR_WATCHING || reflector->failures > 0;
	reflector->failures++;
	state_enter(reflector, REFLECTOR_BACKOFF, err->message);
	loop_timer_set(reflector->pause, pause_ms);
	if (is_worth_telling)
		trouble_tell(reflector, err);
}

/* --- the stream --- */

/* Everything that is there comes as ADDED, in no order of versions; the position is the end mark's. */
static void streaming_event(struct kube_reflector *reflector, const struct kube_watch_event *event)
{
	list_begin(reflector);
	if (event->type != KUBE_WATCH_BOOKMARK) {
		object_tell(reflector, event->type == KUBE_WATCH_DELETED ? KUBE_DELETED : KUBE_ADDED, event->object);
		return;
	}
	if (!event->is_initial_end)
		return;
	position_set(reflector, event->resource_version);
	state_enter(reflector, REFLECTOR_WATCHING, "the initial events are complete");
	list_complete(reflector);
	trouble_clear(reflector);
}

static void watching_event(struct kube_reflector *reflector, const struct kube_watch_event *event)
{
	reflector->failures = 0;
	position_set(reflector, event->resource_version);
	switch (event->type) {
	case KUBE_WATCH_ADDED: object_tell(reflector, KUBE_ADDED, event->object); break;
	case KUBE_WATCH_MODIFIED: object_tell(reflector, KUBE_MODIFIED, event->object); break;
	case KUBE_WATCH_DELETED: object_tell(reflector, KUBE_DELETED, event->object); break;
	case KUBE_WATCH_BOOKMARK: break;
	}
}

static void on_watch_open(void *arg)
{
	struct kube_reflector *reflector = arg;

	reflector->is_open = true;
	if (reflector->state == REFLECTOR_STREAMING)
		list_begin(reflector);
	else
		trouble_clear(reflector);
}

static void on_watch_event(void *arg, const struct kube_watch_event *event)
{
	struct kube_reflector *reflector = arg;

	reflector->is_open = true;
	reflector->has_event = true;
	reflector->silent_streams = 0;
	if (reflector->state == REFLECTOR_STREAMING)
		streaming_event(reflector, event);
	else
		watching_event(reflector, event);
}

static void streaming_ended(struct kube_reflector *reflector, const struct err *err)
{
	struct err early = { 0 };

	if (err != NULL && err->code == ERR_INVALID && !reflector->is_open) {
		reflector->is_watch_list_refused = true;
		reflector_next(reflector, "the server does not send initial events");
		return;
	}
	if (err == NULL) {
		err_set(&early, ERR_RETRY, "the stream of initial objects ended before they were complete");
		err = &early;
	}
	backoff_begin(reflector, err);
}

/* What is wrong with the stream alone is tried again at once; only where that does not help it becomes trouble. */
static void watching_ended(struct kube_reflector *reflector, const struct err *err, int64_t life_ms)
{
	struct err brief = { 0 };
	bool is_silence = err != NULL && err->code == ERR_TIMEOUT && reflector->is_open;

	if (err != NULL && (err->code == ERR_GONE || err->code == ERR_INVALID))
		position_set(reflector, "");
	if (is_silence && !reflector->has_event && ++reflector->silent_streams >= MAX_SILENT_STREAMS)
		position_set(reflector, "");
	if (is_silence) {
		reflector_next(reflector, "silence");
		return;
	}
	if (err != NULL && err->code == ERR_GONE && reflector->failures == 0) {
		reflector->failures++;
		reflector_next(reflector, "410");
		return;
	}
	if (err == NULL && life_ms >= SHORT_LIFE_MS) {
		reflector_next(reflector, "the server ended the watch");
		return;
	}
	if (err == NULL) {
		err_set(&brief, ERR_RETRY, "the watch ended after %lld ms", (long long)life_ms);
		err = &brief;
	}
	backoff_begin(reflector, err);
}

static void on_watch_end(void *arg, const struct err *err)
{
	struct kube_reflector *reflector = arg;
	int64_t life_ms = loop_now_ms(reflector->loop) - reflector->opened_ms;

	reflector->watch = NULL;
	if (reflector->is_open && life_ms >= GOOD_LIFE_MS)
		reflector->failures = 0;
	if (reflector->state == REFLECTOR_STREAMING)
		streaming_ended(reflector, err);
	else
		watching_ended(reflector, err, life_ms);
}

/* resource_version NULL: with everything that is there first. */
static void stream_begin(struct kube_reflector *reflector, const char *resource_version)
{
	reflector->is_open = false;
	reflector->has_event = false;
	reflector->is_listing = false;
	reflector->opened_ms = loop_now_ms(reflector->loop);
	reflector->watch = kube_watch_start(reflector->client,
		&(struct kube_watch_options){
			.selection = selection_of(reflector),
			.resource_version = resource_version,
			.timeout_ms = WATCH_MIN_MS + random_below(WATCH_SPREAD_MS),
			.silence_ms = reflector->options.silence_ms,
			.arg = reflector,
			.on_open = on_watch_open,
			.on_event = on_watch_event,
			.on_end = on_watch_end,
		});
}

/* --- the paged list --- */

static void on_list_object(void *arg, const struct json_t *object)
{
	struct kube_reflector *reflector = arg;

	list_begin(reflector);
	object_tell(reflector, KUBE_ADDED, object);
}

static void on_list_ended(void *arg, const char *resource_version, const struct err *err)
{
	struct kube_reflector *reflector = arg;

	reflector->list = NULL;
	if (err != NULL && err->code == ERR_GONE && reflector->failures == 0) {
		reflector->failures++;
		reflector_next(reflector, "410 between pages");
		return;
	}
	if (err != NULL) {
		backoff_begin(reflector, err);
		return;
	}
	position_set(reflector, resource_version);
	list_complete(reflector);
	reflector_next(reflector, "the list is complete");
}

static void list_start(struct kube_reflector *reflector)
{
	reflector->is_listing = false;
	reflector->list = kube_list_start(reflector->client,
		&(struct kube_list_options){
			.selection = selection_of(reflector),
			.arg = reflector,
			.on_object = on_list_object,
			.on_end = on_list_ended,
		});
}

/* Goes on from the position, or begins anew without one. */
static void reflector_next(struct kube_reflector *reflector, const char *why)
{
	if (reflector->position[0] != '\0') {
		state_enter(reflector, REFLECTOR_WATCHING, why);
		stream_begin(reflector, reflector->position);
	} else if (reflector->is_watch_list_refused) {
		state_enter(reflector, REFLECTOR_LISTING, why);
		list_start(reflector);
	} else {
		state_enter(reflector, REFLECTOR_STREAMING, why);
		stream_begin(reflector, NULL);
	}
}

struct kube_reflector *kube_reflector_new(
	struct loop *loop, struct kube_client *client, const struct kube_reflector_options *options)
{
	struct kube_reflector *reflector = mem_alloc(sizeof(*reflector));

	reflector->loop = loop;
	reflector->client = client;
	reflector->options = *options;
	reflector->options.name_space = reflector->name_space = mem_copy_text(options->name_space);
	reflector->options.label_selector = reflector->label_selector = mem_copy_text(options->label_selector);
	reflector->options.field_selector = reflector->field_selector = mem_copy_text(options->field_selector);
	if (options->silence_ms == 0)
		reflector->options.silence_ms = SILENCE_MS;
	reflector->pause = loop_timer_new(loop, on_pause_due, reflector);
	return reflector;
}

void kube_reflector_start(struct kube_reflector *reflector)
{
	if (reflector->state == REFLECTOR_IDLE)
		reflector_next(reflector, "start");
}

void kube_reflector_free(struct kube_reflector **reflector)
{
	if (*reflector == NULL)
		return;
	kube_watch_stop(&(*reflector)->watch);
	kube_list_cancel(&(*reflector)->list);
	loop_timer_free(&(*reflector)->pause);
	mem_release((*reflector)->name_space);
	mem_release((*reflector)->label_selector);
	mem_release((*reflector)->field_selector);
	mem_release(*reflector);
	*reflector = NULL;
}
