/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/arena.c — a chain of blocks that only grows until it is forgotten as a
 * whole. Nothing is given back singly; what lives longer belongs into mem.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_BLOCK_BYTES 128   /* a stream of the data path keeps one for hours: mostly a record of some 50 bytes is all */
#define LAST_BLOCK_BYTES  65536 /* blocks double up to this; a larger wish gets a block of its own */

struct arena_block {
	struct arena_block *older;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct arena_block *newest;
	size_t max, taken;
};

static size_t aligned(size_t bytes)
{
	return (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static void block_add(struct arena *arena, size_t least)
{
	size_t size = arena->newest == NULL ? FIRST_BLOCK_BYTES : arena->newest->size * 2;

	if (size > LAST_BLOCK_BYTES)
		size = LAST_BLOCK_BYTES;
	if (size > arena->max)
		size = aligned(arena->max);
	if (size < least)
		size = least;
	struct arena_block *block = mem_alloc(sizeof(*block) + size);
	block->older = arena->newest;
	block->size = size;
	arena->newest = block;
}

struct arena *arena_new(size_t max_bytes)
{
	struct arena *arena = mem_alloc(sizeof(*arena));

	BUG_ON(max_bytes > SIZE_MAX / 4);
	arena->max = max_bytes;
	return arena;
}

void arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	arena_reset(*arena);
	mem_release((*arena)->newest);
	mem_release(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *block = arena->newest;

	while (block != NULL && block->older != NULL) {
		struct arena_block *older = block->older;

		mem_release(block);
		block = older;
	}
	if (block != NULL) {
		memset(block->bytes, 0, block->used);
		block->used = 0;
	}
	arena->newest = block;
	arena->taken = 0;
}

size_t arena_left(const struct arena *arena)
{
	return arena->max - arena->taken;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	BUG_ON(bytes > arena_left(arena));
	size_t room = aligned(bytes);

	if (arena->newest == NULL || room > arena->newest->size - arena->newest->used)
		block_add(arena, room);
	void *taken = arena->newest->bytes + arena->newest->used;
	arena->newest->used += room;
	arena->taken += room < arena_left(arena) ? room : arena_left(arena);
	return taken;
}

char *arena_copy(struct arena *arena, struct text text)
{
	char *copy = arena_take(arena, text.len + 1);

	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	BUG_ON(len < 0);
	char *text = arena_take(arena, (size_t)len + 1);
	va_start(args, format);
	(void)vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}
