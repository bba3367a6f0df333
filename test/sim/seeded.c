/* SPDX-License-Identifier: Apache-2.0 */
/* pure. A counter and a mixer (splitmix64): every seed is as good as another. */
#include "test/sim/seeded.h"

#include <math.h>

uint64_t seeded_next(struct seeded *seeded)
{
	uint64_t mixed = seeded->state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

double seeded_share(struct seeded *seeded)
{
	return (double)(seeded_next(seeded) >> 11) / 9007199254740992.0;
}

int64_t seeded_below(struct seeded *seeded, int64_t bound)
{
	return (int64_t)(seeded_next(seeded) % (uint64_t)bound);
}

double seeded_exponential(struct seeded *seeded, double mean)
{
	double drawn = -mean * log(1.0 - seeded_share(seeded));

	return drawn < 10 * mean ? drawn : 10 * mean;
}
