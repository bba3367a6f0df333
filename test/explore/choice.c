/* SPDX-License-Identifier: Apache-2.0 */
/* One stream of numbers (splitmix64) for all of a schedule, so that its seed alone brings it back. A walk takes the first choices
   from an odometer instead: 0 is quick or well, 1 is slow or a fault. */
#include "test/explore/choice.h"

#include "base/attributes.h"

#define MAX_DEPTH 64

static uint64_t state;
static int walk_depth; /* 0: by seed */
static int walk_at, walk_used;
static unsigned char walk[MAX_DEPTH];

static uint64_t next(void)
{
	uint64_t mixed = (state += UINT64_C(0x9e3779b97f4a7c15));

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

void choice_by_seed(uint64_t seed)
{
	state = seed * UINT64_C(0xd1342543de82ef95) + 1;
	walk_depth = 0;
}

void choice_by_walk(int depth)
{
	BUG_ON(depth < 1 || depth > MAX_DEPTH);
	if (walk_depth == 0) {
		for (int i = 0; i < depth; i++)
			walk[i] = 0;
	}
	walk_depth = depth;
	walk_at = 0;
	state = 1;
}

bool choice_next_walk(void)
{
	walk_used = walk_at < walk_depth ? walk_at : walk_depth;
	for (int i = walk_used - 1; i >= 0; i--) {
		if (walk[i] == 0) {
			walk[i] = 1;
			for (int after = i + 1; after < walk_depth; after++)
				walk[after] = 0;
			return true;
		}
	}
	return false;
}

static bool walked(void)
{
	return walk_at < walk_depth ? walk[walk_at++] == 1 : false;
}

int64_t choice_between(int64_t least, int64_t most)
{
	return most <= least ? least : least + (int64_t)(next() % (uint64_t)(most - least + 1));
}

int64_t choice_of(const int64_t *values, int count)
{
	return values[choice_between(0, count - 1)];
}

uint32_t choice_tie(void)
{
	return walk_depth > 0 ? 0 : (uint32_t)next();
}

bool choice_fault(int permille)
{
	if (permille <= 0)
		return false;
	return walk_depth > 0 ? walked() : choice_between(0, 999) < permille;
}

int64_t choice_delay_ms(const struct span *span)
{
	if (walk_depth > 0)
		return span->most_ms > span->least_ms && walked() ? (span->tail_permille > 0 ? span->tail_most_ms : span->most_ms)
								  : span->least_ms;
	if (span->tail_permille > 0 && choice_between(0, 999) < span->tail_permille)
		return choice_between(span->most_ms, span->tail_most_ms);
	return choice_between(span->least_ms, span->most_ms);
}
