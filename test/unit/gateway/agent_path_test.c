/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/agent_path.h"

#include <stdio.h>

#include "test/unit/base/test.h"

static bool parse(const char *target, struct agent_path *ret_path)
{
	static struct h1_head head;
	static char request[512];
	const char *why;
	int status;

	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
	assert_int_equal(h1_head_parse_request(text_of(request), 65536, 16384, &head, &status, &why), H1_DONE);
	return agent_path_parse(&head, ret_path);
}

static void the_prefix_is_stripped_and_the_rest_is_verbatim(void **state)
{
	static const struct {
		const char *target, *prefix, *rest;
	} rows[] = {
		{ "/v1/agents/default/hello", "/v1/agents/default/hello", "" },
		{ "/v1/agents/default/hello/", "/v1/agents/default/hello", "/" },
		{ "/v1/agents/default/hello?a=1", "/v1/agents/default/hello", "?a=1" },
		{ "/v1/agents/default/hello/mcp?x=%2F&y", "/v1/agents/default/hello", "/mcp?x=%2F&y" },
		{ "/v1/agents/default/hello//a%2Fb/tasks/1:cancel", "/v1/agents/default/hello", "//a%2Fb/tasks/1:cancel" },
		{ "/v1/agents/default/hello/?", "/v1/agents/default/hello", "/?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent_path path;

		assert_true(parse(rows[i].target, &path));
		assert_true(text_is(path.name_space, "default"));
		assert_true(text_is(path.name, "hello"));
		assert_true(text_is(path.prefix, rows[i].prefix));
		if (!text_is(path.rest, rows[i].rest))
			fail_msg("%s leaves %.*s", rows[i].target, TEXT_ARGS(path.rest));
	}
}

static void a_path_without_namespace_and_name_names_no_agent(void **state)
{
	static const char *const rows[] = { "/", "/v1/agents", "/v1/agents/", "/v1/agents/default", "/v1/agents/default/",
		"/v1/agents//hello", "/v2/agents/default/hello", "/v1/agentsdefault/hello" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent_path path;

		if (parse(rows[i], &path))
			fail_msg("%s named an agent", rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_prefix_is_stripped_and_the_rest_is_verbatim),
		cmocka_unit_test(a_path_without_namespace_and_name_names_no_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
