/* SPDX-License-Identifier: Apache-2.0 */
/* Which browsers' requests pass, and what browsers are told. */
#include "gateway/origin.h"

#include <stdio.h>
#include <string.h>

#include "test/unit/base/test.h"

static struct h1_head head;
static char bytes[8192];

static void read_request(const char *method, const char *lines)
{
	int status = 0, len = snprintf(bytes, sizeof(bytes), "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", method, lines);
	const char *why = NULL;

	assert_int_equal(
		h1_head_parse_request((struct text){ bytes, (size_t)len }, sizeof(bytes), 1024, &head, &status, &why), H1_DONE);
}

static void a_request_is_judged_by_its_one_origin(void **state)
{
	static const struct {
		const char *lines;
		enum origin_verdict listed, any;
	} rows[] = {
		{ "", ORIGIN_NONE, ORIGIN_NONE },
		{ "Origin: https://app.example\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED },
		{ "origin: HTTPS://APP.example\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED },
		{ "Origin: https://app.example:443\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED },
		{ "Origin: https://other.example\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED }, /* listed with :443 */
		{ "Origin: http://localhost:5173\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED },
		{ "Origin: http://[::1]:5173\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED },
		{ "Origin: vscode-webview://1a2b\r\n", ORIGIN_ALLOWED, ORIGIN_ALLOWED },
		{ "Origin: http://app.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_ALLOWED },
		{ "Origin: https://app.example:8443\r\n", ORIGIN_FORBIDDEN, ORIGIN_ALLOWED },
		{ "Origin: http://localhost\r\n", ORIGIN_FORBIDDEN, ORIGIN_ALLOWED },
		{ "Origin: https://app.example.evil.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_ALLOWED },
		{ "Origin: https://evil-app.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_ALLOWED },
		{ "Origin: https://app.example/\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: https://app.example https://evil.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: https://user@app.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: https://\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: app.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: https://app.example:\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: https://app.example:99999\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: *\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: null\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin:\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
		{ "Origin: https://app.example\r\nOrigin: https://app.example\r\n", ORIGIN_FORBIDDEN, ORIGIN_FORBIDDEN },
	};
	struct origin_list listed, any;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		origin_list_parse("https://app.example, http://localhost:5173,http://[::1]:5173, https://other.example:443,"
				  "vscode-webview://1a2b",
			&listed, &err),
		0);
	assert_int_equal(origin_list_parse("*", &any, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text origin = { NULL, 0 };

		read_request("GET", rows[i].lines);
		if (origin_judge(&listed, &head, &origin) != rows[i].listed)
			fail_msg("by the list: %s", rows[i].lines);
		assert_int_equal(origin.at != NULL, rows[i].listed == ORIGIN_ALLOWED);
		if (origin_judge(&any, &head, &origin) != rows[i].any)
			fail_msg("by *: %s", rows[i].lines);
	}
}

static void a_long_origin_is_malformed(void **state)
{
	struct origin_list any;
	struct err err = { 0 };
	struct text origin;
	char lines[1024];

	(void)state;
	assert_int_equal(origin_list_parse("*", &any, &err), 0);
	(void)snprintf(lines, sizeof(lines), "Origin: https://%0*d.example\r\n", ORIGIN_MAX_BYTES, 0);
	read_request("GET", lines);
	assert_int_equal(origin_judge(&any, &head, &origin), ORIGIN_FORBIDDEN);
}

static void lists_are_taken_whole_or_not_at_all(void **state)
{
	static const char *const origins[] = { "app.example", "https://app.example/", "https://app.example,", "null",
		"https://*.example", "https://app.example;https://b.example", "*, https://app.example" };
	static const char *const hosts[] = { "https://app.example", "app.example/x", "a,,b", "*", "a:0", "a:http", "[::1", "a b" };
	struct origin_list list = { .is_set = true };
	struct host_list names = { .is_set = true };
	struct err err = { 0 };
	char many[2048] = "a";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(origins); i++)
		assert_int_equal(origin_list_parse(origins[i], &list, &err), -1);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		assert_int_equal(host_list_parse(hosts[i], &names, &err), -1);
	for (size_t i = 0; i < ORIGIN_MAX; i++)
		strcat(many, ",a");
	assert_int_equal(host_list_parse(many, &names, &err), -1);
	assert_true(list.is_set && names.is_set);
	assert_int_equal(origin_list_parse(NULL, &list, &err), 0);
	assert_int_equal(host_list_parse("", &names, &err), 0);
	assert_false(list.is_set || names.is_set);
}

static void a_host_is_compared_whole(void **state)
{
	static const struct {
		const char *authority;
		bool is_allowed;
	} rows[] = {
		{ "agents.example", true },
		{ "Agents.Example", true },
		{ "agents.example:8080", true },
		{ "gateway:8080", true },
		{ "[::1]", true },
		{ "[::1]:8080", true },
		{ "gateway", false },
		{ "gateway:80", false },
		{ "agents.example.evil.example", false },
		{ "x.agents.example", false },
		{ "127.0.0.1:8080", false },
		{ "", false },
	};
	struct host_list list;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(host_list_parse("agents.example, gateway:8080, [::1]", &list, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (host_is_allowed(&list, text_of(rows[i].authority)) != rows[i].is_allowed)
			fail_msg("%s", rows[i].authority);
	list.is_set = false;
	assert_true(host_is_allowed(&list, TEXT("anything")));
}

static void a_preflight_is_options_that_asks_for_a_method(void **state)
{
	(void)state;
	read_request("OPTIONS", "Origin: https://a\r\nAccess-Control-Request-Method: POST\r\n");
	assert_true(origin_is_preflight(&head));
	read_request("OPTIONS", "Origin: https://a\r\n");
	assert_false(origin_is_preflight(&head));
	read_request("POST", "Origin: https://a\r\nAccess-Control-Request-Method: POST\r\n");
	assert_false(origin_is_preflight(&head));
}

#define OURS                                                                                                 \
	"Access-Control-Allow-Headers: Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Session-Id, " \
	"Mcp-Protocol-Version, Mcp-Method, Mcp-Name, A2A-Version, A2A-Extensions, X-A2A-Extensions, "        \
	"X-A2A-Notification-Token, traceparent, tracestate"

static void check_preflight(const char *asked, const char *expected)
{
	char lines[8000];
	scoped_buf out;

	buf_init(&out, 8192);
	(void)snprintf(lines, sizeof(lines), "Access-Control-Request-Method: POST\r\n%s", asked);
	read_request("OPTIONS", lines);
	assert_int_equal(origin_append_preflight(&head, TEXT("https://a"), &out), 0);
	assert_true(text_has_prefix(buf_text(&out),
		"Access-Control-Allow-Origin: https://a\r\nAccess-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, "
		"OPTIONS\r\n"));
	if (strstr(buf_terminated(&out), expected) == NULL)
		fail_msg("%s", buf_terminated(&out));
}

static void a_preflight_allows_the_protocols_headers_and_those_asked_for(void **state)
{
	char many[6000] = "Access-Control-Request-Headers: x";

	(void)state;
	check_preflight("", OURS "\r\n");
	check_preflight("Access-Control-Request-Headers: mcp-param-city,mcp-session-id, x-api-key\r\n",
		OURS ", mcp-param-city, x-api-key\r\n");
	check_preflight("Access-Control-Request-Headers: a b, c:d,, \"e\", ok\r\n", OURS ", ok\r\n");
	while (strlen(many) < 5000)
		strcat(many, ",x");
	strcat(many, "\r\n");
	check_preflight(many, OURS "\r\n");
}

static void an_answer_shows_sessions_and_challenges(void **state)
{
	scoped_buf out;

	(void)state;
	buf_init(&out, 1024);
	assert_int_equal(origin_append_answer(TEXT("https://a"), &out), 0);
	assert_true(text_has_prefix(buf_text(&out),
		"Access-Control-Allow-Origin: https://a\r\nAccess-Control-Expose-Headers: "
		"Mcp-Session-Id, "));
	assert_non_null(strstr(buf_terminated(&out), "WWW-Authenticate"));
	assert_non_null(strstr(buf_terminated(&out), "\r\nVary: Origin\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_judged_by_its_one_origin),
		cmocka_unit_test(a_long_origin_is_malformed),
		cmocka_unit_test(lists_are_taken_whole_or_not_at_all),
		cmocka_unit_test(a_host_is_compared_whole),
		cmocka_unit_test(a_preflight_is_options_that_asks_for_a_method),
		cmocka_unit_test(a_preflight_allows_the_protocols_headers_and_those_asked_for),
		cmocka_unit_test(an_answer_shows_sessions_and_challenges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
