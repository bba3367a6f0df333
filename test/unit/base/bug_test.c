/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "test/unit/base/test.h"

static int report_fds[2];

static void happen(void *arg)
{
	(void)dup2(report_fds[1], STDERR_FILENO);
	BUG_ON(*(const int *)arg == 7);
}

static void a_bug_names_its_place_and_aborts(void **state)
{
	int harmful = 7, harmless = 8;
	char report[512] = "";

	(void)state;
	assert_int_equal(pipe(report_fds), 0);
	assert_int_equal(child_status(happen, &harmless), 0);
	assert_aborts(happen, &harmful);
	assert_true(read(report_fds[0], report, sizeof(report) - 1) > 0);
	assert_memory_equal(report, "bug: ", 5);
	assert_non_null(strstr(report, "bug_test.c:"));
	assert_non_null(strstr(report, ": *(const int *)arg == 7\n"));
}

static void report_much(void *arg)
{
	bug_report("file.c", 1, arg);
}

static void a_long_condition_is_cut(void **state)
{
	static char condition[2000];

	(void)state;
	memset(condition, 'x', sizeof(condition) - 1);
	assert_aborts(report_much, condition);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bug_names_its_place_and_aborts),
		cmocka_unit_test(a_long_condition_is_cut),
	};

	return cmocka_run_group_tests_name("base/bug", tests, NULL, NULL);
}
