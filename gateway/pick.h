/* SPDX-License-Identifier: Apache-2.0 */
/* pick.h — pure: which pod gets the next request. */
#ifndef KRYPTON_GATEWAY_PICK_H
#define KRYPTON_GATEWAY_PICK_H

#include <stdbool.h>
#include <stddef.h>

struct pick_candidate {
	bool is_usable; /* takes new work at all */
	int inflight;   /* ours and, as far as known, other gateways' */
};

#define PICK_NONE (-1)

/* The usable one with the fewest in flight below limit; the first of equals after `start`, so that equals take turns.
   pin: only this one (session affinity); PICK_NONE: any. PICK_NONE where there is no free slot. */
int pick_pod(const struct pick_candidate *candidates, size_t count, int limit, int pin, size_t start);

#endif
