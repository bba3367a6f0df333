/* SPDX-License-Identifier: Apache-2.0 */
/* Which headers go on, and what a proxy adds. */
#include "net/h1_headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct h1_head head;

static void read_head(struct text bytes)
{
	int status = 0;
	const char *why = NULL;
	assert_int_equal(h1_head_parse_request(bytes, 65536, 1024, &head, &status, &why), H1_DONE);
}

static void check_copy(bool (*keeps)(struct text name), const char *expected)
{
	scoped_buf out;
	buf_init(&out, 4096);
	assert_int_equal(h1_headers_copy(&head, keeps, &out), 0);
	assert_string_equal(buf_terminated(&out), expected);
}

static void hop_by_hop_headers_stay_here(void **state)
{
	(void)state;
	read_head(TEXT(
		"GET / HTTP/1.1\r\nhost: a\r\nConnection: close, X-Mine,x-other\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-MINE: 1\r\n"
		"Proxy-Connection: close\r\nProxy-Authorization: b\r\nProxy-Authenticate: c\r\nX-Other: 2\r\nX-Others: 3\r\n\r\n"));
	check_copy(NULL, "host: a\r\nX-Others: 3\r\n");
}

static void end_to_end_headers_go_on_byte_exact_and_in_order(void **state)
{
	(void)state;
	read_head(TEXT("GET / HTTP/1.1\r\nHost: a\r\nMcp-Param-X:  a  b\t\r\nA2A-Version: 1\r\nx: 1\r\nX: 2\r\nTrailer: T\r\n"
		       "Last-Event-ID: \xc3\xa9\r\nVary: *\r\nx: 3\r\n\r\n"));
	check_copy(NULL,
		"Host: a\r\nMcp-Param-X: a  b\r\nA2A-Version: 1\r\nx: 1\r\nX: 2\r\nTrailer: T\r\nLast-Event-ID: \xc3\xa9\r\n"
		"Vary: *\r\nx: 3\r\n");
}

static void connection_cannot_take_the_length_or_the_host_away(void **state)
{
	(void)state;
	read_head(TEXT("POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length, host\r\nContent-Length: 3\r\n\r\n"));
	check_copy(NULL, "Host: a\r\nContent-Length: 3\r\n");
}

static void transfer_encoding_is_written_anew(void **state)
{
	(void)state;
	read_head(TEXT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nUpgrade: x\r\n\r\n"));
	check_copy(NULL, "Host: a\r\n");
}

static bool keeps_no_host(struct text name)
{
	return !text_is_folded(name, "host");
}

static void a_daemon_drops_more_by_its_own_rule(void **state)
{
	(void)state;
	read_head(TEXT("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"));
	check_copy(keeps_no_host, "X: 1\r\n");
}

static void a_copy_past_the_cap_is_an_error(void **state)
{
	(void)state;
	read_head(TEXT("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"));
	struct buf out;
	buf_init(&out, 12);
	assert_int_equal(h1_headers_copy(&head, NULL, &out), -1);
	buf_fini(&out);
}

static void lists_are_searched_over_all_headers_of_the_name(void **state)
{
	(void)state;
	read_head(TEXT("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html , Text/Event-Stream\r\naccept: x\r\n\r\n"));
	assert_true(h1_headers_lists(&head, "accept", "text/event-stream"));
	assert_true(h1_headers_lists(&head, "Accept", "X"));
	assert_false(h1_headers_lists(&head, "accept", "text"));
	assert_false(h1_headers_lists(&head, "accep", "x"));
}

static void a_list_of_one_token_alone_is_told_from_others(void **state)
{
	static const struct {
		const char *lines;
		bool only;
	} rows[] = {
		{ "Accept: text/event-stream\r\n", true },
		{ "accept: Text/Event-Stream ; q=0.9\r\n", true },
		{ "Accept: text/event-stream\r\nAccept: text/event-stream\r\n", true },
		{ "Accept: application/json, text/event-stream\r\n", false },
		{ "Accept: text/event-stream, */*\r\n", false },
		{ "Accept: text/event-stream\r\nAccept: application/json\r\n", false },
		{ "Accept: text/event-stream;x=\"a,b\"\r\n", false },
		{ "Accept: */*\r\n", false },
		{ "Accept: \r\n", false },
		{ "", false },
	};
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].lines);
		read_head(text_of(bytes));
		assert_int_equal(h1_headers_lists_only(&head, "Accept", "text/event-stream"), rows[i].only);
	}
}

static void check_forwarding(struct text bytes, bool is_trusted, struct text prefix, const char *expected)
{
	read_head(bytes);
	struct h1_forwarding forwarding = {
		.client_address = TEXT("192.0.2.1"),
		.peer_is_trusted = is_trusted,
		.scheme = TEXT("http"),
		.host = head.authority,
		.prefix = prefix,
	};
	scoped_buf out;
	buf_init(&out, 4096);
	assert_int_equal(h1_headers_forwarding(&head, &forwarding, &out), 0);
	assert_string_equal(buf_terminated(&out), expected);
}

#define INBOUND                                                                                               \
	"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 10.0.0.1\r\n" \
	"X-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example\r\nX-Forwarded-Prefix: /base\r\nForwarded: " \
	"for=198.51.100.7\r\n\r\n"

