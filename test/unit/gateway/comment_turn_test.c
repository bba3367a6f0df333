/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/comment_turn.h"

#include <stdio.h>

#include "base/attributes.h"
#include "test/unit/base/test.h"

static void who_can_take_no_other_answer_gets_comments(void **state)
{
	static const struct {
		const char *method, *lines;
		bool answers_pages, suits;
	} rows[] = {
		{ "GET", "Accept: text/event-stream\r\n", false, true },
		{ "POST", "accept: text/event-stream; charset=utf-8\r\n", false, true },
		{ "POST", "Accept: application/json, text/event-stream\r\n", false, false }, /* as MCP clients say it */
		{ "GET", "Accept: */*\r\n", false, false },
		{ "GET", "", false, false },
		{ "HEAD", "Accept: text/event-stream\r\n", false, false },
		{ "PUT", "Accept: text/event-stream\r\n", false, false },
		{ "GET", "Accept: text/event-stream\r\nOrigin: https://app.example\r\n", false, false },
		{ "GET", "Accept: text/event-stream\r\nOrigin: https://app.example\r\n", true, true },
	};
	struct h1_head head;
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why = NULL;
		int status = 0;

		(void)snprintf(bytes, sizeof(bytes), "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].method, rows[i].lines);
		assert_int_equal(h1_head_parse_request(text_of(bytes), 4096, 1024, &head, &status, &why), H1_DONE);
		assert_int_equal(comment_turn_suits(&head, rows[i].answers_pages), rows[i].suits);
	}
}

static void comments_come_an_interval_after_the_arrival_and_then_each_interval(void **state)
{
	static const struct {
		int64_t interval_ms, arrived_ms, now_ms, next_ms;
	} rows[] = {
		{ 15000, 1000, 1000, 16000 },
		{ 15000, 1000, 1001, 16000 },
		{ 15000, 1000, 15999, 16000 },
		{ 15000, 1000, 16000, 31000 },  /* it has just been sent */
		{ 15000, 1000, 16003, 31000 },  /* a late one puts off no other */
		{ 15000, 1000, 99000, 106000 }, /* it was at a pod meanwhile */
		{ 1000, 0, 0, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(comment_turn_next_ms(rows[i].interval_ms, rows[i].arrived_ms, rows[i].now_ms), rows[i].next_ms);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_can_take_no_other_answer_gets_comments),
		cmocka_unit_test(comments_come_an_interval_after_the_arrival_and_then_each_interval),
	};

	return cmocka_run_group_tests_name("gateway/comment_turn", tests, NULL, NULL);
}
