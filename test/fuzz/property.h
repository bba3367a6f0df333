/* SPDX-License-Identifier: Apache-2.0 */
/* test/fuzz/property.h — what a target proves: a sentence that does not hold is printed, and ends the run. */
#ifndef KRYPTON_TEST_FUZZ_PROPERTY_H
#define KRYPTON_TEST_FUZZ_PROPERTY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define HOLDS(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The same bytes in a block of exactly their size, so that a look behind their end is seen. free((void *)at) it. */
static inline struct text exact_copy(struct text text)
{
	char *block = malloc(text.len > 0 ? text.len : 1);

	if (block == NULL)
		abort();
	memcpy(block, text.at, text.len);
	return (struct text){ block, text.len };
}

static inline void free_copy(struct text copy)
{
	free((void *)(uintptr_t)copy.at);
}

static inline bool is_within(struct text outer, struct text inner)
{
	return inner.at == NULL || inner.len == 0 || (inner.at >= outer.at && inner.at + inner.len <= outer.at + outer.len);
}

#endif