static void forwarding_headers_say_what_we_saw(void **state)
{
	(void)state;
	check_forwarding(TEXT("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), true, (struct text){ NULL, 0 },
		"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n"
		"Forwarded: for=192.0.2.1;host=a.example;proto=http\r\n");
}

static void a_stranger_is_not_believed(void **state)
{
	(void)state;
	check_forwarding(TEXT(INBOUND), false, TEXT("/v1/agents/n/a"),
		"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n"
		"X-Forwarded-Prefix: /v1/agents/n/a\r\nForwarded: for=192.0.2.1;host=a.example;proto=http\r\n");
}

static void a_trusted_peer_is_believed_and_added_to(void **state)
{
	(void)state;
	check_forwarding(TEXT(INBOUND), true, TEXT("/v1/agents/n/a"),
		"X-Forwarded-For: 198.51.100.7, 10.0.0.1, 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example\r\n"
		"X-Forwarded-Prefix: /base/v1/agents/n/a\r\nForwarded: for=198.51.100.7, "
		"for=192.0.2.1;host=a.example;proto=http\r\n");
}

static void what_a_trusted_peer_says_in_one_way_is_said_in_both(void **state)
{
	(void)state;
	check_forwarding(TEXT("GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 198.51.100.7, 2001:db8::1\r\n"
			      "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example:8443\r\n\r\n"),
		true, (struct text){ NULL, 0 },
		"X-Forwarded-For: 198.51.100.7, 2001:db8::1, 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
		"X-Forwarded-Host: b.example:8443\r\nForwarded: for=198.51.100.7;host=\"b.example:8443\";proto=https, "
		"for=\"[2001:db8::1]\", for=192.0.2.1;host=a.example;proto=http\r\n");
	check_forwarding(TEXT("GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https\r\n\r\n"), true,
		(struct text){ NULL, 0 },
		"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\n"
		"Forwarded: for=unknown;proto=https, for=192.0.2.1;host=a.example;proto=http\r\n");
	check_forwarding(TEXT("GET / HTTP/1.1\r\nHost: a.example\r\n"
			      "Forwarded: for=198.51.100.7;Proto=https;host=\"b.example:8443\", for=10.0.0.1\r\n\r\n"),
		true, (struct text){ NULL, 0 },
		"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example:8443\r\n"
		"Forwarded: for=198.51.100.7;Proto=https;host=\"b.example:8443\", for=10.0.0.1, "
		"for=192.0.2.1;host=a.example;proto=http\r\n");
}

static void the_public_address_is_what_believed_peers_say(void **state)
{
	static const struct {
		const char *lines;
		bool is_trusted;
		const char *scheme, *host, *base;
	} rows[] = {
		{ "", true, "http", "a.example", "" },
		{ "X-Forwarded-Proto: HTTPS\r\nX-Forwarded-Host: b.example:8443\r\nX-Forwarded-Prefix: /base/\r\n", true, "https",
			"b.example:8443", "/base" },
		{ "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example\r\nX-Forwarded-Prefix: /base\r\n", false, "http",
			"a.example", "" },
		{ "X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: b.example, c.example\r\n", true, "https", "b.example", "" },
		{ "Forwarded: proto=https;host=\"[2001:db8::1]:8443\"\r\n", true, "https", "[2001:db8::1]:8443", "" },
		{ "X-Forwarded-Proto: javascript\r\nX-Forwarded-Host: b.example/x\r\nX-Forwarded-Prefix: //c.example\r\n", true,
			"http", "a.example", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char bytes[512];
		int len = snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\nHost: a.example\r\n%s\r\n", rows[i].lines);
		read_head((struct text){ bytes, (size_t)len });
		struct h1_public seen = h1_headers_public(&head,
			&(struct h1_forwarding){
				.peer_is_trusted = rows[i].is_trusted, .scheme = TEXT("http"), .host = head.authority });
		assert_true(text_is(seen.scheme, rows[i].scheme));
		assert_true(text_is(seen.host, rows[i].host));
		assert_true(text_is(seen.base, rows[i].base));
	}
}

static void forwarding_headers_are_known_by_name(void **state)
{
	(void)state;
	assert_true(h1_headers_is_forwarding(TEXT("X-FORWARDED-FOR")));
	assert_true(h1_headers_is_forwarding(TEXT("forwarded")));
	assert_true(h1_headers_is_forwarding(TEXT("X_Forwarded-FOR")));
	assert_false(h1_headers_is_forwarding(TEXT("X-Forwarded-Fo")));
	assert_false(h1_headers_is_forwarding(TEXT("X-Forwarded-Forr")));
	assert_false(h1_headers_is_forwarding(TEXT("X-Forwarded-Port")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hop_by_hop_headers_stay_here),
		cmocka_unit_test(end_to_end_headers_go_on_byte_exact_and_in_order),
		cmocka_unit_test(connection_cannot_take_the_length_or_the_host_away),
		cmocka_unit_test(transfer_encoding_is_written_anew),
		cmocka_unit_test(a_daemon_drops_more_by_its_own_rule),
		cmocka_unit_test(a_copy_past_the_cap_is_an_error),
		cmocka_unit_test(lists_are_searched_over_all_headers_of_the_name),
		cmocka_unit_test(a_list_of_one_token_alone_is_told_from_others),
		cmocka_unit_test(forwarding_headers_say_what_we_saw),
		cmocka_unit_test(a_stranger_is_not_believed),
		cmocka_unit_test(a_trusted_peer_is_believed_and_added_to),
		cmocka_unit_test(what_a_trusted_peer_says_in_one_way_is_said_in_both),
		cmocka_unit_test(the_public_address_is_what_believed_peers_say),
		cmocka_unit_test(forwarding_headers_are_known_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
