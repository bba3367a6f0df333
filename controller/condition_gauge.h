/* SPDX-License-Identifier: Apache-2.0 */
/* controller/condition_gauge.h — what the conditions say, as a metric: one series an Agent, for alerts. */
#ifndef KRYPTON_CONTROLLER_CONDITION_GAUGE_H
#define KRYPTON_CONTROLLER_CONDITION_GAUGE_H

#include <stdbool.h>

#include "krypton/agent.h"
#include "krypton/reasons.h"

struct condition_gauge;
struct metrics;

struct condition_gauge *condition_gauge_new(struct metrics *metrics); /* borrows */
void condition_gauge_free(struct condition_gauge **gauge);            /* with all its series */
/* In place of what it said of that Agent before. */
void condition_gauge_say(struct condition_gauge *gauge, const struct agent *agent, bool is_available, enum reason reason);
/* The Agent of that key ("namespace/name") is gone. */
void condition_gauge_forget(struct condition_gauge *gauge, const char *key);

#endif
