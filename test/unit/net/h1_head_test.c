/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of requests and answers: each row is read whole and at every prefix, and the verdicts must agree. */
#include "net/h1_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define MAX_HEAD   4096
#define MAX_TARGET 256

static struct h1_head head;

static enum h1_result parse_request(struct text bytes, int *ret_status)
{
	const char *why = NULL;
	enum h1_result result = h1_head_parse_request(bytes, MAX_HEAD, MAX_TARGET, &head, ret_status, &why);
	assert_true(result != H1_BAD || why != NULL);
	return result;
}

/* Reads text of exactly that many bytes, so that a sanitizer sees a step past its end. */
static enum h1_result parse_copy(struct text bytes, bool is_answer, int *ret_status)
{
	char *copy = mem_alloc(bytes.len == 0 ? 1 : bytes.len);
	memcpy(copy, bytes.at, bytes.len);
	struct text exact = { copy, bytes.len };
	const char *why = NULL;
	enum h1_result result = is_answer ? h1_head_parse_answer(exact, MAX_HEAD, &head, &why) : parse_request(exact, ret_status);
	mem_release(copy);
	return result;
}

/* Growing by one byte: nothing but MORE until the verdict, which then never changes. */
static void check_every_prefix(struct text bytes, bool is_answer, enum h1_result result, int status)
{
	enum h1_result before = H1_MORE;
	int status_before = 0;
	for (size_t len = 0; len <= bytes.len; len++) {
		int status_now = 0;
		enum h1_result now = parse_copy((struct text){ bytes.at, len }, is_answer, &status_now);
		if (before != H1_MORE) {
			assert_int_equal(now, before);
			assert_int_equal(status_now, status_before);
		}
		before = now;
		status_before = status_now;
	}
	assert_int_equal(before, result);
	if (result == H1_BAD && !is_answer)
		assert_int_equal(status_before, status);
}

struct bad_row {
	const char *what;
	struct text bytes;
	int status;
};

#define HOST "Host: a\r\n"

