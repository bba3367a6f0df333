/* SPDX-License-Identifier: Apache-2.0 */
/* Coarse deadlines on a real loop: none early, none late by more than two periods, and lists that change while they are swept. */
#include "net/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/loop.h"

struct waiter {
	struct loop *loop;
	struct deadline deadline;
	struct waiter *cancels, *resets;
	int64_t due_ms;
	int calls;
	bool stops;
};

static void on_due(void *arg)
{
	struct waiter *waiter = arg;
	int64_t now_ms = loop_now_ms(waiter->loop);
	waiter->calls++;
	assert_true(now_ms >= waiter->due_ms);
	assert_true(now_ms < waiter->due_ms + 4 * SWEEP_PERIOD_MS);
	if (waiter->cancels != NULL)
		deadline_cancel(&waiter->cancels->deadline);
	if (waiter->resets != NULL) {
		waiter->resets->due_ms = now_ms + SWEEP_PERIOD_MS;
		deadline_set(&waiter->resets->deadline, waiter->resets->due_ms);
		waiter->resets = NULL;
	}
	if (waiter->stops)
		loop_stop(waiter->loop);
}

static void set(struct waiter *waiter, struct loop *loop, struct sweep *sweep, int64_t delay_ms)
{
	if (waiter->loop == NULL)
		deadline_init(&waiter->deadline, sweep, on_due, waiter);
	waiter->loop = loop;
	waiter->due_ms = loop_now_ms(loop) + delay_ms;
	deadline_set(&waiter->deadline, waiter->due_ms);
}

static void deadlines_come_in_time_however_they_were_moved(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct sweep *sweep = sweep_new(loop);
	struct waiter at_once = { .loop = NULL }, later = { .loop = NULL }, earlier = { .loop = NULL },
		      cancelled = { .loop = NULL };
	struct waiter last = { .stops = true };
	set(&at_once, loop, sweep, 0);
	set(&later, loop, sweep, 10);
	set(&later, loop, sweep, 600);
	set(&earlier, loop, sweep, 100000);
	set(&earlier, loop, sweep, 300);
	set(&cancelled, loop, sweep, 100);
	deadline_cancel(&cancelled.deadline);
	deadline_cancel(&cancelled.deadline);
	set(&last, loop, sweep, 1200);
	loop_run(loop);
	assert_int_equal(at_once.calls, 1);
	assert_int_equal(later.calls, 1);
	assert_int_equal(earlier.calls, 1);
	assert_int_equal(cancelled.calls, 0);
	assert_int_equal(last.calls, 1);
	sweep_free(&sweep);
	loop_free(&loop);
}

static void a_deadline_may_cancel_and_set_others_of_its_slot(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct sweep *sweep = sweep_new(loop);
	struct waiter a = { .loop = NULL }, b = { .loop = NULL }, c = { .loop = NULL }, last = { .stops = true };
	set(&a, loop, sweep, 100);
	set(&b, loop, sweep, 100);
	set(&c, loop, sweep, 100);
	/* Whichever of a and b comes first takes the other away; c sets itself again. */
	a.cancels = &b;
	b.cancels = &a;
	c.resets = &c;
	set(&last, loop, sweep, 1000);
	loop_run(loop);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(c.calls, 2);
	sweep_free(&sweep);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_come_in_time_however_they_were_moved),
		cmocka_unit_test(a_deadline_may_cancel_and_set_others_of_its_slot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
