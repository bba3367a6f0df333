/* SPDX-License-Identifier: Apache-2.0 */
/* last_invocation.h — pure: when status.lastInvocationAt wants writing, among gateways that know of each other by its value alone.
 */
#ifndef KRYPTON_GATEWAY_LAST_INVOCATION_H
#define KRYPTON_GATEWAY_LAST_INVOCATION_H

#include <stdint.h>

/* Wall clock, ms; 0: never. */
struct last_invocation {
	int64_t begun_ms;     /* our newest invocation */
	int64_t written_ms;   /* the Agent's lastInvocationAt, whichever gateway wrote it */
	int64_t our_write_ms; /* when we wrote it last */
};

struct last_invocation_turn {
	int64_t at_ms;     /* not before; 0: there is nothing to write */
	int64_t spread_ms; /* and by so much later, at random: whoever is first saves the others their write */
};

/*
 * The first invocation after ten quiet seconds is told within a second; while others follow, ten seconds later at the earliest,
 * so that a burst's last one is told as well and all gateways together write at most seven times a minute. A time that lies
 * more than a minute ahead was written by a clock that was wrong, and is put right.
 */
struct last_invocation_turn last_invocation_turn(const struct last_invocation *known);

#endif
