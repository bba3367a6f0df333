/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Fewest in flight wins: agents' requests differ so much in length that turns alone would pile them up. */
#include "gateway/pick.h"

static bool has_slot(const struct pick_candidate *candidate, int limit)
{
	return candidate->is_usable && candidate->inflight < limit;
}

int pick_pod(const struct pick_candidate *candidates, size_t count, int limit, int pin, size_t start)
{
	int best = PICK_NONE;

	if (pin != PICK_NONE)
		return (size_t)pin < count && has_slot(&candidates[pin], limit) ? pin : PICK_NONE;
	for (size_t i = 0; i < count; i++) {
		size_t at = (start + i) % count;

		if (has_slot(&candidates[at], limit) && (best == PICK_NONE || candidates[at].inflight < candidates[best].inflight))
			best = (int)at;
	}
	return best;
}
