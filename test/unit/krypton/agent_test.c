/* SPDX-License-Identifier: Apache-2.0 */
/* An Agent's JSON as our daemons read it. */
#include "krypton/agent.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"

#define BARE "{\"metadata\":{\"name\":\"hello\",\"namespace\":\"shop\",\"uid\":\"u-1\"},\"spec\":{\"image\":\"img:1\"%s}%s}"

static struct agent *read_agent(const char *spec_rest, const char *object_rest, struct err *err)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), BARE, spec_rest, object_rest);
	scoped_json object = json_parse(text_of(text), err);
	assert_non_null(object);
	return agent_from_json(object, err);
}

static void absent_fields_have_their_defaults(void **state)
{
	struct err err = { 0 };
	scoped(agent) agent = read_agent("", "", &err);

	(void)state;
	assert_non_null(agent);
	assert_string_equal(agent->name, "hello");
	assert_string_equal(agent->name_space, "shop");
	assert_string_equal(agent->uid, "u-1");
	assert_int_equal(agent->mode, AGENT_ALWAYS_ON);
	assert_int_equal(agent->protocol, AGENT_A2A);
	assert_int_equal(agent->min_replicas, 1);
	assert_int_equal(agent->max_replicas, 10);
	assert_int_equal(agent->concurrency, 8);
	assert_int_equal(agent->target_utilization, 100);
	assert_int_equal(agent->port, 8080);
	assert_string_equal(agent->invocation_path, "/");
	assert_int_equal(agent->timeout_ms, 60000);
	assert_false(agent->has_startup_timeout);
	assert_int_equal(agent->drain_timeout_ms, 300000);
	assert_int_equal(agent->scale_to_zero_after_ms, 300000);
	assert_false(agent->has_desired_replicas);
	assert_int_equal(agent->last_invocation_ms, 0);
	assert_int_equal(agent->wait_keep_alive_ms, 0);
	assert_false(agent->is_deleting);
	assert_false(agent->has_finalizer);
	assert_null(agent->available_reason);
}

static void every_field_is_read(void **state)
{
	struct err err = { 0 };
	scoped(agent) agent = read_agent(",\"mode\":\"serverless\",\"protocol\":\"mcp\",\"minReplicas\":0,\"maxReplicas\":3,"
					 "\"concurrency\":2,\"targetUtilization\":70,\"port\":9000,\"invocationPath\":\"/mcp\","
					 "\"timeout\":\"1m30s\",\"startupTimeout\":\"500ms\",\"drainTimeout\":\"10s\","
					 "\"waitKeepAlive\":\"15s\",\"scaleToZeroAfter\":\"1h\"",
		",\"status\":{\"desiredReplicas\":0,\"lastInvocationAt\":\"1970-01-01T00:00:05Z\",\"conditions\":["
		"{\"type\":\"Scaled\",\"status\":\"True\",\"reason\":\"Idle\",\"message\":\"\"},"
		"{\"type\":\"Available\",\"status\":\"False\",\"reason\":\"CrashLoop\",\"message\":\"exit 1\"}]}",
		&err);

	(void)state;
	assert_non_null(agent);
	assert_int_equal(agent->mode, AGENT_SERVERLESS);
	assert_int_equal(agent->protocol, AGENT_MCP);
	assert_int_equal(agent->min_replicas, 0);
	assert_int_equal(agent->max_replicas, 3);
	assert_int_equal(agent->concurrency, 2);
	assert_int_equal(agent->target_utilization, 70);
	assert_int_equal(agent->port, 9000);
	assert_string_equal(agent->invocation_path, "/mcp");
	assert_int_equal(agent->timeout_ms, 90000);
	assert_true(agent->has_startup_timeout);
	assert_int_equal(agent->startup_timeout_ms, 500);
	assert_int_equal(agent->drain_timeout_ms, 10000);
	assert_int_equal(agent->wait_keep_alive_ms, 15000);
	assert_int_equal(agent->scale_to_zero_after_ms, 3600000);
	assert_true(agent->has_desired_replicas);
	assert_int_equal(agent->desired_replicas, 0);
	assert_int_equal(agent->last_invocation_ms, 5000);
	assert_string_equal(agent->available_reason, "CrashLoop");
	assert_string_equal(agent->available_message, "exit 1");
	assert_false(agent->is_available);
}

static void a_null_field_is_an_absent_one(void **state)
{
	struct err err = { 0 };
	scoped(agent) agent = read_agent(",\"port\":null,\"timeout\":null,\"mode\":null,\"startupTimeout\":null", "", &err);

	(void)state;
	assert_non_null(agent);
	assert_int_equal(agent->port, 8080);
	assert_int_equal(agent->timeout_ms, 60000);
	assert_false(agent->has_startup_timeout);
}

