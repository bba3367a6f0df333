/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h — memory with the lifetime of one exchange, one reconcile pass or one watch line: freed at once. */
#ifndef KRYPTON_BASE_ARENA_H
#define KRYPTON_BASE_ARENA_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/text.h"

struct arena;

/* An arena that may hold at most max_bytes. Going past it is a bug of the caller, who checks sizes that peers choose. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena **arena);
/* Forgets everything, keeps the first block: for the next exchange on a connection. */
void arena_reset(struct arena *arena);
/* What may still be taken. */
size_t arena_left(const struct arena *arena);

/* Zeroed, aligned for any type; valid until reset or free. */
void *arena_take(struct arena *arena, size_t bytes);
char *arena_copy(struct arena *arena, struct text text); /* NUL-terminated */
char *arena_format(struct arena *arena, const char *format, ...) printf_like(2, 3);

#endif
