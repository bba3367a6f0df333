/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of held exchanges and one timer for the earliest deadline. Who waits for what is answered by own_paths. */
#include "proxy-sidecar/waiting.h"

#include "base/loop.h"
#include "proxy-sidecar/own_paths.h"

static void plan_next(struct sidecar *sidecar)
{
	int64_t earliest_ms = INT64_MAX;

	for (struct visit *visit = sidecar->waiting.next; visit != &sidecar->waiting; visit = visit->next) {
		if (visit->deadline_ms < earliest_ms)
			earliest_ms = visit->deadline_ms;
	}
	if (earliest_ms == INT64_MAX)
		loop_timer_cancel(sidecar->waiting_timer);
	else
		loop_timer_set(sidecar->waiting_timer, earliest_ms - loop_now_ms(sidecar->loop));
}

void waiting_drop(struct visit *visit)
{
	if (visit->next == NULL)
		return;
	visit->prev->next = visit->next;
	visit->next->prev = visit->prev;
	visit->next = visit->prev = NULL;
}

struct visit *waiting_take(struct sidecar *sidecar, enum visit_kind kind)
{
	for (struct visit *visit = sidecar->waiting.next; visit != &sidecar->waiting; visit = visit->next) {
		if (visit->kind == kind) {
			waiting_drop(visit);
			return visit;
		}
	}
	return NULL;
}

static struct visit *take_overdue(struct sidecar *sidecar)
{
	for (struct visit *visit = sidecar->waiting.next; visit != &sidecar->waiting; visit = visit->next) {
		if (visit->deadline_ms <= loop_now_ms(sidecar->loop)) {
			waiting_drop(visit);
			return visit;
		}
	}
	return NULL;
}

static void on_due(void *arg)
{
	struct sidecar *sidecar = arg;
	struct visit *visit;

	while ((visit = take_overdue(sidecar)) != NULL)
		own_paths_answer_waiting(sidecar, visit);
	plan_next(sidecar);
}

void waiting_add(struct sidecar *sidecar, struct visit *visit, enum visit_kind kind, int64_t timeout_ms)
{
	visit->kind = kind;
	visit->deadline_ms = loop_now_ms(sidecar->loop) + timeout_ms;
	visit->next = &sidecar->waiting;
	visit->prev = sidecar->waiting.prev;
	visit->prev->next = visit;
	sidecar->waiting.prev = visit;
	plan_next(sidecar);
}

void waiting_init(struct sidecar *sidecar)
{
	sidecar->waiting.next = sidecar->waiting.prev = &sidecar->waiting;
	sidecar->waiting_timer = loop_timer_new(sidecar->loop, on_due, sidecar);
}
