/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap by time, then by a chosen tie. */
#include "test/explore/agenda.h"

#include "base/attributes.h"
#include "base/mem.h"
#include "test/explore/choice.h"

struct moment {
	int64_t due_ms;
	uint64_t order;
	size_t at;
	void (*happen)(void *arg);
	void *arg;
};

static struct moment **heap;
static size_t count, room;
static int64_t now_ms = AGENDA_START_MS;
static uint32_t made;

void agenda_reset(void)
{
	BUG_ON(count != 0);
	now_ms = AGENDA_START_MS;
	made = 0;
}

int64_t agenda_now_ms(void)
{
	return now_ms;
}

int64_t agenda_elapsed_ms(void)
{
	return now_ms - AGENDA_START_MS;
}

static bool is_before(const struct moment *a, const struct moment *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void put(struct moment *moment, size_t at)
{
	heap[at] = moment;
	moment->at = at;
}

static void rise(struct moment *moment, size_t at)
{
	for (; at > 0 && is_before(moment, heap[(at - 1) / 2]); at = (at - 1) / 2)
		put(heap[(at - 1) / 2], at);
	put(moment, at);
}

static void sink(struct moment *moment, size_t at)
{
	for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], moment))
			break;
		put(heap[child], at);
		at = child;
	}
	put(moment, at);
}

static void take_out(struct moment *moment)
{
	struct moment *last = heap[--count];

	if (last == moment)
		return;
	sink(last, moment->at);
	rise(last, last->at);
}

struct moment *agenda_in(int64_t delay_ms, void (*happen)(void *arg), void *arg)
{
	struct moment *moment = mem_alloc(sizeof(*moment));

	moment->due_ms = now_ms + (delay_ms > 0 ? delay_ms : 0);
	moment->order = (uint64_t)choice_tie() << 32 | made++;
	moment->happen = happen;
	moment->arg = arg;
	if (count == room) {
		room = room * 2 + 64;
		heap = mem_resize(heap, room * sizeof(struct moment *));
	}
	rise(moment, count++);
	return moment;
}

void agenda_drop(struct moment **moment)
{
	if (*moment == NULL)
		return;
	take_out(*moment);
	mem_release(*moment);
	*moment = NULL;
}

void *agenda_arg(const struct moment *moment)
{
	return moment != NULL ? moment->arg : NULL;
}

bool agenda_step(int64_t until_ms)
{
	struct moment *moment = count > 0 ? heap[0] : NULL;
	void (*happen)(void *arg);
	void *arg;

	if (moment == NULL || moment->due_ms > until_ms)
		return false;
	now_ms = moment->due_ms;
	happen = moment->happen;
	arg = moment->arg;
	take_out(moment);
	mem_release(moment);
	happen(arg);
	return true;
}
