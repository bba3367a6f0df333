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
		"\"targetRef\":{\"name\":\"hello-1\",\"uid\":\"u1\"}},"
		"{\"addresses\":[\"10.0.0.2\"],\"conditions\":{\"ready\":false,\"serving\":false,\"terminating\":false}},"
		"{\"addresses\":[\"10.0.0.3\"],\"conditions\":{\"ready\":false,\"serving\":true,\"terminating\":true}}]}");

	(void)state;
	assert_non_null(slice);
	assert_string_equal(slice->owner, "hello");
	assert_string_equal(slice->name_space, "shop");
	assert_int_equal(slice->count, 3);
	assert_string_equal(slice->endpoints[0].pod_uid, "u1");
	assert_null(slice->endpoints[1].pod_uid);
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

/* Which of two entries for one pod counts: 0, 1 by their place. */
static void of_two_entries_for_a_pod_the_ready_one_counts(void **state)
{
	static char ip[] = "10.0.0.2", longer[] = "10.0.0.20";
	static const struct endpoint other = { .ip = longer, .is_ready = true };
	static const struct {
		const char *sentence;
		struct endpoint first, second;
		int counts;
	} rows[] = {
		{ "ready in the first alone", { .is_ready = true }, { 0 }, 0 },
		{ "ready in the second alone", { 0 }, { .is_ready = true }, 1 },
		{ "ready before, terminating now", { .is_ready = true }, { .is_terminating = true }, 0 },
		{ "terminating before, ready now", { .is_terminating = true }, { .is_ready = true }, 1 },
		{ "ready in neither: the first", { .is_serving = true }, { 0 }, 0 },
		{ "ready in both: the last", { .is_ready = true }, { .is_ready = true }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct endpoint pair[] = { rows[i].first, rows[i].second };
		const struct endpoint *endpoints[] = { &other, &pair[0], &other, &pair[1] };

		pair[0].ip = pair[1].ip = ip;
		if (endpoints_find(endpoints, ARRAY_LEN(endpoints), ip) != &pair[rows[i].counts])
			fail_msg("%s", rows[i].sentence);
	}
}

static void a_pod_that_no_slice_names_is_not_found(void **state)
{
	static char longer[] = "10.0.0.10";
	const struct endpoint other = { .ip = longer };
	const struct endpoint *endpoints[] = { &other };

	(void)state;
	assert_null(endpoints_find(endpoints, 1, "10.0.0.1"));
	assert_null(endpoints_find(NULL, 0, "10.0.0.1"));
}

static void a_pod_of_two_families_counts_once(void **state)
{
	static char v4[] = "10.0.0.1", v6[] = "fd00::1", other6[] = "fd00::2", same[] = "10.0.0.1", u1[] = "u1", u2[] = "u2";
	const struct endpoint a4 = { .ip = v4, .pod_uid = u1 }, a6 = { .ip = v6, .pod_uid = u1 };
	const struct endpoint b6 = { .ip = other6, .pod_uid = u2 }, again = { .ip = same, .pod_uid = u1 }, nameless = { .ip = v6 };
	const struct endpoint *endpoints[5];
	size_t count = 0;

	(void)state;
	count = endpoints_add(endpoints, count, &a4);
	count = endpoints_add(endpoints, count, &a6);
	assert_int_equal(count, 1);
	count = endpoints_add(endpoints, count, &b6);
	count = endpoints_add(endpoints, count, &again); /* of which endpoints_find() believes the ready one */
	count = endpoints_add(endpoints, count, &nameless);
	assert_int_equal(count, 4);
	assert_ptr_equal(endpoints[1], &b6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_read_with_their_conditions),
		cmocka_unit_test(the_service_name_stands_in_for_the_label),
		cmocka_unit_test(a_slice_of_nobody_is_none),
		cmocka_unit_test(absent_conditions_count_as_the_api_says),
		cmocka_unit_test(entries_without_an_address_are_passed_over),
		cmocka_unit_test(of_two_entries_for_a_pod_the_ready_one_counts),
		cmocka_unit_test(a_pod_that_no_slice_names_is_not_found),
		cmocka_unit_test(a_pod_of_two_families_counts_once),
	};

	return cmocka_run_group_tests_name("krypton/endpoints", tests, NULL, NULL);
}
