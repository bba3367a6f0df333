/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/loop.c — libev behind the few doors of base/loop.h. Each watcher is one
 * small block; libev forgets a stopped watcher's pending event, so a freed one
 * is never called. Deferred calls run where libev prepares to wait; those made
 * by deferred calls run in the next round, which then does not wait. Log lines
 * are held meanwhile and written before waiting.
 */
#include "base/loop.h"

#include <ev.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/log.h"
#include "base/mem.h"

/* libev's clock is a little older than ours: with this a timer is never early by loop_now_ms(). */
#define TIMER_LATE_S 0.0005

struct deferred {
	void (*call)(void *arg);
	void *arg;
};

struct loop_signal {
	ev_signal watcher; /* its data: the handler's arg */
	void (*on_signal)(void *arg);
	struct loop_signal *next;
};

struct loop {
	struct ev_loop *ev;
	ev_check after_wait;
	ev_prepare before_wait;
	ev_idle do_not_wait;
	int64_t now_ms;
	bool is_running;
	struct deferred *deferred;
	size_t deferred_count, deferred_size;
	struct loop_signal *signals;
};

struct loop_io {
	ev_io watcher; /* its data: the owner's arg */
	struct loop *loop;
	void (*on_ready)(void *arg, int events);
};

struct loop_timer {
	ev_timer watcher; /* its data: the owner's arg */
	struct loop *loop;
	void (*on_due)(void *arg);
};

_Static_assert(LOOP_READ == EV_READ && LOOP_WRITE == EV_WRITE, "events pass through untranslated");

static void *allocate(void *block, long bytes)
{
	if (bytes > 0)
		return mem_resize(block, (size_t)bytes);
	mem_release(block);
	return NULL;
}

/* Outside loop_run() no iteration refreshes the clocks. */
static void now_refresh(struct loop *loop)
{
	ev_now_update(loop->ev);
	loop->now_ms = instant_monotonic_ms();
}

/* Calls what is deferred by now, not what is deferred meanwhile. */
static void deferred_run(struct loop *loop)
{
	struct deferred *calls = loop->deferred;
	size_t count = loop->deferred_count;

	loop->deferred = NULL;
	loop->deferred_count = 0;
	loop->deferred_size = 0;
	for (size_t i = 0; i < count; i++)
		calls[i].call(calls[i].arg);
	mem_release(calls);
}

static void on_before_wait(struct ev_loop *ev, ev_prepare *watcher, int events)
{
	struct loop *loop = watcher->data;

	(void)events;
	if (loop->deferred_count > 0)
		deferred_run(loop);
	if (loop->deferred_count > 0)
		ev_idle_start(ev, &loop->do_not_wait);
	else
		ev_idle_stop(ev, &loop->do_not_wait);
	log_flush();
}

static void on_after_wait(struct ev_loop *ev, ev_check *watcher, int events)
{
	struct loop *loop = watcher->data;

	(void)ev;
	(void)events;
	loop->now_ms = instant_monotonic_ms();
}

static void on_idle(struct ev_loop *ev, ev_idle *watcher, int events)
{
	(void)ev;
	(void)watcher;
	(void)events;
}

static void on_io(struct ev_loop *ev, ev_io *watcher, int events)
{
	struct loop_io *io = (struct loop_io *)watcher;

	(void)ev;
	io->on_ready(watcher->data, events & (LOOP_READ | LOOP_WRITE));
}

static void on_timer(struct ev_loop *ev, ev_timer *watcher, int events)
{
	struct loop_timer *timer = (struct loop_timer *)watcher;

	(void)ev;
	(void)events;
	timer->on_due(watcher->data);
}

static void on_caught(struct ev_loop *ev, ev_signal *watcher, int events)
{
	struct loop_signal *handler = (struct loop_signal *)watcher;

	(void)ev;
	(void)events;
	handler->on_signal(watcher->data);
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_alloc(sizeof(*loop));

	ev_set_allocator(allocate);
	loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	BUG_ON(loop->ev == NULL);
	ev_prepare_init(&loop->before_wait, on_before_wait);
	ev_check_init(&loop->after_wait, on_after_wait);
	ev_idle_init(&loop->do_not_wait, on_idle);
	ev_set_priority(&loop->after_wait, EV_MAXPRI);
	loop->before_wait.data = loop;
	loop->after_wait.data = loop;
	ev_prepare_start(loop->ev, &loop->before_wait);
	ev_check_start(loop->ev, &loop->after_wait);
	return loop;
}

void loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	while ((*loop)->deferred_count > 0)
		deferred_run(*loop);
	while ((*loop)->signals != NULL) {
		struct loop_signal *handler = (*loop)->signals;

		(*loop)->signals = handler->next;
		ev_signal_stop((*loop)->ev, &handler->watcher);
		mem_release(handler);
	}
	ev_loop_destroy((*loop)->ev);
	mem_release(*loop);
	*loop = NULL;
}

void loop_run(struct loop *loop)
{
	now_refresh(loop);
	loop->is_running = true;
	log_hold(true);
	(void)ev_run(loop->ev, 0);
	while (loop->deferred_count > 0)
		deferred_run(loop);
	log_hold(false);
	loop->is_running = false;
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

int64_t loop_now_ms(struct loop *loop)
{
	if (!loop->is_running)
		now_refresh(loop);
	return loop->now_ms;
}

void loop_defer(struct loop *loop, void (*call)(void *arg), void *arg)
{
	if (loop->deferred_count == loop->deferred_size) {
		loop->deferred_size = loop->deferred_size == 0 ? 8 : loop->deferred_size * 2;
		loop->deferred = mem_resize(loop->deferred, loop->deferred_size * sizeof(*loop->deferred));
	}
	loop->deferred[loop->deferred_count++] = (struct deferred){ .call = call, .arg = arg };
}

struct loop_io *loop_io_new(struct loop *loop, int fd, void (*on_ready)(void *arg, int events), void *arg)
{
	struct loop_io *io = mem_alloc(sizeof(*io));

	io->loop = loop;
	io->on_ready = on_ready;
	ev_io_init(&io->watcher, on_io, fd, 0);
	io->watcher.data = arg;
	return io;
}

void loop_io_set(struct loop_io *io, int events)
{
	int current = ev_is_active(&io->watcher) ? io->watcher.events & (LOOP_READ | LOOP_WRITE) : 0;

	if (events == current)
		return;
	ev_io_stop(io->loop->ev, &io->watcher);
	ev_io_modify(&io->watcher, events);
	if (events != 0)
		ev_io_start(io->loop->ev, &io->watcher);
}

void loop_io_free(struct loop_io **io)
{
	if (*io == NULL)
		return;
	ev_io_stop((*io)->loop->ev, &(*io)->watcher);
	mem_release(*io);
	*io = NULL;
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*on_due)(void *arg), void *arg)
{
	struct loop_timer *timer = mem_alloc(sizeof(*timer));

	timer->loop = loop;
	timer->on_due = on_due;
	ev_timer_init(&timer->watcher, on_timer, 0., 0.);
	timer->watcher.data = arg;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	struct loop *loop = timer->loop;

	if (!loop->is_running)
		now_refresh(loop);
	ev_timer_stop(loop->ev, &timer->watcher);
	ev_timer_set(&timer->watcher, delay_ms > 0 ? (double)delay_ms / 1000 + TIMER_LATE_S : 0., 0.);
	ev_timer_start(loop->ev, &timer->watcher);
}

void loop_timer_cancel(struct loop_timer *timer)
{
	ev_timer_stop(timer->loop->ev, &timer->watcher);
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->watcher.active != 0 || timer->watcher.pending != 0; /* ev_is_active() casts const away */
}

void loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	loop_timer_cancel(*timer);
	mem_release(*timer);
	*timer = NULL;
}

void loop_on_signal(struct loop *loop, int signal_number, void (*on_signal)(void *arg), void *arg)
{
	struct loop_signal *handler = mem_alloc(sizeof(*handler));

	for (struct loop_signal *other = loop->signals; other != NULL; other = other->next)
		BUG_ON(other->watcher.signum == signal_number);
	handler->on_signal = on_signal;
	ev_signal_init(&handler->watcher, on_caught, signal_number);
	handler->watcher.data = arg;
	handler->next = loop->signals;
	loop->signals = handler;
	ev_signal_start(loop->ev, &handler->watcher);
}
