/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/remedy.h — pure: what a fault looks like from outside, what mends it, and the command that goes further. */
#ifndef KRYPTON_KRYPTON_REMEDY_H
#define KRYPTON_KRYPTON_REMEDY_H

#include "base/attributes.h"
#include "base/buf.h"
#include "krypton/reasons.h"

struct remedy {
	const char *symptom; /* what kubectl, a log or a caller shows, with the literal words that people search for; Markdown */
	const char *cause;
	const char *fix;
	const char *command; /* to be pasted once its {places} are filled in */
};

/* Where a fault is; whatever a command names must be set. */
struct remedy_place {
	const char *name_space, *agent, *pod, *container, *node;
	int port; /* that the agent listens on */
};

/* NULL where nothing is to be mended: the reason is no fault. */
const struct remedy *remedy_of(enum reason reason);
/* Appends the command with its places filled in: {namespace}, {agent}, {pod}, {container}, {node}, {port}. All of them are names
   that the API server has checked, so that nothing in them is special to a shell. -1 where out is full. */
int remedy_command(const char *command, const struct remedy_place *place, struct buf *out) must_check;

#endif