static void a_wrong_field_is_named_by_its_path(void **state)
{
	static const struct {
		const char *spec, *message;
	} rows[] = {
		{ ",\"port\":\"80\"", "spec.port is not an integer" },
		{ ",\"port\":65536", "spec.port is out of range" },
		{ ",\"port\":0", "spec.port is out of range" },
		{ ",\"minReplicas\":-1", "spec.minReplicas is out of range" },
		{ ",\"maxReplicas\":0", "spec.maxReplicas is out of range" },
		{ ",\"concurrency\":0", "spec.concurrency is out of range" },
		{ ",\"targetUtilization\":101", "spec.targetUtilization is out of range" },
		{ ",\"timeout\":\"300\"", "spec.timeout is not a Go duration, such as 90s" },
		{ ",\"timeout\":60", "spec.timeout is not a Go duration, such as 90s" },
		{ ",\"timeout\":\"0s\"", "spec.timeout is out of range" },
		{ ",\"scaleToZeroAfter\":\"999ms\"", "spec.scaleToZeroAfter is out of range" },
		{ ",\"mode\":\"sometimes\"", "spec.mode is none of the words it may be" },
		{ ",\"protocol\":7", "spec.protocol is none of the words it may be" },
		{ ",\"image\":7", "spec.image is not a string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		char text[512];

		(void)snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"x\"},\"spec\":{%s%s}}",
			rows[i].spec[2] == 'i' ? "" : "\"image\":\"img\"", rows[i].spec + (rows[i].spec[2] == 'i' ? 1 : 0));
		scoped_json object = json_parse(text_of(text), &err);
		assert_non_null(object);
		assert_null(agent_from_json(object, &err));
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(err.code, ERR_INVALID);
	}
}

static void what_is_no_agent_is_refused(void **state)
{
	static const char *const rows[] = { "{}", "[]", "{\"metadata\":{\"name\":\"x\"}}", "{\"metadata\":7,\"spec\":[]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		scoped_json object = json_parse(text_of(rows[i]), &err);

		assert_null(agent_from_json(object, &err));
		assert_int_equal(err.code, ERR_INVALID);
	}
}

static void deletion_and_finalizer_are_seen(void **state)
{
	struct err err = { 0 };
	scoped_json object =
		json_parse(TEXT("{\"metadata\":{\"name\":\"x\",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"finalizers\":"
				"[\"other/one\",\"krypton.ai/cleanup\"]},\"spec\":{\"image\":\"i\"}}"),
			&err);
	scoped(agent) agent = agent_from_json(object, &err);

	(void)state;
	assert_non_null(agent);
	assert_true(agent->is_deleting);
	assert_true(agent->has_finalizer);
}

static void wanted_replicas_are_desired_ones_within_bounds(void **state)
{
	static const struct {
		enum agent_mode mode;
		int min, max;
		bool has_desired;
		int desired, wanted;
	} rows[] = {
		{ AGENT_ALWAYS_ON, 1, 10, false, 0, 1 },
		{ AGENT_ALWAYS_ON, 3, 10, false, 0, 3 },
		{ AGENT_ALWAYS_ON, 1, 10, true, 4, 4 },
		{ AGENT_ALWAYS_ON, 1, 10, true, 0, 1 },
		{ AGENT_ALWAYS_ON, 1, 3, true, 9, 3 },
		{ AGENT_ALWAYS_ON, 0, 3, false, 0, 1 }, /* stored before the rule */
		{ AGENT_SERVERLESS, 0, 10, false, 0, 0 },
		{ AGENT_SERVERLESS, 0, 10, true, 0, 0 }, /* a real 0 */
		{ AGENT_SERVERLESS, 0, 10, true, 1, 1 },
		{ AGENT_SERVERLESS, 0, 2, true, 7, 2 },
		{ AGENT_SERVERLESS, 1, 10, true, 0, 1 },
		{ AGENT_SERVERLESS, 2, 10, false, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent agent = {
			.mode = rows[i].mode,
			.min_replicas = rows[i].min,
			.max_replicas = rows[i].max,
			.has_desired_replicas = rows[i].has_desired,
			.desired_replicas = rows[i].desired,
		};

		assert_int_equal(agent_wanted_replicas(&agent), rows[i].wanted);
	}
}

static void an_odd_desired_count_is_no_count(void **state)
{
	static const char *const rows[] = { "-1", "\"3\"", "1.5", "null", "99999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		char status[64];

		(void)snprintf(status, sizeof(status), ",\"status\":{\"desiredReplicas\":%s}", rows[i]);
		scoped(agent) agent = read_agent("", status, &err);
		assert_non_null(agent);
		assert_false(agent->has_desired_replicas);
	}
}

static void words_are_spelled_as_in_the_resource(void **state)
{
	(void)state;
	assert_string_equal(agent_mode_name(AGENT_SERVERLESS), "serverless");
	assert_string_equal(agent_mode_name(AGENT_ALWAYS_ON), "always-on");
	assert_string_equal(agent_protocol_name(AGENT_A2A), "a2a");
	assert_string_equal(agent_protocol_name(AGENT_MCP), "mcp");
	assert_string_equal(agent_protocol_name(AGENT_HTTP), "http");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_fields_have_their_defaults),
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(a_null_field_is_an_absent_one),
		cmocka_unit_test(a_wrong_field_is_named_by_its_path),
		cmocka_unit_test(what_is_no_agent_is_refused),
		cmocka_unit_test(deletion_and_finalizer_are_seen),
		cmocka_unit_test(wanted_replicas_are_desired_ones_within_bounds),
		cmocka_unit_test(an_odd_desired_count_is_no_count),
		cmocka_unit_test(words_are_spelled_as_in_the_resource),
	};

	return cmocka_run_group_tests_name("krypton/agent", tests, NULL, NULL);
}
