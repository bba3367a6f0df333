/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/conditions.h"

#include <jansson.h>

#include "base/json.h"
#include "test/unit/base/test.h"

#define NOW_MS 1777636800000 /* 2026-05-01T12:00:00Z */

static json_t *list(void)
{
	struct err err = { 0 };

	return json_parse(TEXT("[{\"type\":\"Scaled\",\"status\":\"True\"},"
			       "{\"type\":\"Available\",\"status\":\"False\",\"reason\":\"Waiting\",\"message\":\"m\","
			       "\"lastTransitionTime\":\"2026-01-01T00:00:00Z\",\"observedGeneration\":3}]"),
		&err);
}

static const struct kube_condition WAITING = { "Available", "False", "Waiting", "m", 3 };

static void an_entry_is_found_by_its_type(void **state)
{
	scoped_json conditions = list();

	(void)state;
	assert_string_equal(json_text_at(kube_conditions_get(conditions, "Available"), "/reason"), "Waiting");
	assert_null(kube_conditions_get(conditions, "Ready"));
	assert_null(kube_conditions_get(conditions, "Avail"));
	assert_null(kube_conditions_get(NULL, "Available"));
}

static void the_same_status_keeps_its_transition_time(void **state)
{
	scoped_json conditions = list();
	struct kube_condition condition = WAITING;

	(void)state;
	condition.reason = "Starting";
	scoped_json entry = kube_conditions_entry(conditions, &condition, NOW_MS);
	assert_string_equal(json_text_at(entry, "/lastTransitionTime"), "2026-01-01T00:00:00Z");
	assert_string_equal(json_text_at(entry, "/reason"), "Starting");
	assert_int_equal(json_int_at(entry, "/observedGeneration", -1), 3);
}

static void another_status_or_a_new_entry_is_of_now(void **state)
{
	scoped_json conditions = list();
	struct kube_condition condition = WAITING;

	(void)state;
	condition.status = "True";
	condition.message = NULL;
	scoped_json changed = kube_conditions_entry(conditions, &condition, NOW_MS);
	scoped_json first = kube_conditions_entry(NULL, &condition, NOW_MS);
	assert_string_equal(json_text_at(changed, "/lastTransitionTime"), "2026-05-01T12:00:00Z");
	assert_string_equal(json_text_at(first, "/lastTransitionTime"), "2026-05-01T12:00:00Z");
	assert_string_equal(json_text_at(first, "/message"), "");
}

static void saying_the_same_is_no_difference(void **state)
{
	scoped_json conditions = list();
	struct kube_condition condition = WAITING;

	(void)state;
	assert_true(kube_conditions_say(conditions, &WAITING));
	condition.observed_generation = 4;
	assert_false(kube_conditions_say(conditions, &condition));
	condition = WAITING;
	condition.message = "other";
	assert_false(kube_conditions_say(conditions, &condition));
	condition = WAITING;
	condition.status = "Unknown";
	assert_false(kube_conditions_say(conditions, &condition));
	assert_false(kube_conditions_say(NULL, &WAITING));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_found_by_its_type),
		cmocka_unit_test(the_same_status_keeps_its_transition_time),
		cmocka_unit_test(another_status_or_a_new_entry_is_of_now),
		cmocka_unit_test(saying_the_same_is_no_difference),
	};

	return cmocka_run_group_tests_name("kube/conditions", tests, NULL, NULL);
}
