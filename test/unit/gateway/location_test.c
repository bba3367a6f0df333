/* SPDX-License-Identifier: Apache-2.0 */
/* Where an agent points to, as its clients see it. */
#include "gateway/location.h"

#include "test/unit/base/test.h"

#define SAME NULL /* it stays as it is */

struct row {
	const char *location, *expected;
};

static struct location_place place_of(const char *rest)
{
	return (struct location_place){ .outside = { .scheme = TEXT("https"), .host = TEXT("pub.example:8443") },
		.prefix = TEXT("/v1/agents/team/hello"),
		.rest = text_of(rest),
		.name_space = TEXT("team"),
		.name = TEXT("hello"),
		.pod_ip = TEXT("10.1.2.3"),
		.port = 8080 };
}

static void check(const struct location_place *place, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scoped_buf out;
		bool is_mapped;

		buf_init(&out, 4096);
		is_mapped = location_map(text_of(rows[i].location), place, &out);
		if (is_mapped != (rows[i].expected != SAME) || (is_mapped && !text_is(buf_text(&out), rows[i].expected)))
			fail_msg("%s became %s", rows[i].location, is_mapped ? buf_terminated(&out) : "itself");
	}
}

static void what_names_the_agent_names_the_gateway(void **state)
{
	static const struct row rows[] = {
		{ "http://127.0.0.1:8080/mcp/", "https://pub.example:8443/v1/agents/team/hello/mcp/" },
		{ "https://127.0.0.1:8080/mcp/", "https://pub.example:8443/v1/agents/team/hello/mcp/" },
		{ "HTTP://LocalHost:8080/a?b=http://x#c", "https://pub.example:8443/v1/agents/team/hello/a?b=http://x#c" },
		{ "http://[::1]:8080", "https://pub.example:8443/v1/agents/team/hello/" },
		{ "http://0.0.0.0:8080?x", "https://pub.example:8443/v1/agents/team/hello/?x" },
		{ "//127.0.0.1:8080/x", "//pub.example:8443/v1/agents/team/hello/x" },
		{ "http://10.1.2.3:8080/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://10.1.2.3:8888/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://hello:8080/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://hello.team:8080/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://hello.team.svc:8080/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://hello.team.svc.cluster.local:8080/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://127.0.0.1:8080/v1/agents/team/hello/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://127.0.0.1:8080/v1/agents/team/hello2/x",
			"https://pub.example:8443/v1/agents/team/hello/v1/agents/team/hello2/x" },
	};
	const struct location_place place = place_of("/mcp");

	(void)state;
	check(&place, rows, ARRAY_LEN(rows));
}

static void an_absolute_path_goes_behind_the_prefix_once(void **state)
{
	static const struct row rows[] = {
		{ "/", "/v1/agents/team/hello/" },
		{ "/x/y?z#f", "/v1/agents/team/hello/x/y?z#f" },
		{ "/tasks/1:cancel", "/v1/agents/team/hello/tasks/1:cancel" },
		{ "/a%2Fb//c/", "/v1/agents/team/hello/a%2Fb//c/" },
		{ "/v1/agents/team/hello", SAME },
		{ "/v1/agents/team/hello?x", SAME },
		{ "/v1/agents/team/hello/x", SAME },
		{ "/v1/agents/team/hello-2/x", "/v1/agents/team/hello/v1/agents/team/hello-2/x" },
		{ "/../../x", "/v1/agents/team/hello/x" },
		{ "/a/./b/%2E%2e/c", "/v1/agents/team/hello/a/c" },
		{ "/a/..", "/v1/agents/team/hello/" },
		{ "/a/b/.", "/v1/agents/team/hello/a/b/" },
		{ "/...", "/v1/agents/team/hello/..." },
		{ "/v1/agents/team/hello/../x", "/v1/agents/team/hello/v1/agents/team/x" },
	};
	const struct location_place place = place_of("/mcp");

	(void)state;
	check(&place, rows, ARRAY_LEN(rows));
}

