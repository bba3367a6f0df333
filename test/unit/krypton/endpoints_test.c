/* SPDX-License-Identifier: Apache-2.0 */
/* EndpointSlices as the API server really sends them, nulls included. */
#include "krypton/endpoints.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "krypton/labels.h"

static struct endpoint_slice *read_slice(const char *text)
{
	struct err err = { 0 };
	scoped_json object = json_parse(text_of(text), &err);

	assert_non_null(object);
	return endpoint_slice_from_json(object, LABEL_AGENT);
}

static void pods_are_read_with_their_conditions(void **state)
{
	scoped(endpoint_slice) slice = read_slice(
		"{\"metadata\":{\"namespace\":\"shop\",\"labels\":{\"krypton.ai/agent\":\"hello\","
		"\"kubernetes.io/service-name\":\"other\"}},\"endpoints\":["
		"{\"addresses\":[\"10.0.0.1\"],\"conditions\":{\"ready\":true,\"serving\":true,\"terminating\":false},"
		"\"targetRef\":{\"name\":\"hello-1\"}},"
		"{\"addresses\":[\"10.0.0.2\"],\"conditions\":{\"ready\":false,\"serving\":false,\"terminating\":false}},"
		"{\"addresses\":[\"10.0.0.3\"],\"conditions\":{\"ready\":false,\"serving\":true,\"terminating\":true}}]}");

	(void)state;
	assert_non_null(slice);
	assert_string_equal(slice->owner, "hello");
	assert_string_equal(slice->name_space, "shop");
	assert_int_equal(slice->count, 3);
	assert_string_equal(slice->endpoints[0].ip, "10.0.0.1");
	assert_string_equal(slice->endpoints[0].pod_name, "hello-1");
	assert_true(slice->endpoints[0].is_ready);
	assert_null(slice->endpoints[1].pod_name);
	assert_false(slice->endpoints[1].is_ready);
	assert_false(slice->endpoints[1].is_serving);
	assert_true(slice->endpoints[2].is_serving);
	assert_true(slice->endpoints[2].is_terminating);
}

static void the_service_name_stands_in_for_the_label(void **state)
{
	scoped(endpoint_slice) slice =
		read_slice("{\"metadata\":{\"labels\":{\"kubernetes.io/service-name\":\"krypton-gateway\"}},\"endpoints\":null}");

	(void)state;
	assert_non_null(slice);
	assert_string_equal(slice->owner, "krypton-gateway");
	assert_int_equal(slice->count, 0);
}

static void a_slice_of_nobody_is_none(void **state)
{
	(void)state;
	assert_null(read_slice("{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"endpoints\":[]}"));
	assert_null(read_slice("{}"));
}

static void absent_conditions_count_as_the_api_says(void **state)
{
	static const char *const rows[] = {
		"{\"addresses\":[\"10.0.0.1\"]}",
		"{\"addresses\":[\"10.0.0.1\"],\"conditions\":null}",
		"{\"addresses\":[\"10.0.0.1\"],\"conditions\":{\"ready\":null}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];

		(void)snprintf(
			text, sizeof(text), "{\"metadata\":{\"labels\":{\"krypton.ai/agent\":\"a\"}},\"endpoints\":[%s]}", rows[i]);
		scoped(endpoint_slice) slice = read_slice(text);
		assert_int_equal(slice->count, 1);
		assert_true(slice->endpoints[0].is_ready);
		assert_true(slice->endpoints[0].is_serving);
		assert_false(slice->endpoints[0].is_terminating);
	}
}

static void entries_without_an_address_are_passed_over(void **state)
{
	scoped(endpoint_slice) slice = read_slice("{\"metadata\":{\"labels\":{\"krypton.ai/agent\":\"a\"}},\"endpoints\":["
						  "{},{\"addresses\":[]},{\"addresses\":null},7,{\"addresses\":[\"10.0.0.9\"]}]}");

	(void)state;
	assert_int_equal(slice->count, 1);
	assert_string_equal(slice->endpoints[0].ip, "10.0.0.9");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_read_with_their_conditions),
		cmocka_unit_test(the_service_name_stands_in_for_the_label),
		cmocka_unit_test(a_slice_of_nobody_is_none),
		cmocka_unit_test(absent_conditions_count_as_the_api_says),
		cmocka_unit_test(entries_without_an_address_are_passed_over),
	};

	return cmocka_run_group_tests_name("krypton/endpoints", tests, NULL, NULL);
}
