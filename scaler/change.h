/* SPDX-License-Identifier: Apache-2.0 */
/* change.h — the newest change of an Agent's count: the write of it, and the word about it (Event, log, metric) once it is written.
 */
#ifndef KRYPTON_SCALER_CHANGE_H
#define KRYPTON_SCALER_CHANGE_H

#include <stdbool.h>

#include "krypton/agent.h"
#include "scaler/decide.h"

struct change;
struct scaler;

/* What was decided, on what, and as far as it can be followed now. */
struct change_wish {
	struct decision decision;
	const struct observation *seen;
	int from, count;
};

/* Borrows all, for as long as it lives. Nothing is written yet. */
struct change *change_new(struct scaler *scaler, const char *name_space, const char *name);
/* A write under way is not waited for, and nothing is told of it. */
void change_free(struct change **change);
/* The last one that was written let it sleep. */
bool change_left_asleep(const struct agent *agent);
bool change_is_under_way(const struct change *change);
/* Applies the count and the condition Scaled that says why, unless the same is on its way. Not now, and to be asked for again,
   while another one is under way or pauses after a failure, or where it is not urgent and many like it are. A count that is no
   higher than before is written only over what it was decided on: whoever was faster wins, and the next look decides anew. Failures
   are logged, with a pause after them that grows; what becomes urgent does not wait for the pause of what was not. */
void change_write(struct change *change, const struct agent *agent, const struct change_wish *wish, bool is_urgent);

#endif