static void what_points_elsewhere_stays(void **state)
{
	static const struct row rows[] = {
		{ "https://login.example/authorize?redirect_uri=http://127.0.0.1:8080/x", SAME },
		{ "http://127.0.0.1:9000/x", SAME },
		{ "http://127.0.0.1/x", SAME },
		{ "http://127.0.0.1:8080@evil.example/x", SAME },
		{ "http://user@127.0.0.1:8080/x", SAME },
		{ "http://127.0.0.1:8080.evil.example/x", SAME },
		{ "http://[::1:8080/x", SAME },
		{ "http://hello.other.svc:8080/x", SAME },
		{ "http://hello.team.example:8080/x", SAME },
		{ "http://10.1.2.4:8080/x", SAME },
		{ "https://pub.example:8443/elsewhere", SAME },
		{ "https://pub.example:8443/v1/agents/team/hello/x", SAME },
		{ "//cdn.example/x", SAME },
		{ "ftp://127.0.0.1:8080/x", SAME },
		{ "mailto:a@b.example", SAME },
		{ "urn:x:/y", SAME },
		{ "", SAME },
	};
	const struct location_place place = place_of("/mcp");

	(void)state;
	check(&place, rows, ARRAY_LEN(rows));
}

static void a_relative_reference_means_the_same_to_both(void **state)
{
	static const struct row deep[] = {
		{ "x", SAME },
		{ "x/y?z", SAME },
		{ "?page=2", SAME },
		{ "#f", SAME },
		{ "../x", "/v1/agents/team/hello/x" },
		{ "../../../x", "/v1/agents/team/hello/x" },
		{ "./x?y", "/v1/agents/team/hello/a/x?y" },
	};
	static const struct row bare[] = {
		{ "x", "/v1/agents/team/hello/x" },
		{ "x/?y", "/v1/agents/team/hello/x/?y" },
		{ "../x", "/v1/agents/team/hello/x" },
		{ "?page=2", SAME },
	};
	struct location_place place = place_of("/a/b?q=/c/d");

	(void)state;
	check(&place, deep, ARRAY_LEN(deep));
	place = place_of("");
	check(&place, bare, ARRAY_LEN(bare));
	place = place_of("?q=/c/d");
	check(&place, bare, ARRAY_LEN(bare));
}

static void the_base_of_proxies_before_us_stands_first(void **state)
{
	static const struct row rows[] = {
		{ "/x", "/base/v1/agents/team/hello/x" },
		{ "/v1/agents/team/hello/x", "/base/v1/agents/team/hello/x" },
		{ "/base/v1/agents/team/hello/x", SAME },
		{ "http://127.0.0.1:8080/x", "https://pub.example:8443/base/v1/agents/team/hello/x" },
		{ "http://127.0.0.1:8080/base/v1/agents/team/hello/x", "https://pub.example:8443/base/v1/agents/team/hello/x" },
	};
	struct location_place place = place_of("/mcp");

	(void)state;
	place.outside.base = TEXT("/base");
	check(&place, rows, ARRAY_LEN(rows));
}

static void a_client_without_a_host_gets_the_path(void **state)
{
	static const struct row rows[] = { { "http://127.0.0.1:8080/x", "/v1/agents/team/hello/x" } };
	struct location_place place = place_of("/mcp");

	(void)state;
	place.outside.host = (struct text){ NULL, 0 };
	check(&place, rows, ARRAY_LEN(rows));
}

static void an_ipv6_pod_is_known_too(void **state)
{
	static const struct row rows[] = {
		{ "http://[fd00::1]:8080/x", "https://pub.example:8443/v1/agents/team/hello/x" },
		{ "http://[fd00::2]:8080/x", SAME },
	};
	struct location_place place = place_of("/mcp");

	(void)state;
	place.pod_ip = TEXT("fd00::1");
	check(&place, rows, ARRAY_LEN(rows));
}

static void what_has_no_room_stays(void **state)
{
	const struct location_place place = place_of("/mcp");

	(void)state;
	for (size_t cap = 1; cap < sizeof("https://pub.example:8443/v1/agents/team/hello/mcp/") - 1; cap++) {
		scoped_buf out;

		buf_init(&out, cap);
		assert_false(location_map(TEXT("http://127.0.0.1:8080/mcp/"), &place, &out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_names_the_agent_names_the_gateway),
		cmocka_unit_test(an_absolute_path_goes_behind_the_prefix_once),
		cmocka_unit_test(what_points_elsewhere_stays),
		cmocka_unit_test(a_relative_reference_means_the_same_to_both),
		cmocka_unit_test(the_base_of_proxies_before_us_stands_first),
		cmocka_unit_test(a_client_without_a_host_gets_the_path),
		cmocka_unit_test(an_ipv6_pod_is_known_too),
		cmocka_unit_test(what_has_no_room_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
