/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator may set for every krypton-proxy, and what not. */
#include "controller/proxy_env.h"

#include "controller/desired_sidecar.h"
#include "krypton/proxy_limits.h"
#include "objects.h"

static void deadlines_and_caps_are_taken(void **state)
{
	static const char *const lists[] = { NULL, "", "KRYPTON_CONNECT_TIMEOUT=10s",
		"KRYPTON_MAX_REQUEST_BODY_BYTES=4Mi,KRYPTON_STREAM_IDLE_TIMEOUT=0 , KRYPTON_MAX_CONNECTIONS=500," };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (proxy_env_check(lists[i], &err) == -1)
			fail_msg("%s: %s", lists[i], err.message);
	}
}

static void what_would_end_or_change_a_sidecar_is_refused(void **state)
{
	static const struct {
		const char *list, *message;
	} rows[] = {
		{ "KRYPTON_CONCURRENCY=9", "KRYPTON_CONCURRENCY: is no deadline or cap of krypton-proxy" },
		{ "KRYPTON_CONNECT_TIMEOUT=10s,KRYPTON_TOKEN=t", "KRYPTON_TOKEN: is no deadline or cap of krypton-proxy" },
		{ "HTTP_PROXY=http://x", "HTTP_PROXY: is no deadline or cap of krypton-proxy" },
		{ "=1", ": is no deadline or cap of krypton-proxy" },
		{ "KRYPTON_CONNECT_TIMEOUT=5", "KRYPTON_CONNECT_TIMEOUT: \"5\" is not a duration like 90s" },
		{ "KRYPTON_CONNECT_TIMEOUT=1ms", "KRYPTON_CONNECT_TIMEOUT: \"1ms\" is not from 100ms to 1h" },
		{ "KRYPTON_CONNECT_TIMEOUT", "KRYPTON_CONNECT_TIMEOUT: \"\" is not a duration like 90s" },
		{ "KRYPTON_MAX_CONNECTIONS=1e3", "KRYPTON_MAX_CONNECTIONS: \"1e3\" is not an integer" },
		{ "KRYPTON_MAX_REQUEST_HEAD_BYTES=1Mi", "KRYPTON_MAX_REQUEST_HEAD_BYTES: \"1Mi\" is not from 4096 to 163840" },
		{ "KRYPTON_MAX_CONNECTIONS=1,KRYPTON_MAX_CONNECTIONS=1", "KRYPTON_MAX_CONNECTIONS: is set twice" },
		{ "KRYPTON_MAX_CONNECTIONS=0000000000000000000000000000000000000000000000000000000000000000001",
			"KRYPTON_MAX_CONNECTIONS: its value is too long" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		assert_int_equal(proxy_env_check(rows[i].list, &err), -1);
		assert_string_equal(err.message, rows[i].message);
	}
}

static void no_limit_bears_the_name_of_what_the_controller_sets(void **state)
{
#define NAME(variable, kind, field, ordinary, least, most, words) variable,
	static const char *const limits[] = { PROXY_LIMITS(NAME) };
#undef NAME
	const struct release release = { .gateway_url = "http://10.96.0.7:8082", .token = "t" };
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	scoped_json proxy = desired_sidecar(agent, &release, "/ready");
	const json_t *entry;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_at(proxy, "/env")), 11);
	json_array_foreach(json_at(proxy, "/env"), i, entry) {
		for (size_t limit = 0; limit < ARRAY_LEN(limits); limit++)
			assert_string_not_equal(json_text_at(entry, "/name"), limits[limit]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_and_caps_are_taken),
		cmocka_unit_test(what_would_end_or_change_a_sidecar_is_refused),
		cmocka_unit_test(no_limit_bears_the_name_of_what_the_controller_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
