/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON body of an error answer. */
#include "net/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void members_that_are_not_given_are_left_out(void **state)
{
	static const struct {
		struct problem problem;
		const char *json;
	} rows[] = {
		{ { "no such agent", NULL, NULL, 0 }, "{\"error\": \"no such agent\"}\n" },
		{ { "no such agent", "AgentNotFound", NULL, 0 },
			"{\"error\": \"no such agent\", \"reason\": \"AgentNotFound\"}\n" },
		{ { "e", "R", "try again", 0 }, "{\"error\": \"e\", \"reason\": \"R\", \"hint\": \"try again\"}\n" },
		{ { "e", NULL, "h", 0 }, "{\"error\": \"e\", \"hint\": \"h\"}\n" },
		{ { "e", "R", NULL, 504 }, "{\"status\": 504, \"error\": \"e\", \"reason\": \"R\"}\n" },
		{ { NULL, NULL, NULL, 0 }, "{\"error\": \"\"}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_buf out;

		buf_init(&out, 1024);
		assert_int_equal(problem_format(&rows[i].problem, &out), 0);
		assert_string_equal(buf_terminated(&out), rows[i].json);
	}
}

static void whatever_a_text_holds_the_body_is_valid_json(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "say \"hi\" \\ there", "{\"error\": \"say \\\"hi\\\" \\\\ there\"}\n" },
		{ "line\nbreak\ttab\x01", "{\"error\": \"line\\u000abreak\\u0009tab\\u0001\"}\n" },
		{ "caf\xc3\xa9 \xf0\x9f\x98\x80", "{\"error\": \"caf\xc3\xa9 \xf0\x9f\x98\x80\"}\n" },
		{ "cut \xc3", "{\"error\": \"cut \\ufffd\"}\n" },
		{ "\xff\xc0\xaf", "{\"error\": \"\\ufffd\\ufffd\\ufffd\"}\n" },
		{ "\xed\xa0\x80", "{\"error\": \"\\ufffd\\ufffd\\ufffd\"}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_buf out;

		buf_init(&out, 1024);
		assert_int_equal(problem_format(&(struct problem){ .error = rows[i].text }, &out), 0);
		assert_string_equal(buf_terminated(&out), rows[i].json);
	}
}

static void a_cap_that_is_too_small_is_an_error(void **state)
{
	const struct problem problem = { "no such agent \"x\"", "AgentNotFound", "look", 0 };

	(void)state;
	for (size_t cap = 1;
		cap < sizeof("{\"error\": \"no such agent \\\"x\\\"\", \"reason\": \"AgentNotFound\", \"hint\": \"look\"}\n") - 1;
		cap++) {
		scoped_buf out;

		buf_init(&out, cap);
		assert_int_equal(problem_format(&problem, &out), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_that_are_not_given_are_left_out),
		cmocka_unit_test(whatever_a_text_holds_the_body_is_valid_json),
		cmocka_unit_test(a_cap_that_is_too_small_is_an_error),
	};

	return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
