/* SPDX-License-Identifier: Apache-2.0 */
/* Which row of a route table a method and a path belong to. */
#include "net/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const patterns[] = {
	"GET /healthz",
	"GET /v1/agents/{ns}/{name}",
	"DELETE /v1/agents/{ns}/{name}",
	"POST /v1/agents/{ns}/{name}/mcp/tools/{tool}",
	"GET /v1/agents/special/row",
	"GET /ui/{rest...}",
	"GET /",
};

static void each_path_finds_its_row(void **state)
{
	static const struct {
		const char *method, *path;
		enum router_result result;
		int row;
		const char *parameters[4];
	} rows[] = {
		{ "GET", "/healthz", ROUTER_FOUND, 0, { NULL } },
		{ "HEAD", "/healthz", ROUTER_FOUND, 0, { NULL } },
		{ "POST", "/healthz", ROUTER_NO_METHOD, 0, { NULL } },
		{ "get", "/healthz", ROUTER_NO_METHOD, 0, { NULL } },
		{ "GET", "/healthz/", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "/health", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "//healthz", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "healthz", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "/", ROUTER_FOUND, 6, { NULL } },
		{ "GET", "/v1/agents/team/echo", ROUTER_FOUND, 1, { "team", "echo" } },
		{ "GET", "/v1/agents/a%2Fb/x", ROUTER_FOUND, 1, { "a%2Fb", "x" } },
		{ "DELETE", "/v1/agents/team/echo", ROUTER_FOUND, 2, { "team", "echo" } },
		{ "HEAD", "/v1/agents/team/echo", ROUTER_FOUND, 1, { "team", "echo" } },
		{ "PUT", "/v1/agents/team/echo", ROUTER_NO_METHOD, 0, { NULL } },
		{ "GET", "/v1/agents//echo", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "/v1/agents/team/", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "/v1/agents/team", ROUTER_NO_PATH, 0, { NULL } },
		{ "GET", "/v1/agents/special/row", ROUTER_FOUND, 1, { "special", "row" } },
		{ "POST", "/v1/agents/a/b/mcp/tools/add", ROUTER_FOUND, 3, { "a", "b", "add" } },
		{ "HEAD", "/v1/agents/a/b/mcp/tools/add", ROUTER_NO_METHOD, 0, { NULL } },
		{ "GET", "/ui/", ROUTER_FOUND, 5, { "" } },
		{ "GET", "/ui/a/b.js", ROUTER_FOUND, 5, { "a/b.js" } },
		{ "GET", "/ui", ROUTER_NO_PATH, 0, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct router_match match = { .row = -7 };
		enum router_result result =
			router_find(patterns, ARRAY_LEN(patterns), text_of(rows[i].method), text_of(rows[i].path), &match);

		if (result != rows[i].result)
			fail_msg("%s %s: %d", rows[i].method, rows[i].path, (int)result);
		if (result != ROUTER_FOUND) {
			assert_int_equal(match.row, -7);
			continue;
		}
		assert_int_equal(match.row, rows[i].row);
		int count = 0;

		for (; rows[i].parameters[count] != NULL; count++)
			assert_true(text_is(match.parameters[count], rows[i].parameters[count]));
		assert_int_equal(match.parameter_count, count);
	}
}

static void an_empty_table_has_no_path(void **state)
{
	struct router_match match;

	(void)state;
	assert_int_equal(router_find(patterns, 0, TEXT("GET"), TEXT("/"), &match), ROUTER_NO_PATH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_finds_its_row),
		cmocka_unit_test(an_empty_table_has_no_path),
	};

	return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
