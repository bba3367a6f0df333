/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "base/instant.h"
#include "base/mem.h"
#include "test/unit/base/test.h"

static void descriptors_are_counted(void **state)
{
	struct process_usage before = process_usage_read();
	struct rlimit limit;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(process_usage_read().open_fds, before.open_fds + 1);
	(void)close(fd);
	assert_int_equal(process_usage_read().open_fds, before.open_fds);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(before.max_fds, limit.rlim_cur);
}

static void memory_that_is_used_is_counted(void **state)
{
	enum { BLOCK_BYTES = 64 << 20 };
	struct process_usage before = process_usage_read();
	volatile char *block = mem_alloc(BLOCK_BYTES);

	(void)state;
	for (size_t i = 0; i < BLOCK_BYTES; i += 4096)
		block[i] = 1;
	struct process_usage after = process_usage_read();
	assert_true(before.resident_bytes > 0);
	assert_true(after.resident_bytes - before.resident_bytes >= BLOCK_BYTES / 2);
	assert_true(after.virtual_bytes - before.virtual_bytes >= BLOCK_BYTES / 2);
	mem_release((void *)(uintptr_t)block);
}

static void processor_time_grows(void **state)
{
	double before = process_usage_read().cpu_seconds;

	(void)state;
	while (process_usage_read().cpu_seconds < before + .01)
		continue;
}

static void the_start_lies_shortly_before_now(void **state)
{
	double now = (double)instant_wall_ms() / 1000, start = process_usage_read().start_time_seconds;

	(void)state;
	assert_true(start <= now + .1);
	assert_true(start > now - 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_counted),
		cmocka_unit_test(memory_that_is_used_is_counted),
		cmocka_unit_test(processor_time_grows),
		cmocka_unit_test(the_start_lies_shortly_before_now),
	};

	return cmocka_run_group_tests_name("base/process", tests, NULL, NULL);
}
