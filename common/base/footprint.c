/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/footprint.c — smaller at rest. Starting runs a great deal of library
 * code once (TLS, certificates, libcurl and what it brings along), whose pages
 * stay resident: more than half of a daemon. Only segments that are mapped
 * from their file and never written are let go, so nothing can be lost.
 */
#include "base/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int segments_let_go(struct dl_phdr_info *object, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
			(void)madvise((void *)start, end - start, MADV_DONTNEED); /* refused for the vdso, which is as well */
	}
	return 0;
}

void footprint_shrink(void)
{
	(void)malloc_trim(0);
	(void)dl_iterate_phdr(segments_let_go, NULL);
}
