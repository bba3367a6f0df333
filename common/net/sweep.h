/* SPDX-License-Identifier: Apache-2.0 */
/* net/sweep.h — coarse deadlines for many connections on one timer: a wheel that turns every 250 ms. */
#ifndef KRYPTON_NET_SWEEP_H
#define KRYPTON_NET_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#define SWEEP_PERIOD_MS 250

struct loop;
struct sweep;

/* Embedded in what it watches over. Private but for reading due_ms. */
struct deadline {
	struct deadline *next;
	struct deadline **link; /* what points to us; NULL: not set */
	struct sweep *sweep;
	int64_t due_ms;   /* monotonic */
	int64_t visit_ms; /* when the wheel looks at it: never later than due_ms and one turn */
	void (*on_due)(void *arg);
	void *arg;
};

struct sweep *sweep_new(struct loop *loop);
void sweep_free(struct sweep **sweep); /* no deadline may be set any more; also from within an on_due */

void deadline_init(struct deadline *deadline, struct sweep *sweep, void (*on_due)(void *arg), void *arg);
/* Replaces an earlier time. A later one costs nothing: the wheel finds out when it comes by. on_due comes up to a period late. */
void deadline_set(struct deadline *deadline, int64_t due_ms);
void deadline_cancel(struct deadline *deadline);

#endif
