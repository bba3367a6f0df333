/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/mem.c — the only room that speaks to malloc. An allocation that fails
 * ends the process; sizes that peers choose are bounded before they get here.
 */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"

static void *or_die(void *block)
{
	if (block == NULL)
		bug_report(__FILE__, __LINE__, "out of memory");
	return block;
}

/* calloc passes by the lists of small blocks that each thread has at hand (glibc up to 2.40), and a free then finds them full. */
#define SMALL_BYTES 1024

void *mem_alloc(size_t bytes)
{
	if (bytes > SMALL_BYTES)
		return or_die(calloc(1, bytes));
	return memset(or_die(malloc(bytes > 0 ? bytes : 1)), 0, bytes);
}

void *mem_alloc_array(size_t count, size_t bytes)
{
	return or_die(calloc(count > 0 ? count : 1, bytes > 0 ? bytes : 1));
}

void *mem_resize(void *block, size_t bytes)
{
	return or_die(realloc(block, bytes > 0 ? bytes : 1));
}

char *mem_copy_text(const char *text)
{
	return text == NULL ? NULL : mem_copy_bytes(text, strlen(text));
}

char *mem_copy_bytes(const char *bytes, size_t len)
{
	BUG_ON(len == SIZE_MAX);
	char *copy = or_die(malloc(len + 1));

	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void mem_release(void *block)
{
	free(block);
}

void mem_release_text(char **text)
{
	free(*text);
	*text = NULL;
}
