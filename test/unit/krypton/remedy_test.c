/* SPDX-License-Identifier: Apache-2.0 */
#include "krypton/remedy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct remedy_place place = {
	.name_space = "shop", .agent = "hello", .pod = "hello-7d-x", .container = "agent", .node = "node-1", .port = 3000
};

static void a_command_s_places_are_filled_in_and_other_braces_stay(void **state)
{
	scoped_buf out;

	(void)state;
	buf_init(&out, 512);
	assert_int_equal(
		remedy_command("kubectl -n {namespace} patch agent {agent} -p '{\"spec\":{\"port\":{port}}}' {", &place, &out), 0);
	assert_string_equal(buf_terminated(&out), "kubectl -n shop patch agent hello -p '{\"spec\":{\"port\":3000}}' {");
}

static void a_command_without_room_is_refused(void **state)
{
	scoped_buf out;

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(remedy_command("kubectl -n {namespace}", &place, &out), -1);
}

static void each_remedy_is_whole_and_its_command_can_be_pasted(void **state)
{
	(void)state;
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		const struct remedy *remedy = remedy_of((enum reason)reason);

		if (remedy == NULL) {
			assert_false(reason_is_lasting((enum reason)reason)); /* what lasts has to be mended by somebody */
			continue;
		}
		scoped_buf out;
		buf_init(&out, 512);
		assert_non_null(remedy->cause);
		assert_non_null(remedy->fix);
		assert_int_equal(remedy_command(remedy->command, &place, &out), 0);
		assert_null(strstr(buf_terminated(&out), "{n"));
		assert_memory_equal(buf_terminated(&out), "kubectl ", 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_s_places_are_filled_in_and_other_braces_stay),
		cmocka_unit_test(a_command_without_room_is_refused),
		cmocka_unit_test(each_remedy_is_whole_and_its_command_can_be_pasted),
	};

	return cmocka_run_group_tests_name("krypton/remedy", tests, NULL, NULL);
}
