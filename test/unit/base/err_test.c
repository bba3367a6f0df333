/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <string.h>

#include "test/unit/base/test.h"

static void setting_and_wrapping_give_minus_one(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_GONE, "version %d", 7), -1);
	assert_int_equal(err.code, ERR_GONE);
	assert_string_equal(err.message, "version 7");
	assert_int_equal(err_wrap(&err, "watch of %s", "agents"), -1);
	assert_int_equal(err.code, ERR_GONE);
	assert_string_equal(err.message, "watch of agents: version 7");
	assert_int_equal(err_set(NULL, ERR_GONE, "nobody listens"), -1);
	assert_int_equal(err_wrap(NULL, "nobody listens"), -1);
}

static void a_new_error_forgets_the_old_retry_after(void **state)
{
	struct err err = { .retry_after_ms = 5000 };

	(void)state;
	(void)err_set(&err, ERR_RETRY, "again");
	assert_int_equal(err.retry_after_ms, 0);
	err.retry_after_ms = 1000;
	(void)err_wrap(&err, "list");
	assert_int_equal(err.retry_after_ms, 1000);
}

static void an_error_is_one_line(void **state)
{
	struct err err = { 0 };

	(void)state;
	(void)err_set(&err, ERR_INVALID, "%s", "peer said:\r\n\tno\x7f!");
	assert_string_equal(err.message, "peer said:   no !");
}

static void a_long_message_is_cut(void **state)
{
	struct err err = { 0 };
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	(void)err_wrap(&err, "what");
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_memory_equal(err.message, "what: xxx", 9);
	(void)err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
}

static void a_message_may_quote_the_one_before(void **state)
{
	struct err err = { 0 };

	(void)state;
	(void)err_set(&err, ERR_RETRY, "refused");
	(void)err_set(&err, ERR_INVALID, "first: %s", err.message);
	assert_string_equal(err.message, "first: refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_and_wrapping_give_minus_one),
		cmocka_unit_test(a_new_error_forgets_the_old_retry_after),
		cmocka_unit_test(an_error_is_one_line),
		cmocka_unit_test(a_long_message_is_cut),
		cmocka_unit_test(a_message_may_quote_the_one_before),
	};

	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
