/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.c — the kernel's random numbers, asked for each time: nobody here needs many, and no state can leak. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/attributes.h"

void random_bytes(void *out, size_t len)
{
	char *at = out;

	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);

		if (got == -1 && errno == EINTR)
			continue;
		BUG_ON(got <= 0);
		at += got;
		len -= (size_t)got;
	}
}

int64_t random_below(int64_t bound)
{
	BUG_ON(bound <= 0);
	uint64_t uneven = -(uint64_t)bound % (uint64_t)bound; /* so many low values would come once too often */
	uint64_t value;

	do
		random_bytes(&value, sizeof(value));
	while (value < uneven);
	return (int64_t)(value % (uint64_t)bound);
}

int64_t random_backoff_ms(int attempt, int64_t base_ms, int64_t max_ms)
{
	int64_t pause = base_ms;

	BUG_ON(base_ms <= 0 || max_ms < base_ms || max_ms > INT64_MAX / 1200);
	for (int i = 0; i < attempt && pause < max_ms; i++)
		pause *= 2;
	if (pause > max_ms)
		pause = max_ms;
	return pause * (800 + random_below(401)) / 1000;
}
