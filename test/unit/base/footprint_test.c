/* SPDX-License-Identifier: Apache-2.0 */
#include "base/footprint.h"

#include <stdio.h>

#include "base/mem.h"
#include "test/unit/base/test.h"

#define BLOCKS      20000
#define BLOCK_BYTES 1000

static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long whole = 0, resident = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &whole, &resident), 2);
	assert_int_equal(fclose(file), 0);
	return resident;
}

/* A block that stays on top keeps the allocator from shrinking by itself. */
static void what_was_needed_once_is_given_back(void **state)
{
	static char *blocks[BLOCKS];
	long before;

	(void)state;
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = mem_copy_bytes((const char[BLOCK_BYTES]){ 1 }, BLOCK_BYTES);
	for (int i = 0; i < BLOCKS - 1; i++)
		mem_release(blocks[i]);
	before = resident_pages();
	footprint_shrink();
	footprint_shrink(); /* and whoever called goes on */
	assert_true(resident_pages() < before);
	mem_release(blocks[BLOCKS - 1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_needed_once_is_given_back),
	};

	return cmocka_run_group_tests_name("base/footprint", tests, NULL, NULL);
}
