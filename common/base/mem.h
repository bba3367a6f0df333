/* SPDX-License-Identifier: Apache-2.0 */
/* base/mem.h — the heap. Out of memory ends the process: the pod restarts, so no caller checks for NULL. */
#ifndef KRYPTON_BASE_MEM_H
#define KRYPTON_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory; never NULL. */
void *mem_alloc(size_t bytes);
/* Zeroed array; aborts where count * bytes overflows. */
void *mem_alloc_array(size_t count, size_t bytes);
/* As realloc, never NULL; new bytes are not zeroed. */
void *mem_resize(void *block, size_t bytes);
char *mem_copy_text(const char *text);               /* NULL gives NULL */
char *mem_copy_bytes(const char *bytes, size_t len); /* with a NUL behind */
void mem_release(void *block);                       /* NULL is fine */

/* Owns one block of text for a scope: `scoped_text char *name = mem_copy_text(x);` */
void mem_release_text(char **text);
#define scoped_text __attribute__((cleanup(mem_release_text)))

#endif
