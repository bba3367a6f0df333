/* SPDX-License-Identifier: Apache-2.0 */
/* base/loop.h — the one event loop of a process (over libev): readiness of descriptors, timers, signals, deferred calls. */
#ifndef KRYPTON_BASE_LOOP_H
#define KRYPTON_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_io;
struct loop_timer;

struct loop *loop_new(void);        /* never NULL */
void loop_free(struct loop **loop); /* everything on it must have been freed before */
void loop_run(struct loop *loop);   /* until loop_stop() */
void loop_stop(struct loop *loop);
int64_t loop_now_ms(struct loop *loop); /* monotonic, read once an iteration */

/* Calls call(arg) once, after the callbacks of this iteration and before waiting again. Cannot be taken back. */
void loop_defer(struct loop *loop, void (*call)(void *arg), void *arg);

#define LOOP_READ  1
#define LOOP_WRITE 2

/* Watches fd, which stays the caller's, for nothing at first. on_ready gets the events that hold. */
struct loop_io *loop_io_new(struct loop *loop, int fd, void (*on_ready)(void *arg, int events), void *arg);
/* events: LOOP_READ, LOOP_WRITE, both, or 0 for neither. No system call where nothing changes. */
void loop_io_set(struct loop_io *io, int events);
void loop_io_free(struct loop_io **io); /* also from within its own callback; close the fd after it */

/* One-shot; not armed at birth. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*on_due)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms); /* arms anew, replacing an earlier time; <= 0: next iteration */
void loop_timer_cancel(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer); /* also from within its own callback */

/* One handler a signal, kept until loop_free(). Called from the loop, not from the handler's context. */
void loop_on_signal(struct loop *loop, int signal_number, void (*on_signal)(void *arg), void *arg);

#endif
