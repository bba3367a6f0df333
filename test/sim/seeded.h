/* SPDX-License-Identifier: Apache-2.0 */
/* seeded.h — pure: random numbers that a seed repeats. */
#ifndef KRYPTON_SIM_SEEDED_H
#define KRYPTON_SIM_SEEDED_H

#include <stdint.h>

/* Embedded; any state is a seed. */
struct seeded {
	uint64_t state;
};

uint64_t seeded_next(struct seeded *seeded);
double seeded_share(struct seeded *seeded);                    /* [0, 1) */
int64_t seeded_below(struct seeded *seeded, int64_t bound);    /* [0, bound) */
double seeded_exponential(struct seeded *seeded, double mean); /* at most ten times the mean */

#endif
