/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.h — random numbers from the kernel, and a pause with jitter made of them. */
#ifndef KRYPTON_BASE_RANDOM_H
#define KRYPTON_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len); /* fit for keys (getrandom); aborts where the kernel has none */
int64_t random_below(int64_t bound);      /* [0, bound) */

/* Pure but for the jitter: the pause before try number `attempt` (from 0): base doubled each time up to max, +-20 %. */
int64_t random_backoff_ms(int attempt, int64_t base_ms, int64_t max_ms);

#endif
