/* SPDX-License-Identifier: Apache-2.0 */
/* The rules beyond types, and that their words are the CRD's. */
#include "krypton/agent_rules.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/yaml.h"

#define CRD "crds/agents.krypton.ai.yaml"

static size_t check(const char *name, const char *spec, struct agent_violation *out, size_t max)
{
	struct err err = { 0 };
	char text[2048];

	(void)snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"image\":\"img\"%s}}", name, spec);
	scoped_json object = json_parse(text_of(text), &err);
	assert_non_null(object);
	return agent_rules_check(object, out, max);
}

static void a_broken_rule_names_its_field(void **state)
{
	static const struct {
		const char *spec, *field, *begins;
	} rows[] = {
		{ ",\"minReplicas\":0", "spec.minReplicas", "an always-on agent" },
		{ ",\"mode\":\"always-on\",\"minReplicas\":0", "spec.minReplicas", "an always-on agent" },
		{ ",\"minReplicas\":11", "spec.maxReplicas", "must not be lower than minReplicas" },
		{ ",\"maxReplicas\":2,\"minReplicas\":3", "spec.maxReplicas", "must not be lower than minReplicas" },
		{ ",\"port\":8888", "spec.port", "port 8888 is taken" },
		{ ",\"invocationPath\":\"mcp\"", "spec.invocationPath", "must be a path" },
		{ ",\"invocationPath\":\"/a?b\"", "spec.invocationPath", "must be a path" },
		{ ",\"invocationPath\":\"/a/../b\"", "spec.invocationPath", "must be a path" },
		{ ",\"invocationPath\":\"/..\"", "spec.invocationPath", "must be a path" },
		{ ",\"timeout\":\"25h\"", "spec.timeout", "must be a Go duration from 1ms to 24h" },
		{ ",\"timeout\":\"+1s\"", "spec.timeout", "must be a Go duration from 1ms to 24h" },
		{ ",\"startupTimeout\":\"0s\"", "spec.startupTimeout", "must be a Go duration from 1ms to 24h" },
		{ ",\"waitKeepAlive\":\"999ms\"", "spec.waitKeepAlive", "must be a Go duration from 1s to 60s" },
		{ ",\"waitKeepAlive\":\"61s\"", "spec.waitKeepAlive", "must be a Go duration from 1s to 60s" },
		{ ",\"drainTimeout\":\"500ms\"", "spec.drainTimeout", "must be a Go duration from 1s to 24h" },
		{ ",\"scaleToZeroAfter\":\"169h\"", "spec.scaleToZeroAfter", "must be a Go duration from 1s to 168h" },
		{ ",\"scaleToZeroAfter\":\"300\"", "spec.scaleToZeroAfter", "must be a Go duration from 1s to 168h" },
		{ ",\"serviceAccountName\":\"Team\"", "spec.serviceAccountName", "must be the name of a ServiceAccount" },
		{ ",\"env\":[{\"name\":\"A\"},{\"name\":\"B=C\"}]", "spec.env[1].name", "must consist of printable" },
		{ ",\"env\":[{\"name\":\"A\",\"value\":\"x\",\"valueFrom\":{\"fieldRef\":{}}}]", "spec.env[0].valueFrom",
			"a variable has either" },
		{ ",\"env\":[{\"name\":\"A\",\"valueFrom\":{}}]", "spec.env[0].valueFrom", "needs exactly one of configMapKeyRef" },
		{ ",\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{},\"secretKeyRef\":{}}}]", "spec.env[0].valueFrom",
			"needs exactly one of configMapKeyRef" },
		{ ",\"envFrom\":[{}]", "spec.envFrom[0]", "needs exactly one of configMapRef" },
		{ ",\"podTemplate\":{\"metadata\":{\"labels\":{\"krypton.ai/agent\":\"x\"}}}", "spec.podTemplate.metadata.labels",
			"krypton.ai/agent and" },
		{ ",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"krypton-proxy\"}]}}",
			"spec.podTemplate.spec.containers[0].name", "the container krypton-proxy" },
		{ ",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"agent\",\"lifecycle\":{\"preStop\":{}}}]}}",
			"spec.podTemplate.spec.containers[0].lifecycle.preStop", "the agent's preStop hook" },
		{ ",\"podTemplate\":{\"spec\":{\"initContainers\":[{\"name\":\"agent\"}]}}",
			"spec.podTemplate.spec.initContainers[0].name", "agent and krypton-proxy are names" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent_violation found[4];

		assert_int_equal(check("hello", rows[i].spec, found, ARRAY_LEN(found)), 1);
		assert_string_equal(found[0].field, rows[i].field);
		assert_memory_equal(found[0].message, rows[i].begins, strlen(rows[i].begins));
	}
}

static void what_is_right_breaks_nothing(void **state)
{
	static const char *const rows[] = {
		"",
		",\"mode\":\"serverless\",\"minReplicas\":0",
		",\"minReplicas\":10",
		",\"timeout\":\"24h\",\"startupTimeout\":\"1ms\",\"drainTimeout\":\"1s\",\"scaleToZeroAfter\":\"168h\"",
		",\"waitKeepAlive\":\"1s\"",
		",\"waitKeepAlive\":\"1m\"",
		",\"invocationPath\":\"/a..b/...\"",
		",\"serviceAccountName\":\"\"",
		",\"serviceAccountName\":\"team.one\"",
		",\"env\":[{\"name\":\"A B\",\"value\":\"\",\"valueFrom\":{\"fieldRef\":{}}}]",
		(",\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"agent\",\"lifecycle\":{\"postStart\":{}}},{\"name\":"
		 "\"side\"}]}}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent_violation found[4];

		assert_int_equal(check("hello", rows[i], found, ARRAY_LEN(found)), 0);
	}
}

static void a_name_that_no_service_may_carry_is_refused(void **state)
{
	struct agent_violation found[1];

	(void)state;
	assert_int_equal(check("2fast", "", found, 1), 1);
	assert_string_equal(found[0].field, "metadata.name");
	assert_int_equal(check("a.b", "", found, 1), 1);
}

static void more_findings_than_asked_for_are_cut(void **state)
{
	struct agent_violation found[2];

	(void)state;
	assert_int_equal(check("A", ",\"port\":8888,\"invocationPath\":\"x\"", found, 2), 2);
}

/* Adds the text of every `message` under an x-kubernetes-validations list. */
static void messages_collect(const json_t *value, struct map *out)
{
	const char *key;
	const json_t *child;
	size_t i;

	json_array_foreach(value, i, child)
		messages_collect(child, out);
	json_t *object = json_is_object(value) ? json_copy((json_t *)(uintptr_t)value) : NULL;
	json_t *member;
	json_object_foreach(object, key, member) {
		if (strcmp(key, "x-kubernetes-validations") == 0) {
			json_array_foreach(member, i, child)
				map_put(out, json_text_at(child, "/message"), (void *)(uintptr_t)1);
		} else {
			messages_collect(member, out);
		}
	}
	json_decref(object);
}

static void the_words_are_those_of_the_resource_definition(void **state)
{
	struct err err = { 0 };
	scoped_buf text;
	scoped(map) in_crd = map_new(NULL);

	(void)state;
	buf_init(&text, 1 << 20);
	assert_int_equal(file_read(CRD, &text, &err), 0);
	scoped_json crd = yaml_parse(buf_text(&text), &err);
	assert_non_null(crd);
	messages_collect(crd, in_crd);
	size_t ours = 0;
	for (; agent_rules_message(ours) != NULL; ours++) {
		if (map_get(in_crd, agent_rules_message(ours)) == NULL)
			fail_msg("not in the CRD: %s", agent_rules_message(ours));
	}
	assert_int_equal(map_count(in_crd), ours);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_rule_names_its_field),
		cmocka_unit_test(what_is_right_breaks_nothing),
		cmocka_unit_test(a_name_that_no_service_may_carry_is_refused),
		cmocka_unit_test(more_findings_than_asked_for_are_cut),
		cmocka_unit_test(the_words_are_those_of_the_resource_definition),
	};

	return cmocka_run_group_tests_name("krypton/agent_rules", tests, NULL, NULL);
}
