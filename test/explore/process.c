/* SPDX-License-Identifier: Apache-2.0 */
/* Every process has the same clock; only one runs at a time, as its own single thread would. */
#include "test/explore/process.h"

#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/random.h"
#include "test/explore/agenda.h"
#include "test/explore/choice.h"

#define WALL_START_MS INT64_C(1800000000000)

struct deferred {
	void (*call)(void *arg);
	void *arg;
};

struct loop_timer {
	struct loop *loop;
	void (*on_due)(void *arg);
	void *arg;
	struct moment *moment;
};

static struct loop *running;
static int depth;
static char last[PROCESS_NAME_BYTES];

struct loop *process_new(const char *name, const char *ip, uint16_t port)
{
	struct loop *loop = mem_alloc(sizeof(*loop));

	(void)snprintf(loop->name, sizeof(loop->name), "%s", name);
	(void)snprintf(loop->ip, sizeof(loop->ip), "%s", ip);
	loop->port = port;
	return loop;
}

void process_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	BUG_ON((*loop)->timers != 0);
	mem_release((*loop)->deferred);
	mem_release(*loop);
	*loop = NULL;
}

static void run_deferred(struct loop *loop)
{
	for (int i = 0; i < loop->deferred_count; i++)
		loop->deferred[i].call(loop->deferred[i].arg);
	loop->deferred_count = 0;
}

void process_run(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct loop *before = running;

	running = loop;
	if (loop != NULL)
		memcpy(last, loop->name, sizeof(last));
	depth++;
	call(arg);
	if (loop != NULL && depth == 1 && !loop->is_dying)
		run_deferred(loop);
	depth--;
	running = before;
	if (loop != NULL && depth == 0 && loop->is_stopping && !loop->is_dying)
		loop->on_stop(loop->arg);
}

void process_end(struct loop *loop, void (*end)(void *arg), void *arg)
{
	loop->is_dying = true;
	process_run(loop, end, arg);
}

const char *process_name(void)
{
	return running != NULL ? running->name : "";
}

const char *process_name_last(void)
{
	return last;
}

int64_t process_wall_ms(void)
{
	return WALL_START_MS + agenda_elapsed_ms();
}

/* --- base/loop.h --- */

int64_t loop_now_ms(struct loop *loop)
{
	(void)loop;
	return agenda_now_ms();
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

void loop_defer(struct loop *loop, void (*call)(void *arg), void *arg)
{
	if (loop->deferred_count == loop->deferred_room) {
		loop->deferred_room = loop->deferred_room * 2 + 8;
		loop->deferred = mem_resize(loop->deferred, (size_t)loop->deferred_room * sizeof(struct deferred));
	}
	loop->deferred[loop->deferred_count++] = (struct deferred){ .call = call, .arg = arg };
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*on_due)(void *arg), void *arg)
{
	struct loop_timer *timer = mem_alloc(sizeof(*timer));

	*timer = (struct loop_timer){ .loop = loop, .on_due = on_due, .arg = arg };
	loop->timers++;
	return timer;
}

static void timer_due(void *arg)
{
	struct loop_timer *timer = arg;

	timer->moment = NULL;
	process_run(timer->loop, timer->on_due, timer->arg);
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	agenda_drop(&timer->moment);
	timer->moment = agenda_in(delay_ms, timer_due, timer);
}

void loop_timer_cancel(struct loop_timer *timer)
{
	agenda_drop(&timer->moment);
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->moment != NULL;
}

void loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	agenda_drop(&(*timer)->moment);
	(*timer)->loop->timers--;
	mem_release(*timer);
	*timer = NULL;
}

/* --- base/random.h --- */

void random_bytes(void *out, size_t len)
{
	unsigned char *at = out;

	for (size_t i = 0; i < len; i++)
		at[i] = (unsigned char)choice_between(0, 255);
}

int64_t random_below(int64_t bound)
{
	return choice_between(0, bound - 1);
}

int64_t random_backoff_ms(int attempt, int64_t base_ms, int64_t max_ms)
{
	int64_t pause_ms = base_ms;

	for (int i = 0; i < attempt && pause_ms < max_ms; i++)
		pause_ms *= 2;
	return (pause_ms > max_ms ? max_ms : pause_ms) * choice_between(800, 1200) / 1000;
}

/* --- base/instant.h: the linker sends its callers here (--wrap) --- */

int64_t __wrap_instant_monotonic_ms(void);
int64_t __wrap_instant_wall_ms(void);
int64_t __wrap_instant_wall_ns(void);

int64_t __wrap_instant_monotonic_ms(void)
{
	return agenda_now_ms();
}

int64_t __wrap_instant_wall_ms(void)
{
	return process_wall_ms();
}

int64_t __wrap_instant_wall_ns(void)
{
	return process_wall_ms() * 1000000;
}
