/* SPDX-License-Identifier: Apache-2.0 */
/* Where bodies end: each row whole, byte by byte, and cut in two at every byte. */
#include "net/h1_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void body_start(struct h1_body *body, bool is_chunked, int64_t length)
{
	struct h1_head head = { .is_chunked = is_chunked, .content_length = length };
	h1_body_of_request(body, &head);
}

/* Feeds bytes in pieces that end at `cut` and then one by one or whole; returns bytes taken, or -1. */
static int64_t feed(struct h1_body *body, struct text bytes, size_t cut, size_t piece)
{
	size_t at = 0;
	while (at < bytes.len && !body->done) {
		size_t len = at < cut ? cut - at : bytes.len - at;
		if (len > piece)
			len = piece;
		int64_t taken = h1_body_take(body, (struct text){ bytes.at + at, len });
		if (taken < 0)
			return -1;
		assert_true((size_t)taken == len || body->done);
		at += (size_t)taken;
	}
	return (int64_t)at;
}

static void check_all_cuts(struct text bytes, bool is_chunked, int64_t length, int64_t taken, bool is_done, int64_t payload)
{
	for (size_t cut = 0; cut <= bytes.len + 1; cut++) {
		struct h1_body body;
		body_start(&body, is_chunked, length);
		size_t piece = cut > bytes.len ? 1 : bytes.len + 1;
		assert_int_equal(feed(&body, bytes, cut, piece), taken);
		if (taken < 0) {
			assert_int_equal(h1_body_take(&body, bytes), -1);
			continue;
		}
		assert_int_equal(body.done, is_done);
		assert_int_equal(body.payload, payload);
	}
}

