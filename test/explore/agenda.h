/* SPDX-License-Identifier: Apache-2.0 */
/* agenda.h — the virtual clock: what happens when. Things of one millisecond happen in an order that is chosen. */
#ifndef KRYPTON_EXPLORE_AGENDA_H
#define KRYPTON_EXPLORE_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_START_MS INT64_C(1000000) /* 0 is "never" for those who live by this clock */

struct moment;

void agenda_reset(void); /* nothing may be planned */
int64_t agenda_now_ms(void);
/* Since the start. */
int64_t agenda_elapsed_ms(void);
/* The moment is valid until it happens. Nobody needs to keep it. */
struct moment *agenda_in(int64_t delay_ms, void (*happen)(void *arg), void *arg);
void agenda_drop(struct moment **moment);      /* NULL is fine */
void *agenda_arg(const struct moment *moment); /* NULL for NULL */
/* The next thing happens; false: nothing is planned, or only later than until_ms. */
bool agenda_step(int64_t until_ms);

#endif
