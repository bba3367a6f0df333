/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal and unwise. */
#include "krypton/agent_warnings.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define LIMITED "\"resources\":{\"limits\":{\"memory\":\"1Gi\"}}"

static size_t warnings_of(const char *spec, const char *out[AGENT_WARNINGS_MAX])
{
	struct err err = { 0 };
	char text[1024];

	(void)snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"a\"},\"spec\":{%s}}", spec);
	scoped_json object = json_parse(text_of(text), &err);
	if (object == NULL)
		fail_msg("%s: %s", err.message, text);
	return agent_warnings(object, out);
}

static void the_unwise_is_named_by_its_field(void **state)
{
	static const struct {
		const char *spec, *begins; /* NULL: no warning */
	} rows[] = {
		{ "\"image\":\"i:1\"," LIMITED, NULL },
		{ "\"image\":\"i\"," LIMITED, "spec.image: " },
		{ "\"image\":\"i:latest\"," LIMITED, "spec.image: " },
		{ "\"image\":\"r.example.com:5000/team/i\"," LIMITED, "spec.image: " },
		{ "\"image\":\"r.example.com:5000/team/i:2\"," LIMITED, NULL },
		{ "\"image\":\"i:latest-2\"," LIMITED, NULL },
		{ "\"image\":\"i:latest@sha256:0a\"," LIMITED, NULL },
		{ "\"image\":\"i@sha256:0a\"," LIMITED, NULL },
		{ "\"image\":\"i\",\"imagePullPolicy\":\"IfNotPresent\"," LIMITED, "spec.image: " },
		{ "\"image\":\"i\",\"imagePullPolicy\":\"Always\"," LIMITED, NULL },
		{ "\"image\":\"i\",\"imagePullPolicy\":\"Never\"," LIMITED, NULL },
		{ "\"image\":\"i:1\"", "spec.resources.limits.memory: " },
		{ "\"image\":\"i:1\",\"resources\":{\"limits\":{\"cpu\":1},\"requests\":{\"memory\":\"1Gi\"}}",
			"spec.resources.limits.memory: " },
		{ "\"image\":\"i:1\",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"agent\"," LIMITED "}]}}", NULL },
		{ "\"image\":\"i:1\",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"helper\"," LIMITED "}]}}",
			"spec.resources.limits.memory: " },
		{ "\"image\":\"i:1\",\"mode\":\"serverless\"," LIMITED, "spec.minReplicas: " },
		{ "\"image\":\"i:1\",\"mode\":\"serverless\",\"minReplicas\":2," LIMITED, "spec.minReplicas: " },
		{ "\"image\":\"i:1\",\"mode\":\"serverless\",\"minReplicas\":0," LIMITED, NULL },
		{ "\"image\":\"i:1\",\"mode\":\"always-on\",\"minReplicas\":2," LIMITED, NULL },
		{ "\"image\":\"i:1\",\"timeout\":\"300s\"," LIMITED, NULL },
		{ "\"image\":\"i:1\",\"timeout\":\"301s\"," LIMITED, "spec.timeout: " },
		{ "\"image\":\"i:1\",\"drainTimeout\":\"30s\"," LIMITED, "spec.timeout: " },
		{ "\"image\":\"i:1\",\"timeout\":\"10m\",\"drainTimeout\":\"10m\"," LIMITED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *out[AGENT_WARNINGS_MAX];
		size_t count = warnings_of(rows[i].spec, out);

		if (count != (rows[i].begins == NULL ? 0 : 1))
			fail_msg("row %zu: %zu warnings, the first %s", i, count, count > 0 ? out[0] : "");
		if (count == 1 && strncmp(out[0], rows[i].begins, strlen(rows[i].begins)) != 0)
			fail_msg("row %zu: %s", i, out[0]);
	}
}

static void all_at_once_keep_their_order_and_are_short(void **state)
{
	static const char *const fields[] = { "spec.image", "spec.resources.limits.memory", "spec.minReplicas", "spec.timeout" };
	const char *out[AGENT_WARNINGS_MAX];

	(void)state;
	assert_int_equal(warnings_of("\"image\":\"i\",\"mode\":\"serverless\",\"timeout\":\"1h\"", out), ARRAY_LEN(fields));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		assert_int_equal(strncmp(out[i], fields[i], strlen(fields[i])), 0);
		assert_true(strlen(out[i]) < 120);
	}
}

static void fields_of_another_type_are_passed_over(void **state)
{
	const char *out[AGENT_WARNINGS_MAX];

	(void)state;
	assert_int_equal(warnings_of("\"image\":7,\"mode\":[],\"timeout\":{},\"podTemplate\":\"x\"," LIMITED, out), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unwise_is_named_by_its_field),
		cmocka_unit_test(all_at_once_keep_their_order_and_are_short),
		cmocka_unit_test(fields_of_another_type_are_passed_over),
	};

	return cmocka_run_group_tests_name("krypton/agent_warnings", tests, NULL, NULL);
}
