/* SPDX-License-Identifier: Apache-2.0 */
/* choice.h — where a schedule could go this way or that: by a seed's numbers, or every way in turn. */
#ifndef KRYPTON_EXPLORE_CHOICE_H
#define KRYPTON_EXPLORE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

/* A duration that varies: mostly within [least, most], and with tail_permille up to tail_most. */
struct span {
	int64_t least_ms, most_ms;
	int tail_permille;
	int64_t tail_most_ms;
};

void choice_by_seed(uint64_t seed);
/* The first `depth` delays and faults are walked through; what is beyond them is as quick and as well as can be. */
void choice_by_walk(int depth);
/* The next walk; false: all were walked. */
bool choice_next_walk(void);

/* Of the world's making, never walked through. */
int64_t choice_between(int64_t least, int64_t most);
int64_t choice_of(const int64_t *values, int count);
/* A tie between two things of one millisecond. */
uint32_t choice_tie(void);

bool choice_fault(int permille);
int64_t choice_delay_ms(const struct span *span);

#endif