static void chunked_bodies_end_behind_their_last_empty_line(void **state)
{
	(void)state;
	static const struct {
		struct text bytes;
		int64_t taken;
		bool is_done;
		int64_t payload;
	} rows[] = {
		{ TEXT("0\r\n\r\n"), 5, true, 0 },
		{ TEXT("0\r\n\r\nGET / HTTP/1.1\r\n"), 5, true, 0 },
		{ TEXT("3\r\nabc\r\n0\r\n\r\n"), 13, true, 3 },
		{ TEXT("3\r\nabc\r\n0\r\n\r"), 12, false, 3 },
		{ TEXT("003;a;b=c ; d=\"e\\\"; f\"\r\na\r\n\r\n000\r\n\r\n"), 36, true, 3 },
		{ TEXT("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\n"), 45, true, 20 },
		{ TEXT("0\r\nHos: y\r\nHosts:\r\nT: e\r\nContent-Length_: 1\r\n\r\n"), 47, true, 0 },
		{ TEXT("1 ; x\r\na\r\n0;y\r\n\r\n"), 17, true, 1 },
		{ TEXT("1;x = y\r\na\r\n0\r\n\r\n"), 17, true, 1 },
		{ TEXT("ff"), 2, false, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_all_cuts(rows[i].bytes, true, -1, rows[i].taken, rows[i].is_done, rows[i].payload);
}

static void malformed_chunks_are_refused_however_they_are_cut(void **state)
{
	(void)state;
	static const struct text rows[] = {
		TEXT("\r\n\r\n"),
		TEXT(";a\r\n"),
		TEXT("g\r\n"),
		TEXT("0x3\r\nabc\r\n"),
		TEXT("-1\r\n"),
		TEXT("+1\r\na"),
		TEXT(" 1\r\na"),
		TEXT("1 \r\na"),
		TEXT("1\na\r\n0\r\n\r\n"),
		TEXT("1\r\na\n0\r\n\r\n"),
		TEXT("1\r\nab\r\n0\r\n\r\n"),
		TEXT("1\r\na0\r\n\r\n"),
		TEXT("1\rxa"),
		TEXT("1;\r\na"),
		TEXT("1;a=\r\nb"),
		TEXT("1;a=\"b\r\nc\"\r\n"),
		TEXT("1;a\nb\r\n"),
		TEXT("1;a=b\"c\"\r\n"),
		TEXT("1;\0\r\n"),
		TEXT("ffffffffffffffff\r\n"),
		TEXT("0000000000000000\r\n"),
		TEXT("0\r\n\n"),
		TEXT("0\r\n\rX"),
		TEXT("0\r\nX\r\n\r\n"),
		TEXT("0\r\n X: y\r\n\r\n"),
		TEXT("0\r\nX : y\r\n\r\n"),
		TEXT("0\r\nX: y\n\r\n"),
		TEXT("0\r\nX: \0\r\n\r\n"),
		TEXT("0\r\nX: y\r\n z\r\n\r\n"),
		TEXT("0\r\n: y\r\n\r\n"),
		TEXT("0\r\nContent-Length: 3\r\n\r\n"),
		TEXT("0\r\nX: y\r\ntransfer-ENCODING: chunked\r\n\r\n"),
		TEXT("0\r\nHost:\r\n\r\n"),
		TEXT("0\r\nTE: x\r\n\r\n"),
		TEXT("0\r\nTrailer: x\r\n\r\n"),
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("# row %zu\n", i);
		check_all_cuts(rows[i], true, -1, -1, false, 0);
	}
}

static void bodies_of_a_length_end_with_their_last_byte(void **state)
{
	(void)state;
	check_all_cuts(TEXT("abcdef"), false, 3, 3, true, 3);
	check_all_cuts(TEXT("ab"), false, 3, 2, false, 2);
	check_all_cuts(TEXT("ab"), false, 0, 0, true, 0);
	check_all_cuts(TEXT("ab"), false, -1, 0, true, 0);
}

static void chunk_lines_and_trailers_are_bounded(void **state)
{
	(void)state;
	static char room[20000];
	int len = snprintf(room, sizeof(room), "1;%0*d\r\na\r\n0\r\n\r\n", 1100, 0);
	struct h1_body body;
	body_start(&body, true, -1);
	assert_int_equal(h1_body_take(&body, (struct text){ room, (size_t)len }), -1);
	len = snprintf(room, sizeof(room), "0\r\nX: %0*d\r\n\r\n", 17000, 0);
	body_start(&body, true, -1);
	assert_int_equal(h1_body_take(&body, (struct text){ room, (size_t)len }), -1);
}

static void payload_comes_without_its_framing(void **state)
{
	(void)state;
	struct text bytes = TEXT("3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\nrest");
	for (size_t piece = 1; piece <= bytes.len; piece++) {
		struct h1_body body;
		struct buf out;
		buf_init(&out, 100);
		body_start(&body, true, -1);
		for (size_t at = 0; at < bytes.len && !body.done;) {
			struct text payload;
			size_t len = bytes.len - at < piece ? bytes.len - at : piece;
			int64_t taken = h1_body_next(&body, (struct text){ bytes.at + at, len }, &payload);
			assert_true(taken > 0);
			assert_int_equal(buf_append_text(&out, payload), 0);
			at += (size_t)taken;
		}
		assert_true(text_is(buf_text(&out), "abcde"));
		buf_fini(&out);
	}
}

static void answers_have_the_body_that_status_and_method_allow(void **state)
{
	(void)state;
	static const struct {
		const char *method;
		int status;
		bool is_chunked;
		int64_t length;
		enum h1_body_kind kind;
		bool is_done;
	} rows[] = {
		{ "GET", 200, false, 5, H1_BODY_LENGTH, false },
		{ "GET", 200, false, 0, H1_BODY_LENGTH, true },
		{ "GET", 200, true, -1, H1_BODY_CHUNKED, false },
		{ "GET", 200, false, -1, H1_BODY_UNTIL_CLOSE, false },
		{ "HEAD", 200, false, 5, H1_BODY_NONE, true },
		{ "HEAD", 200, true, -1, H1_BODY_NONE, true },
		{ "GET", 204, false, -1, H1_BODY_NONE, true },
		{ "GET", 304, false, 5, H1_BODY_NONE, true },
		{ "GET", 103, false, -1, H1_BODY_NONE, true },
		{ "GET", 205, false, 0, H1_BODY_LENGTH, true },
		{ "head", 200, false, 5, H1_BODY_LENGTH, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct h1_head head = {
			.status = rows[i].status, .is_chunked = rows[i].is_chunked, .content_length = rows[i].length
		};
		struct h1_body body;
		h1_body_of_answer(&body, &head, text_of(rows[i].method));
		assert_int_equal(body.kind, rows[i].kind);
		assert_int_equal(body.done, rows[i].is_done);
	}
}

static void only_a_body_until_close_may_end_so(void **state)
{
	(void)state;
	struct h1_body body = { .kind = H1_BODY_UNTIL_CLOSE };
	assert_int_equal(h1_body_take(&body, TEXT("abc")), 3);
	assert_true(h1_body_ends_at_close(&body));
	body_start(&body, false, 3);
	assert_int_equal(h1_body_take(&body, TEXT("ab")), 2);
	assert_false(h1_body_ends_at_close(&body));
	body_start(&body, true, -1);
	assert_int_equal(h1_body_take(&body, TEXT("1\r\na\r\n")), 6);
	assert_false(h1_body_ends_at_close(&body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunked_bodies_end_behind_their_last_empty_line),
		cmocka_unit_test(malformed_chunks_are_refused_however_they_are_cut),
		cmocka_unit_test(bodies_of_a_length_end_with_their_last_byte),
		cmocka_unit_test(chunk_lines_and_trailers_are_bounded),
		cmocka_unit_test(payload_comes_without_its_framing),
		cmocka_unit_test(answers_have_the_body_that_status_and_method_allow),
		cmocka_unit_test(only_a_body_until_close_may_end_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