static const struct bad_row bad_requests[] = {
	{ "length beside chunked", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
		400 },
	{ "chunked beside length", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
		400 },
	{ "two lengths", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"), 400 },
	{ "two equal lengths", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"), 400 },
	{ "a list of lengths", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\n"), 400 },
	{ "length with a plus", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n"), 400 },
	{ "negative length", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n"), 400 },
	{ "hexadecimal length", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n"), 400 },
	{ "length with a space", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 3 3\r\n\r\n"), 400 },
	{ "empty length", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"), 400 },
	{ "length past 63 bits", TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"), 400 },
	{ "chunked twice", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 400 },
	{ "chunked in two headers",
		TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ "chunked not last", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n"), 400 },
	{ "identity behind chunked",
		TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"), 400 },
	{ "identity alone", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"), 400 },
	{ "a coding we cannot take off", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501 },
	{ "chunked misspelt", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"), 400 },
	{ "chunked with a parameter", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;q=1\r\n\r\n"), 400 },
	{ "chunked behind a vertical tab",
		TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
		     "chunked\r\n\r\n"),
		400 },
	{ "empty transfer coding", TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n"), 400 },
	{ "chunked in HTTP/1.0", TEXT("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), 400 },
	{ "a folded header", TEXT("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), 400 },
	{ "a tab-folded header", TEXT("GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n"), 400 },
	{ "white space before the first header", TEXT("GET / HTTP/1.1\r\n " HOST "\r\n"), 400 },
	{ "LF alone behind the request line", TEXT("GET / HTTP/1.1\n" HOST "\r\n"), 400 },
	{ "LF alone behind a header", TEXT("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400 },
	{ "LF alone at the end", TEXT("GET / HTTP/1.1\r\n" HOST "\n"), 400 },
	{ "CR alone in a value", TEXT("GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), 400 },
	{ "CR alone in the request line", TEXT("GET /\ra HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "NUL in a value", TEXT("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), 400 },
	{ "NUL in a name", TEXT("GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n"), 400 },
	{ "NUL in the target", TEXT("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a control in a value", TEXT("GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n"), 400 },
	{ "DEL in a value", TEXT("GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n"), 400 },
	{ "a space before the colon", TEXT("GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n"), 400 },
	{ "no colon", TEXT("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n"), 400 },
	{ "no name", TEXT("GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n"), 400 },
	{ "a name that is no token", TEXT("GET / HTTP/1.1\r\n" HOST "X(y): a\r\n\r\n"), 400 },
	{ "no Host", TEXT("GET / HTTP/1.1\r\nX: a\r\n\r\n"), 400 },
	{ "two Hosts", TEXT("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400 },
	{ "an empty Host", TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
	{ "Host with a path", TEXT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400 },
	{ "Host with a user", TEXT("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400 },
	{ "Host with a bad port", TEXT("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"), 400 },
	{ "Host with a space", TEXT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
	{ "two Hosts in a list", TEXT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400 },
	{ "Host with an open bracket", TEXT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400 },
	{ "no Host beside the absolute form", TEXT("GET http://a/ HTTP/1.1\r\nX: a\r\n\r\n"), 400 },
	{ "a user in the absolute form", TEXT("GET http://u@a/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "another scheme", TEXT("GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a relative target", TEXT("GET a HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "an asterisk for GET", TEXT("GET * HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a fragment", TEXT("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a backslash", TEXT("GET /a\\b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a target beyond ASCII", TEXT("GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "dot-dot", TEXT("GET /a/../b HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "dot-dot encoded", TEXT("GET /a/%2e%2E HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "dot-dot in the absolute form", TEXT("GET http://a/.. HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a percent sign alone", TEXT("GET /%zz HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "NUL encoded", TEXT("GET /%00 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "two spaces", TEXT("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "two spaces before the version", TEXT("GET /  HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a tab for a space", TEXT("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "a space behind the version", TEXT("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400 },
	{ "no version", TEXT("GET /\r\n\r\n"), 400 },
	{ "a version in small letters", TEXT("GET / http/1.1\r\n" HOST "\r\n"), 400 },
	{ "a long version", TEXT("GET / HTTP/1.11\r\n" HOST "\r\n"), 400 },
	{ "another protocol", TEXT("GET / ICAP/1.0\r\n" HOST "\r\n"), 400 },
	{ "HTTP/2 said in a request line", TEXT("GET / HTTP/2.0\r\n" HOST "\r\n"), 505 },
	{ "an HTTP/2 preface", TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400 },
	{ "a TLS hello", TEXT("\x16\x03\x01\x02"), 400 },
	{ "a method that is no token", TEXT("G(T / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "no method", TEXT(" / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "an endless method", TEXT("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP / HTTP/1.1\r\n" HOST "\r\n"), 501 },
	{ "CONNECT", TEXT("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n"), 501 },
	{ "many empty lines", TEXT("\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ "an empty line of LF", TEXT("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
};

static void bad_requests_are_refused_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_requests); i++) {
		print_message("# %s\n", bad_requests[i].what);
		check_every_prefix(bad_requests[i].bytes, false, H1_BAD, bad_requests[i].status);
	}
}

struct good_row {
	struct text bytes;
	const char *method, *path, *query, *authority;
	int64_t length;
	bool is_chunked, keep_alive;
};

static const struct good_row good_requests[] = {
	{ TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", NULL, "a", -1, false, true },
	{ TEXT("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", NULL, "a", -1, false, true },
	{ TEXT("GET /a%2Fb//c?x=%zz&y=| HTTP/1.1\r\nHost: a.b:80\r\n\r\n"), "GET", "/a%2Fb//c", "x=%zz&y=|", "a.b:80", -1, false,
		true },
	{ TEXT("GET /tasks/1:cancel? HTTP/1.1\r\nHost: [fd00::1]:80\r\n\r\n"), "GET", "/tasks/1:cancel", "", "[fd00::1]:80", -1,
		false, true },
	{ TEXT("GET http://h:1/p?q HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/p", "q", "h:1", -1, false, true },
	{ TEXT("GET HTTPS://h HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", NULL, "h", -1, false, true },
	{ TEXT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "OPTIONS", "*", NULL, "a", -1, false, true },
	{ TEXT("OPTIONS http://h HTTP/1.1\r\nHost: a\r\n\r\n"), "OPTIONS", "*", NULL, "h", -1, false, true },
	{ TEXT("GET / HTTP/1.0\r\n\r\n"), "GET", "/", NULL, NULL, -1, false, false },
	{ TEXT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "GET", "/", NULL, NULL, -1, false, true },
	{ TEXT("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n"), "GET", "/", NULL, "a", -1, false, false },
	{ TEXT("GET / HTTP/1.7\r\nHost: a\r\n\r\n"), "GET", "/", NULL, "a", -1, false, true },
	{ TEXT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007 \r\n\r\n"), "POST", "/", NULL, "a", 7, false, true },
	{ TEXT("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n"), "POST", "/", NULL, "a", -1, true, true },
	{ TEXT("M-SEARCH /.../..a/%2e HTTP/1.1\r\nHost: a\r\nX:\xff\r\n\r\n"), "M-SEARCH", "/.../..a/%2e", NULL, "a", -1, false,
		true },
};

static void good_requests_are_read_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_requests); i++) {
		const struct good_row *row = &good_requests[i];
		print_message("# row %zu\n", i);
		check_every_prefix(row->bytes, false, H1_DONE, 0);
		int status = 0;
		assert_int_equal(parse_request(row->bytes, &status), H1_DONE);
		assert_int_equal(head.bytes, row->bytes.len);
		assert_true(text_is(head.method, row->method));
		assert_true(text_is(head.path, row->path));
		assert_true(row->query == NULL ? head.query.at == NULL : text_is(head.query, row->query));
		assert_true(row->authority == NULL ? head.authority.at == NULL : text_is(head.authority, row->authority));
		assert_int_equal(head.content_length, row->length);
		assert_int_equal(head.is_chunked, row->is_chunked);
		assert_int_equal(head.keep_alive, row->keep_alive);
	}
}

static void what_follows_a_head_is_not_part_of_it(void **state)
{
	(void)state;
	struct text bytes = TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n\n\0junk");
	int status = 0;
	assert_int_equal(parse_request(bytes, &status), H1_DONE);
	assert_int_equal(head.bytes, 27);
}

static void header_values_lose_only_the_white_space_around_them(void **state)
{
	(void)state;
	int status = 0;
	assert_int_equal(parse_request(TEXT("GET / HTTP/1.1\r\nhOsT:\t a \t\r\nX-Y:  a  b \r\nE:\r\n\r\n"), &status), H1_DONE);
	assert_int_equal(head.header_count, 3);
	assert_true(text_is(head.headers[0].name, "hOsT"));
	assert_true(text_is(h1_head_get(&head, "host"), "a"));
	assert_true(text_is(h1_head_get(&head, "x-y"), "a  b"));
	assert_true(text_is(h1_head_get(&head, "e"), ""));
	assert_null(h1_head_get(&head, "x").at);
}

static void upgrade_counts_only_where_connection_lists_it(void **state)
{
	(void)state;
	int status = 0;
	assert_int_equal(parse_request(TEXT("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"), &status), H1_DONE);
	assert_null(head.upgrade.at);
	assert_int_equal(
		parse_request(TEXT("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"),
			&status),
		H1_DONE);
	assert_true(text_is(head.upgrade, "websocket"));
}

static void expectation_counts_only_in_http_1_1(void **state)
{
	(void)state;
	int status = 0;
	assert_int_equal(parse_request(TEXT("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n"), &status), H1_DONE);
	assert_true(head.expects_continue);
	assert_int_equal(parse_request(TEXT("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"), &status), H1_DONE);
	assert_false(head.expects_continue);
}

/* A head with one header of that many bytes of value. */
static struct text long_head(char *room, size_t size, size_t value_bytes)
{
	int len = snprintf(room, size, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", (int)value_bytes, 0);
	return (struct text){ room, (size_t)len };
}

static void heads_past_the_cap_are_431(void **state)
{
	(void)state;
	static char room[2 * MAX_HEAD];
	size_t around = long_head(room, sizeof(room), 1).len - 1;
	check_every_prefix(long_head(room, sizeof(room), MAX_HEAD - around), false, H1_DONE, 0);
	check_every_prefix(long_head(room, sizeof(room), MAX_HEAD - around + 1), false, H1_BAD, 431);
}

static void targets_past_the_cap_are_414(void **state)
{
	(void)state;
	char room[MAX_TARGET + 64];
	int len = snprintf(room, sizeof(room), "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", MAX_TARGET - 1, 0);
	check_every_prefix((struct text){ room, (size_t)len }, false, H1_DONE, 0);
	len = snprintf(room, sizeof(room), "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", MAX_TARGET, 0);
	check_every_prefix((struct text){ room, (size_t)len }, false, H1_BAD, 414);
}

static void headers_past_128_are_431(void **state)
{
	(void)state;
	char room[MAX_HEAD];
	int len = snprintf(room, sizeof(room), "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < 128 - 1; i++)
		len += snprintf(room + len, sizeof(room) - (size_t)len, "X: %d\r\n", i);
	int with_one_more = len + snprintf(room + len, sizeof(room) - (size_t)len, "\r\n");
	check_every_prefix((struct text){ room, (size_t)with_one_more }, false, H1_DONE, 0);
	len += snprintf(room + len, sizeof(room) - (size_t)len, "Y: 1\r\n\r\n");
	check_every_prefix((struct text){ room, (size_t)len }, false, H1_BAD, 431);
}

static void who_may_send_longer_heads_may_send_more_headers(void **state)
{
	(void)state;
	static const struct {
		size_t max_bytes, headers;
	} rows[] = { { 0, 128 }, { 65536, 128 }, { 81920, 160 }, { 131072, 256 }, { 163840, 320 }, { SIZE_MAX, 320 } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(h1_head_max_headers(rows[i].max_bytes), rows[i].headers);
}

static void what_one_cap_refuses_for_its_headers_a_larger_one_takes(void **state)
{
	(void)state;
	char room[MAX_HEAD];
	const char *why = NULL;
	int len = snprintf(room, sizeof(room), "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 160; i++)
		len += snprintf(room + len, sizeof(room) - (size_t)len, "X: %d\r\n", i);
	(void)snprintf(room + len, sizeof(room) - (size_t)len, "\r\n");
	assert_int_equal(h1_head_parse_answer(text_of(room), 65536, &head, &why), H1_BAD);
	assert_string_equal(why, "too many headers");
	assert_int_equal(h1_head_parse_answer(text_of(room), 81920, &head, &why), H1_DONE);
	assert_int_equal(head.header_count, 160);
}

static const struct bad_row bad_answers[] = {
	{ "length beside chunked", TEXT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 0 },
	{ "two lengths", TEXT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"), 0 },
	{ "an unknown coding", TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), 0 },
	{ "chunked in HTTP/1.0", TEXT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), 0 },
	{ "a folded header", TEXT("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"), 0 },
	{ "LF alone", TEXT("HTTP/1.1 200 OK\nX: a\r\n\r\n"), 0 },
	{ "NUL", TEXT("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"), 0 },
	{ "an empty line before it", TEXT("\r\nHTTP/1.1 200 OK\r\n\r\n"), 0 },
	{ "two digits", TEXT("HTTP/1.1 20 OK\r\n\r\n"), 0 },
	{ "four digits", TEXT("HTTP/1.1 2000 OK\r\n\r\n"), 0 },
	{ "a status under 100", TEXT("HTTP/1.1 099 OK\r\n\r\n"), 0 },
	{ "HTTP/2", TEXT("HTTP/2.0 200 OK\r\n\r\n"), 0 },
	{ "no HTTP at all", TEXT("hello"), 0 },
	{ "SSH", TEXT("SSH-2.0-OpenSSH_9.2\r\n"), 0 },
};

static void bad_answers_are_refused_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_answers); i++) {
		print_message("# %s\n", bad_answers[i].what);
		check_every_prefix(bad_answers[i].bytes, true, H1_BAD, 0);
	}
}

static void good_answers_are_read_however_they_are_cut(void **state)
{
	(void)state;
	static const struct {
		struct text bytes;
		int status;
		const char *reason;
		bool keep_alive;
	} rows[] = {
		{ TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), 200, "OK", true },
		{ TEXT("HTTP/1.1 404 Not  Found\r\nConnection: close\r\n\r\n"), 404, "Not  Found", false },
		{ TEXT("HTTP/1.1 204 \r\n\r\n"), 204, "", true },
		{ TEXT("HTTP/1.1 200\r\n\r\n"), 200, "", true },
		{ TEXT("HTTP/1.0 200 OK\r\nHost: a\r\nHost: b\r\n\r\n"), 200, "OK", false },
		{ TEXT("HTTP/1.1 100 Continue\r\n\r\n"), 100, "Continue", true },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why = NULL;
		check_every_prefix(rows[i].bytes, true, H1_DONE, 0);
		assert_int_equal(h1_head_parse_answer(rows[i].bytes, MAX_HEAD, &head, &why), H1_DONE);
		assert_int_equal(head.bytes, rows[i].bytes.len);
		assert_int_equal(head.status, rows[i].status);
		assert_true(text_is(head.reason, rows[i].reason) || (rows[i].reason[0] == '\0' && head.reason.len == 0));
		assert_int_equal(head.keep_alive, rows[i].keep_alive);
	}
}

static void tokens_are_those_of_rfc_9110(void **state)
{
	static const char tchar[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	(void)state;
	for (int byte = 0; byte < 256; byte++)
		assert_int_equal(h1_is_token_byte((char)byte), byte != 0 && strchr(tchar, byte) != NULL);
	assert_true(h1_is_token(TEXT("M-SEARCH")));
	assert_false(h1_is_token(TEXT("")));
	assert_false(h1_is_token(TEXT("a b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_requests_are_refused_however_they_are_cut),
		cmocka_unit_test(good_requests_are_read_however_they_are_cut),
		cmocka_unit_test(what_follows_a_head_is_not_part_of_it),
		cmocka_unit_test(header_values_lose_only_the_white_space_around_them),
		cmocka_unit_test(upgrade_counts_only_where_connection_lists_it),
		cmocka_unit_test(expectation_counts_only_in_http_1_1),
		cmocka_unit_test(heads_past_the_cap_are_431),
		cmocka_unit_test(targets_past_the_cap_are_414),
		cmocka_unit_test(headers_past_128_are_431),
		cmocka_unit_test(who_may_send_longer_heads_may_send_more_headers),
		cmocka_unit_test(what_one_cap_refuses_for_its_headers_a_larger_one_takes),
		cmocka_unit_test(bad_answers_are_refused_however_they_are_cut),
		cmocka_unit_test(good_answers_are_read_however_they_are_cut),
		cmocka_unit_test(tokens_are_those_of_rfc_9110),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
