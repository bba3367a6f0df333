/* SPDX-License-Identifier: Apache-2.0 */
/* story.h — what happened, line by line; and what must not have. */
#ifndef KRYPTON_EXPLORE_STORY_H
#define KRYPTON_EXPLORE_STORY_H

#include <stdbool.h>

#include "base/attributes.h"

/* is_told: lines go to standard output as they come; else they cost nothing. */
void story_begin(bool is_told);
void story_end(void); /* nothing is told any more; what is broken is kept */
bool story_is_told(void);
void story_tell(const char *format, ...) printf_like(1, 2);
/* An invariant does not hold. The first one of a schedule is kept. */
void story_break(const char *invariant, const char *format, ...) printf_like(2, 3);
const char *story_broken(void); /* NULL: all held */
const char *story_detail(void);

#endif
