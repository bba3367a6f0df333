/* SPDX-License-Identifier: Apache-2.0 */
/* net/sweep.c — a wheel of 256 slots, 64 s a turn. What is due later is looked at once a turn and put back. The timer rests while
   nothing is set. */
#include "net/sweep.h"

#include "base/attributes.h"
#include "base/loop.h"
#include "base/mem.h"

#define SLOTS 256

struct sweep {
	struct loop *loop;
	struct loop_timer *timer;
	struct deadline *slots[SLOTS];
	int64_t tick; /* the last one that was swept */
	size_t count;
	bool is_sweeping, is_freed;
};

static void unlink_deadline(struct deadline *deadline)
{
	*deadline->link = deadline->next;
	if (deadline->next != NULL)
		deadline->next->link = deadline->link;
	deadline->link = NULL;
	deadline->next = NULL;
	deadline->sweep->count--;
}

static void link_deadline(struct deadline *deadline)
{
	struct sweep *sweep = deadline->sweep;
	int64_t tick = deadline->due_ms / SWEEP_PERIOD_MS + 1;
	if (tick <= sweep->tick)
		tick = sweep->tick + 1;
	if (tick >= sweep->tick + SLOTS)
		tick = sweep->tick + SLOTS - 1;
	struct deadline **slot = &sweep->slots[tick % SLOTS];
	deadline->visit_ms = tick * SWEEP_PERIOD_MS;
	deadline->next = *slot;
	deadline->link = slot;
	if (deadline->next != NULL)
		deadline->next->link = &deadline->next;
	*slot = deadline;
	sweep->count++;
}

static void visit(struct deadline *deadline, int64_t now_ms)
{
	unlink_deadline(deadline);
	if (deadline->due_ms > now_ms)
		link_deadline(deadline);
	else
		deadline->on_due(deadline->arg);
}

static void sweep_tick(struct sweep *sweep, int64_t now_ms)
{
	struct deadline *due = sweep->slots[sweep->tick % SLOTS];
	sweep->slots[sweep->tick % SLOTS] = NULL;
	if (due != NULL)
		due->link = &due;
	while (due != NULL)
		visit(due, now_ms);
}

static void release(struct sweep *sweep)
{
	loop_timer_free(&sweep->timer);
	mem_release(sweep);
}

static void on_timer(void *arg)
{
	struct sweep *sweep = arg;
	int64_t now_ms = loop_now_ms(sweep->loop), now_tick = now_ms / SWEEP_PERIOD_MS;
	sweep->is_sweeping = true;
	for (int turned = 0; sweep->tick < now_tick && turned < SLOTS; turned++) {
		sweep->tick++;
		sweep_tick(sweep, now_ms);
	}
	sweep->is_sweeping = false;
	if (sweep->is_freed) {
		release(sweep);
		return;
	}
	sweep->tick = now_tick;
	if (sweep->count > 0)
		loop_timer_set(sweep->timer, SWEEP_PERIOD_MS);
}

struct sweep *sweep_new(struct loop *loop)
{
	struct sweep *sweep = mem_alloc(sizeof(*sweep));
	sweep->loop = loop;
	sweep->timer = loop_timer_new(loop, on_timer, sweep);
	return sweep;
}

void sweep_free(struct sweep **sweep)
{
	if (*sweep == NULL)
		return;
	BUG_ON((*sweep)->count > 0);
	if ((*sweep)->is_sweeping)
		(*sweep)->is_freed = true;
	else
		release(*sweep);
	*sweep = NULL;
}

void deadline_init(struct deadline *deadline, struct sweep *sweep, void (*on_due)(void *arg), void *arg)
{
	*deadline = (struct deadline){ .sweep = sweep, .on_due = on_due, .arg = arg };
}

void deadline_set(struct deadline *deadline, int64_t due_ms)
{
	struct sweep *sweep = deadline->sweep;
	deadline->due_ms = due_ms;
	if (deadline->link != NULL && deadline->visit_ms <= due_ms + SWEEP_PERIOD_MS)
		return;
	if (deadline->link != NULL)
		unlink_deadline(deadline);
	if (!loop_timer_is_set(sweep->timer) && !sweep->is_sweeping) {
		sweep->tick = loop_now_ms(sweep->loop) / SWEEP_PERIOD_MS;
		loop_timer_set(sweep->timer, SWEEP_PERIOD_MS);
	}
	link_deadline(deadline);
}

void deadline_cancel(struct deadline *deadline)
{
	if (deadline->link != NULL)
		unlink_deadline(deadline);
}
