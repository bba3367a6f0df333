/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/queue.c — keys that want work. Passes start from the loop, never from
 * within kube_queue_add(), so that an owner's callback is not entered twice.
 * How many keys there are is bounded by how many objects there are.
 */
#include "kube/queue.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"

#define BACKOFF_BASE_MS 200
#define BACKOFF_MAX_MS  60000

/* Owned by the queue's map; dropped as soon as nothing is known of it any more. */
struct item {
	TAILQ_ENTRY(item) link; /* while is_ready */
	struct kube_queue *queue;
	struct loop_timer *timer; /* made at the first delay */
	int64_t due_ms;           /* while the timer is set */
	int failures;             /* in a row */
	bool is_ready;            /* waits for a worker */
	bool is_running;
	bool is_wanted_again; /* added during its own pass */
	bool is_forgotten;    /* during its own pass: nothing of it is kept after it */
	bool had_conflict;    /* since the last good pass */
	char key[];
};

struct kube_queue {
	struct loop *loop;
	struct kube_queue_options options;
	struct map *items;
	TAILQ_HEAD(, item) ready;
	size_t ready_count;
	int running;
	struct loop_timer *pump;
};

static void item_free(void *value)
{
	struct item *item = value;

	loop_timer_free(&item->timer);
	mem_release(item);
}

static void item_drop_if_idle(struct item *item)
{
	struct map *items = item->queue->items;

	if (item->is_ready || item->is_running || item->failures > 0 || (item->timer != NULL && loop_timer_is_set(item->timer)))
		return;
	map_remove(items, item->key);
}

static void pump_wake(struct kube_queue *queue)
{
	if (queue->ready_count > 0 && queue->running < queue->options.workers && !loop_timer_is_set(queue->pump))
		loop_timer_set(queue->pump, 0);
}

static void item_unready(struct item *item)
{
	if (!item->is_ready)
		return;
	TAILQ_REMOVE(&item->queue->ready, item, link);
	item->queue->ready_count--;
	item->is_ready = false;
}

static void item_want(struct item *item)
{
	if (item->is_running) {
		item->is_wanted_again = true;
		return;
	}
	if (item->is_ready)
		return;
	item->is_ready = true;
	TAILQ_INSERT_TAIL(&item->queue->ready, item, link);
	item->queue->ready_count++;
	pump_wake(item->queue);
}

static void on_item_due(void *arg)
{
	item_want(arg);
}

/* An earlier time that is set already stays. */
static void item_want_after(struct item *item, int64_t delay_ms)
{
	int64_t due_ms = loop_now_ms(item->queue->loop) + delay_ms;

	if (item->timer == NULL)
		item->timer = loop_timer_new(item->queue->loop, on_item_due, item);
	if (loop_timer_is_set(item->timer) && item->due_ms <= due_ms)
		return;
	item->due_ms = due_ms;
	loop_timer_set(item->timer, delay_ms);
}

/* Starts passes while workers are free. on_key may end its pass, add and forget. */
static void on_pump(void *arg)
{
	struct kube_queue *queue = arg;
	struct item *item;
	size_t turns = queue->ready_count; /* what becomes ready meanwhile waits for the next turn of the loop */

	while (turns-- > 0 && queue->running < queue->options.workers && (item = TAILQ_FIRST(&queue->ready)) != NULL) {
		item_unready(item);
		item->is_running = true;
		queue->running++;
		queue->options.on_key(queue->options.arg, item->key);
	}
	pump_wake(queue);
}

static struct item *item_get_or_make(struct kube_queue *queue, const char *key)
{
	struct item *item = map_get(queue->items, key);
	size_t len = strlen(key);

	if (item != NULL)
		return item;
	item = mem_alloc(sizeof(*item) + len + 1);
	item->queue = queue;
	memcpy(item->key, key, len + 1);
	map_put(queue->items, key, item);
	return item;
}

struct kube_queue *kube_queue_new(struct loop *loop, const struct kube_queue_options *options)
{
	struct kube_queue *queue = mem_alloc(sizeof(*queue));

	queue->loop = loop;
	queue->options = *options;
	if (queue->options.workers < 1)
		queue->options.workers = 1;
	if (queue->options.backoff_base_ms == 0)
		queue->options.backoff_base_ms = BACKOFF_BASE_MS;
	if (queue->options.backoff_max_ms == 0)
		queue->options.backoff_max_ms = BACKOFF_MAX_MS;
	queue->items = map_new(item_free);
	TAILQ_INIT(&queue->ready);
	queue->pump = loop_timer_new(loop, on_pump, queue);
	return queue;
}

void kube_queue_free(struct kube_queue **queue)
{
	if (*queue == NULL)
		return;
	map_free(&(*queue)->items);
	loop_timer_free(&(*queue)->pump);
	mem_release(*queue);
	*queue = NULL;
}

void kube_queue_add(struct kube_queue *queue, const char *key)
{
	struct item *item = item_get_or_make(queue, key);

	item->is_forgotten = false;
	item_want(item);
}

void kube_queue_add_after(struct kube_queue *queue, const char *key, int64_t delay_ms)
{
	struct item *item = item_get_or_make(queue, key);

	item->is_forgotten = false;
	if (delay_ms <= 0)
		item_want(item);
	else
		item_want_after(item, delay_ms);
}

/* A first conflict means that our view was a moment old: the next pass reads anew, so it need not wait. */
static void item_retry(struct item *item, const struct err *err)
{
	const struct kube_queue_options *options = &item->queue->options;
	bool is_first_conflict = err->code == ERR_CONFLICT && !item->had_conflict;
	int64_t pause_ms;

	if (err->code == ERR_CONFLICT)
		item->had_conflict = true;
	if (is_first_conflict && err->retry_after_ms == 0) {
		item_want(item);
		return;
	}
	pause_ms = random_backoff_ms(item->failures, options->backoff_base_ms, options->backoff_max_ms);
	item->failures++;
	item_want_after(item, err->retry_after_ms > pause_ms ? err->retry_after_ms : pause_ms);
}

void kube_queue_done(struct kube_queue *queue, const char *key, const struct err *err)
{
	struct item *item = map_get(queue->items, key);

	BUG_ON(item == NULL || !item->is_running);
	item->is_running = false;
	queue->running--;
	if (err == NULL || err->code == ERR_INVALID || item->is_forgotten) {
		item->failures = 0;
		item->had_conflict = false;
	} else {
		item_retry(item, err);
	}
	if (item->is_wanted_again) {
		item->is_wanted_again = false;
		item_want(item);
	}
	item_drop_if_idle(item);
	pump_wake(queue);
}

void kube_queue_forget(struct kube_queue *queue, const char *key)
{
	struct item *item = map_get(queue->items, key);

	if (item == NULL)
		return;
	item_unready(item);
	if (item->timer != NULL)
		loop_timer_cancel(item->timer);
	item->failures = 0;
	item->had_conflict = false;
	item->is_wanted_again = false;
	item->is_forgotten = item->is_running;
	item_drop_if_idle(item);
}

size_t kube_queue_depth(const struct kube_queue *queue)
{
	return queue->ready_count;
}
