/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/refusal.h"

#include <string.h>

#include "test/unit/base/test.h"

static void every_refusal_has_the_status_of_the_contract(void **state)
{
	static const struct {
		enum refusal refusal;
		int status;
	} rows[] = {
		{ REFUSAL_BAD_HOST, 421 },
		{ REFUSAL_BAD_ORIGIN, 403 },
		{ REFUSAL_BAD_PATH, 400 },
		{ REFUSAL_NO_AGENT, 404 },
		{ REFUSAL_START_TIMEOUT, 504 },
		{ REFUSAL_BUFFER_FULL, 503 },
		{ REFUSAL_QUEUE_TIMEOUT, 503 },
		{ REFUSAL_UNREACHABLE, 502 },
		{ REFUSAL_CLOSED, 502 },
		{ REFUSAL_BAD_ANSWER, 502 },
		{ REFUSAL_FIRST_BYTE_LATE, 504 },
		{ REFUSAL_STARTING, 503 },
		{ REFUSAL_NO_EVENTS, 0 },
	};

	(void)state;
	assert_int_equal(ARRAY_LEN(rows), REFUSALS);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(refusal_status(rows[i].refusal), rows[i].status);
		assert_true(strlen(refusal_reason(rows[i].refusal)) > 0);
		scoped_buf headers;

		buf_init(&headers, 64);
		assert_int_equal(refusal_headers(rows[i].refusal, 7, &headers), 0);
		assert_string_equal(buf_terminated(&headers), rows[i].status == 503 ? "Retry-After: 7\r\n" : "");
	}
}

static void a_long_detail_is_cut_and_the_rest_is_told(void **state)
{
	static char detail[32768];
	scoped_buf body;

	(void)state;
	memset(detail, '\x01', sizeof(detail) - 1);
	buf_init(&body, REFUSAL_MAX_BYTES);
	assert_int_equal(refusal_format(REFUSAL_START_TIMEOUT,
				 &(struct refusal_facts){
					 .name_space = "default", .name = "hello", .reason = "PodsForbidden", .detail = detail },
				 &body),
		0);
	assert_non_null(strstr(
		buf_terminated(&body), "\"reason\": \"PodsForbidden\", \"hint\": \"kubectl -n default describe agent hello"));
}

static void the_body_names_the_agent_the_reason_and_the_next_step(void **state)
{
	scoped_buf body;

	(void)state;
	buf_init(&body, 4096);
	assert_int_equal(
		refusal_format(REFUSAL_START_TIMEOUT,
			&(struct refusal_facts){
				.name_space = "default", .name = "hello", .reason = "PortMismatch", .detail = "listens on 9000" },
			&body),
		0);
	assert_non_null(strstr(
		buf_terminated(&body), "\"agent default/hello: none of the agent's pods became ready in time: listens on 9000\""));
	assert_non_null(strstr(buf_terminated(&body), "\"PortMismatch\""));
	assert_non_null(strstr(buf_terminated(&body), "\"hint\": \"kubectl -n default describe agent hello says"));
}

static void the_body_of_an_event_tells_the_status(void **state)
{
	scoped_buf body;

	(void)state;
	buf_init(&body, 4096);
	assert_int_equal(refusal_format(REFUSAL_NO_EVENTS,
				 &(struct refusal_facts){ .name_space = "default",
					 .name = "hello",
					 .event_status = 404,
					 .detail = "it answered 404, text/html" },
				 &body),
		0);
	assert_ptr_equal(
		strstr(buf_terminated(&body), "{\"status\": 404, \"error\": \"agent default/hello: "), buf_terminated(&body));
	assert_non_null(strstr(buf_terminated(&body), "it answered 404, text/html\", \"reason\": \"AgentNoEventStream\""));
}

static void a_timed_out_start_names_the_closest_known_cause(void **state)
{
	static const struct {
		const char *condition, *sidecar, *told;
	} rows[] = {
		{ "AgentNotListening", "PortMismatch", "PortMismatch" },
		{ "Starting", "AgentNotListening", "AgentNotListening" },
		{ "ImagePullFailed", "AgentNotListening",
			"ImagePullFailed" }, /* the proxy runs before the agent's image is there */
		{ "CrashLoop", "AgentNotListening", "CrashLoop" },
		{ "Unschedulable", "", "Unschedulable" },
		{ NULL, "AgentNotListening", "AgentNotListening" }, /* nobody has told the condition yet */
		{ NULL, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *told = refusal_start_reason(rows[i].condition, rows[i].sidecar);

		assert_true(rows[i].told == NULL ? told == NULL : told != NULL && strcmp(told, rows[i].told) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_the_status_of_the_contract),
		cmocka_unit_test(a_long_detail_is_cut_and_the_rest_is_told),
		cmocka_unit_test(the_body_names_the_agent_the_reason_and_the_next_step),
		cmocka_unit_test(the_body_of_an_event_tells_the_status),
		cmocka_unit_test(a_timed_out_start_names_the_closest_known_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
