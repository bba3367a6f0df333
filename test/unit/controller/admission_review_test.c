/* SPDX-License-Identifier: Apache-2.0 */
/* AdmissionReviews and their answers. */
#include "controller/admission_review.h"

#include "objects.h"

static json_t *answer_to(const char *object, bool validates, enum admission_result *ret_result)
{
	struct err err = { 0 };
	char text[2048];

	(void)snprintf(text, sizeof(text),
		"{'apiVersion':'admission.k8s.io/"
		"v1','kind':'AdmissionReview','request':{'uid':'r-1','operation':'CREATE','object':%s}}",
		object);
	scoped_json review = object_of(text);
	return admission_review_answer(review, validates, ret_result, &err);
}

static void a_good_agent_is_let_in(void **state)
{
	enum admission_result result;
	scoped_json answer = answer_to(
		"{'metadata':{'name':'hello'},'spec':{'image':'i:1','resources':{'limits':{'memory':'1Gi'}}}}", true, &result);

	(void)state;
	assert_int_equal(result, ADMISSION_ALLOWED);
	assert_json(answer, "",
		"{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','response':{'uid':'r-1','allowed':true}}");
}

static void a_bad_one_is_refused_with_every_cause(void **state)
{
	enum admission_result result;
	scoped_json answer =
		answer_to("{'metadata':{'name':'hello'},'spec':{'image':'i','port':8888,'minReplicas':0}}", true, &result);

	(void)state;
	assert_int_equal(result, ADMISSION_DENIED);
	assert_json(answer, "/response/allowed", "false");
	assert_json(answer, "/response/status/code", "422");
	assert_json(answer, "/response/status/details/causes/0/field", "'spec.port'");
	assert_json(answer, "/response/status/details/causes/1/field", "'spec.minReplicas'");
	assert_non_null(strstr(json_text_at(answer, "/response/status/message"), "; spec.minReplicas: an always-on agent"));
}

static void an_unwise_one_is_let_in_with_warnings(void **state)
{
	enum admission_result result;
	scoped_json answer = answer_to("{'metadata':{'name':'hello'},'spec':{'image':'i'}}", true, &result);
	scoped_json bad = answer_to("{'metadata':{'name':'hello'},'spec':{'image':'i','port':8888}}", true, &result);
	scoped_json mutated = answer_to("{'metadata':{'name':'hello'},'spec':{'image':'i'}}", false, &result);

	(void)state;
	assert_json(answer, "/response/allowed", "true");
	assert_int_equal(json_array_size(json_at(answer, "/response/warnings")), 2);
	assert_non_null(strstr(json_text_at(answer, "/response/warnings/0"), "spec.image: "));
	assert_null(json_at(bad, "/response/warnings"));
	assert_null(json_at(mutated, "/response/warnings"));
}

static void a_template_that_cannot_be_merged_is_refused(void **state)
{
	enum admission_result result;
	scoped_json answer = answer_to(
		"{'metadata':{'name':'hello'},'spec':{'image':'i','podTemplate':{'spec':{'$patch':'replace'}}}}", true, &result);

	(void)state;
	assert_int_equal(result, ADMISSION_DENIED);
	assert_json(answer, "/response/status/details/causes/0/field", "'spec.podTemplate'");
}

static void the_mutating_path_and_leaving_agents_pass(void **state)
{
	enum admission_result result;
	scoped_json mutated = answer_to("{'metadata':{'name':'hello'},'spec':{'image':'i','port':8888}}", false, &result);

	(void)state;
	assert_int_equal(result, ADMISSION_ALLOWED);
	assert_json(mutated, "/response/allowed", "true");
	scoped_json leaving = answer_to(
		"{'metadata':{'name':'hello','deletionTimestamp':'2026-01-01T00:00:00Z'},'spec':{'image':'i','port':8888}}", true,
		&result);
	assert_int_equal(result, ADMISSION_ALLOWED);
	assert_json(leaving, "/response/allowed", "true");
}

static void what_is_no_review_is_malformed(void **state)
{
	static const char *const rows[] = { "{}", "[]", "{'apiVersion':'admission.k8s.io/v1beta1','request':{'uid':'x'}}",
		"{'apiVersion':'admission.k8s.io/v1'}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		enum admission_result result;
		scoped_json review = object_of(rows[i]);

		assert_null(admission_review_answer(review, true, &result, &err));
		assert_int_equal(result, ADMISSION_MALFORMED);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_agent_is_let_in),
		cmocka_unit_test(a_bad_one_is_refused_with_every_cause),
		cmocka_unit_test(an_unwise_one_is_let_in_with_warnings),
		cmocka_unit_test(a_template_that_cannot_be_merged_is_refused),
		cmocka_unit_test(the_mutating_path_and_leaving_agents_pass),
		cmocka_unit_test(what_is_no_review_is_malformed),
	};

	return cmocka_run_group_tests_name("controller/admission_review", tests, NULL, NULL);
}
