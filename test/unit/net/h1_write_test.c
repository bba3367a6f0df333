/* SPDX-License-Identifier: Apache-2.0 */
/* The heads that go out, to the byte. */
#include "net/h1_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct h1_head head;

static void read_request(struct text bytes)
{
	int status = 0;
	const char *why = NULL;
	assert_int_equal(h1_head_parse_request(bytes, 65536, 1024, &head, &status, &why), H1_DONE);
}

static void read_answer(struct text bytes)
{
	const char *why = NULL;
	assert_int_equal(h1_head_parse_answer(bytes, 65536, &head, &why), H1_DONE);
}

static void check_request(const struct h1_request_out *request, const char *expected)
{
	scoped_buf out;
	buf_init(&out, 4096);
	assert_int_equal(h1_write_request(&head, request, &out), 0);
	assert_string_equal(buf_terminated(&out), expected);
}

static void check_answer(const struct h1_answer_out *answer, const char *expected)
{
	scoped_buf out;
	buf_init(&out, 4096);
	assert_int_equal(h1_write_answer(&head, answer, &out), 0);
	assert_string_equal(buf_terminated(&out), expected);
}

static void a_request_goes_on_under_our_line_and_host(void **state)
{
	(void)state;
	read_request(TEXT(
		"POST http://public/x?y HTTP/1.0\r\nHost: public\r\nContent-Length: 3\r\nA: 1\r\nConnection: keep-alive\r\n\r\n"));
	check_request(&(struct h1_request_out){ .target = TEXT("/x?y"), .host = TEXT("127.0.0.1:80"), .extra = TEXT("K: v\r\n") },
		"POST /x?y HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: 3\r\nA: 1\r\nK: v\r\n\r\n");
}

static void via_comes_behind_those_who_sent_it_before(void **state)
{
	struct h1_request_out request = { .target = TEXT("/"), .host = TEXT("b"), .via = "us" };

	(void)state;
	read_request(TEXT("GET / HTTP/1.1\r\nHost: a\r\nVia: 2 edge, 1.1 cache\r\nA: 1\r\n\r\n"));
	check_request(&request, "GET / HTTP/1.1\r\nHost: b\r\nVia: 2 edge, 1.1 cache\r\nA: 1\r\nVia: 1.1 us\r\n\r\n");
	read_request(TEXT("GET / HTTP/1.0\r\n\r\n"));
	check_request(&request, "GET / HTTP/1.1\r\nHost: b\r\nVia: 1.0 us\r\n\r\n");
}

static void chunked_is_said_once_and_an_expectation_only_where_asked(void **state)
{
	(void)state;
	read_request(TEXT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n"));
	struct h1_request_out request = { .target = TEXT("/"), .host = TEXT("b") };
	check_request(&request, "POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n");
	request.expects_continue = true;
	check_request(&request, "POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
}

static void an_upgrade_goes_on_only_where_asked(void **state)
{
	(void)state;
	read_request(TEXT(
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"));
	struct h1_request_out request = { .target = TEXT("/"), .host = TEXT("b") };
	check_request(&request, "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
	request.asks_upgrade = true;
	check_request(&request, "GET / HTTP/1.1\r\nHost: b\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
}

static void an_answer_says_how_its_connection_goes_on(void **state)
{
	(void)state;
	read_answer(TEXT("HTTP/1.0 200 Fine\r\nConnection: x\r\nX: 1\r\nContent-Length: 3\r\nTransfer-X: y\r\n\r\n"));
	check_answer(&(struct h1_answer_out){ 0 }, "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nTransfer-X: y\r\n\r\n");
	check_answer(&(struct h1_answer_out){ .closes = true, .says_keep_alive = true, .extra = TEXT("K: v\r\n") },
		"HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nTransfer-X: y\r\nK: v\r\nConnection: close\r\n\r\n");
	check_answer(&(struct h1_answer_out){ .says_keep_alive = true },
		"HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nTransfer-X: y\r\nConnection: keep-alive\r\n\r\n");
}

static void no_length_stands_where_no_body_can_be(void **state)
{
	(void)state;
	read_answer(TEXT("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nA: 1\r\n\r\n"));
	check_answer(&(struct h1_answer_out){ 0 }, "HTTP/1.1 204 No Content\r\nA: 1\r\n\r\n");
	read_answer(TEXT("HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\nLink: x\r\n\r\n"));
	check_answer(&(struct h1_answer_out){ 0 }, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
	read_answer(TEXT("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"));
	check_answer(&(struct h1_answer_out){ 0 }, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
}

static void switching_protocols_names_the_protocol(void **state)
{
	(void)state;
	read_answer(TEXT("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nA: 1\r\n\r\n"));
	check_answer(&(struct h1_answer_out){ 0 },
		"HTTP/1.1 101 Switching Protocols\r\nA: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
}

static void a_final_answer_without_a_date_gets_one(void **state)
{
	(void)state;
	const struct h1_answer_out out = { .date = TEXT("Date: now\r\n") };
	read_answer(TEXT("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n"));
	check_answer(&out, "HTTP/1.1 200 OK\r\nA: 1\r\nDate: now\r\n\r\n");
	read_answer(TEXT("HTTP/1.1 200 OK\r\ndate: then\r\nA: 1\r\n\r\n"));
	check_answer(&out, "HTTP/1.1 200 OK\r\ndate: then\r\nA: 1\r\n\r\n");
	read_answer(TEXT("HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\n"));
	check_answer(&out, "HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\n");
}

static void an_answer_of_our_own_is_whole(void **state)
{
	(void)state;
	scoped_buf out;
	buf_init(&out, 4096);
	const struct h1_own_answer refusal = { .status = 503,
		.content_type = "text/plain",
		.date = TEXT("Date: now\r\n"),
		.extra = TEXT("Retry-After: 1\r\n"),
		.body_len = 12,
		.closes = true };
	assert_int_equal(h1_write_own_answer(&refusal, &out), 0);
	assert_string_equal(buf_terminated(&out),
		"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nDate: now\r\nRetry-After: "
		"1\r\n"
		"Connection: close\r\n\r\n");
	buf_clear(&out);
	assert_int_equal(h1_write_own_answer(&(struct h1_own_answer){ .status = 299, .body_len = -1 }, &out), 0);
	assert_string_equal(buf_terminated(&out), "HTTP/1.1 299 Unknown\r\n\r\n");
}

static void a_head_past_the_cap_is_an_error(void **state)
{
	(void)state;
	read_request(TEXT("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"));
	struct h1_request_out request = { .target = TEXT("/"), .host = TEXT("b"), .extra = TEXT("K: v\r\n") };
	for (size_t cap = 0; cap < 40; cap++) {
		struct buf out;
		buf_init(&out, cap);
		assert_int_equal(h1_write_request(&head, &request, &out), cap < 39 ? -1 : 0);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_goes_on_under_our_line_and_host),
		cmocka_unit_test(via_comes_behind_those_who_sent_it_before),
		cmocka_unit_test(chunked_is_said_once_and_an_expectation_only_where_asked),
		cmocka_unit_test(an_upgrade_goes_on_only_where_asked),
		cmocka_unit_test(an_answer_says_how_its_connection_goes_on),
		cmocka_unit_test(no_length_stands_where_no_body_can_be),
		cmocka_unit_test(switching_protocols_names_the_protocol),
		cmocka_unit_test(a_final_answer_without_a_date_gets_one),
		cmocka_unit_test(an_answer_of_our_own_is_whole),
		cmocka_unit_test(a_head_past_the_cap_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
