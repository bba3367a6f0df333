/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/status_error.h"

#include <string.h>

#include "test/unit/base/test.h"

static void the_code_says_what_to_do(void **state)
{
	static const struct {
		int status;
		const char *message;
		enum err_code code;
	} rows[] = {
		{ 400, NULL, ERR_INVALID },
		{ 401, NULL, ERR_FORBIDDEN },
		{ 403, NULL, ERR_FORBIDDEN },
		{ 404, NULL, ERR_NOT_FOUND },
		{ 405, NULL, ERR_INVALID },
		{ 409, NULL, ERR_CONFLICT },
		{ 410, NULL, ERR_GONE },
		{ 415, NULL, ERR_INVALID },
		{ 422, NULL, ERR_INVALID },
		{ 429, NULL, ERR_RETRY },
		{ 302, NULL, ERR_INVALID },
		{ 500, NULL, ERR_RETRY },
		{ 500, "etcdserver: request timed out", ERR_RETRY },
		{ 500, "failed to create typed patch object (ns/a; apps/v1, Kind=Deployment): …", ERR_INVALID },
		{ 500, "failed to convert new object (ns/a; apps/v1) to proper version", ERR_INVALID },
		{ 503, NULL, ERR_RETRY },
		{ 504, NULL, ERR_RETRY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(kube_status_code(rows[i].status, rows[i].message), rows[i].code);
}

static void the_text_has_the_status_message(void **state)
{
	struct err err = { 0 };

	(void)state;
	kube_status_error("cannot patch pods ns/a", 403, TEXT("{\"kind\":\"Status\",\"message\":\"pods is forbidden\"}"), 0, &err);
	assert_string_equal(err.message, "cannot patch pods ns/a: 403: pods is forbidden");
	kube_status_error("cannot get pods", 502, TEXT("bad gateway\n"), 0, &err);
	assert_string_equal(err.message, "cannot get pods: 502: bad gateway ");
	kube_status_error("cannot get pods", 503, (struct text){ 0 }, 0, &err);
	assert_string_equal(err.message, "cannot get pods: 503");
	kube_status_error("cannot get pods", 500, TEXT("{broken"), 0, &err);
	assert_string_equal(err.message, "cannot get pods: 500: {broken");
}

static void retry_after_comes_from_header_or_details_and_is_bounded(void **state)
{
	struct err err = { 0 };

	(void)state;
	kube_status_error("x", 429, (struct text){ 0 }, 3000, &err);
	assert_int_equal(err.retry_after_ms, 3000);
	kube_status_error("x", 429, TEXT("{\"details\":{\"retryAfterSeconds\":2}}"), 0, &err);
	assert_int_equal(err.retry_after_ms, 2000);
	kube_status_error("x", 429, TEXT("{\"details\":{\"retryAfterSeconds\":9223372036854775807}}"), 0, &err);
	assert_int_equal(err.retry_after_ms, 0);
	kube_status_error("x", 429, (struct text){ 0 }, INT64_MAX, &err);
	assert_int_equal(err.retry_after_ms, 600000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_says_what_to_do),
		cmocka_unit_test(the_text_has_the_status_message),
		cmocka_unit_test(retry_after_comes_from_header_or_details_and_is_bounded),
	};

	return cmocka_run_group_tests_name("kube/status_error", tests, NULL, NULL);
}
