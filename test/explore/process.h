/* SPDX-License-Identifier: Apache-2.0 */
/* process.h — a daemon as the simulation runs it: a loop of its own on the clock of all. It stands for base/loop, base/random and
   the clocks of base/instant. */
#ifndef KRYPTON_EXPLORE_PROCESS_H
#define KRYPTON_EXPLORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

struct instance;

#define PROCESS_NAME_BYTES 24

/* A loop is its process. */
struct loop {
	char name[PROCESS_NAME_BYTES]; /* "gateway-1" */
	char ip[64];
	uint16_t port;              /* where its listener is */
	struct instance *instance;  /* a sidecar's pod; else NULL */
	bool is_dying;              /* it is being freed: nothing is deferred any more */
	bool is_stopping;           /* it called loop_stop() */
	void (*on_stop)(void *arg); /* frees it, behind the callback in which it stopped */
	void *arg;
	int timers;
	struct deferred *deferred;
	int deferred_count, deferred_room;
};

struct loop *process_new(const char *name, const char *ip, uint16_t port);
void process_free(struct loop **loop);
/* The daemon's own free, as the last thing that runs there. */
void process_end(struct loop *loop, void (*end)(void *arg), void *arg);
/* Runs call(arg) as one callback of that process, then what it deferred. NULL: nobody's. */
void process_run(struct loop *loop, void (*call)(void *arg), void *arg);
/* Who runs now; "" where nobody does. */
const char *process_name(void);
/* Who ran last. */
const char *process_name_last(void);
/* Since 1970, as all processes see it. */
int64_t process_wall_ms(void);

#endif
