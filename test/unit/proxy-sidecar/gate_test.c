/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy-sidecar/gate.h"

#include <stdio.h>
#include <string.h>

#include "test/unit/base/test.h"

static struct h1_head head_of(const char *bytes)
{
	static struct h1_head head;
	const char *why;
	int status;

	if (strncmp(bytes, "HTTP/", 5) == 0)
		assert_int_equal(h1_head_parse_answer(text_of(bytes), 65536, &head, &why), H1_DONE);
	else
		assert_int_equal(h1_head_parse_request(text_of(bytes), 65536, 16384, &head, &status, &why), H1_DONE);
	return head;
}

static void requests_are_admitted_up_to_the_concurrency(void **state)
{
	struct gate gate = { .concurrency = 2 };

	(void)state;
	gate_enter(&gate, GATE_REQUEST);
	assert_int_equal(gate_admit(&gate, true, GATE_REQUEST, 0), GATE_ADMIT);
	gate_enter(&gate, GATE_REQUEST);
	assert_int_equal(gate_admit(&gate, true, GATE_REQUEST, 0), GATE_OVER_CAPACITY);
	assert_int_equal(gate_admit(&gate, false, GATE_REQUEST, 0), GATE_OVER_CAPACITY);
	gate_leave(&gate, GATE_REQUEST);
	assert_int_equal(gate_admit(&gate, true, GATE_REQUEST, 0), GATE_ADMIT);
}

static void idle_streams_do_not_block_requests_and_have_a_cap_of_their_own(void **state)
{
	struct gate gate = { .concurrency = 1 };

	(void)state;
	for (int i = 0; i < GATE_STREAMS_PER_SLOT; i++) {
		assert_int_equal(gate_admit(&gate, true, GATE_STREAM, 0), GATE_ADMIT);
		gate_enter(&gate, GATE_STREAM);
	}
	assert_int_equal(gate_admit(&gate, true, GATE_STREAM, 0), GATE_OVER_CAPACITY);
	assert_int_equal(gate_admit(&gate, true, GATE_REQUEST, 0), GATE_ADMIT);
}

static void a_draining_gate_shuts_gateways_out_at_once_and_the_service_after_its_grace(void **state)
{
	struct gate gate = { .concurrency = 1, .state = GATE_DRAINING, .closed_ms = 1000 };

	(void)state;
	assert_int_equal(gate_admit(&gate, true, GATE_REQUEST, 1000), GATE_SHUT);
	assert_int_equal(gate_admit(&gate, false, GATE_REQUEST, 1000 + GATE_SERVICE_GRACE_MS - 1), GATE_ADMIT);
	assert_int_equal(gate_admit(&gate, false, GATE_REQUEST, 1000 + GATE_SERVICE_GRACE_MS), GATE_SHUT);
}

static void a_retired_gate_goes_on_serving_the_service(void **state)
{
	struct gate gate = { .concurrency = 1, .state = GATE_RETIRED, .closed_ms = 1000 };

	(void)state;
	assert_int_equal(gate_admit(&gate, true, GATE_REQUEST, 100000), GATE_SHUT);
	assert_int_equal(gate_admit(&gate, false, GATE_REQUEST, 100000), GATE_ADMIT);
}

static void a_drain_is_over_when_nothing_runs_and_the_grace_has_passed(void **state)
{
	struct gate gate = { .concurrency = 2, .state = GATE_DRAINING, .closed_ms = 1000, .requests = 1 };

	(void)state;
	assert_false(gate_is_drained(&gate, 1000 + GATE_SERVICE_GRACE_MS));
	gate_leave(&gate, GATE_REQUEST);
	assert_false(gate_is_drained(&gate, 1000 + GATE_SERVICE_GRACE_MS - 1));
	assert_true(gate_is_drained(&gate, 1000 + GATE_SERVICE_GRACE_MS));
	gate.streams = 1;
	assert_false(gate_is_drained(&gate, 1000 + GATE_SERVICE_GRACE_MS));
}

static void only_a_listening_get_of_an_mcp_agent_is_a_stream(void **state)
{
	struct h1_head listening = head_of("GET /mcp HTTP/1.1\r\nHost: x\r\nAccept: application/json, text/event-stream\r\n\r\n");
	struct h1_head posting = head_of(
		"POST /mcp HTTP/1.1\r\nHost: x\r\nAccept: application/json, text/event-stream\r\nContent-Length: 0\r\n\r\n");
	struct h1_head streamed = head_of("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n");
	struct h1_head refused =
		head_of("HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n");

	(void)state;
	assert_int_equal(gate_class_of_request(true, &listening), GATE_STREAM);
	assert_int_equal(gate_class_of_request(false, &listening), GATE_REQUEST);
	assert_int_equal(gate_class_of_request(true, &posting), GATE_REQUEST);
	assert_int_equal(gate_class_of_answer(true, &listening, &streamed), GATE_STREAM);
	assert_int_equal(gate_class_of_answer(true, &posting, &streamed), GATE_REQUEST);
	assert_int_equal(gate_class_of_answer(false, &listening, &streamed), GATE_REQUEST);
	assert_int_equal(gate_class_of_answer(true, &listening, &refused), GATE_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_admitted_up_to_the_concurrency),
		cmocka_unit_test(idle_streams_do_not_block_requests_and_have_a_cap_of_their_own),
		cmocka_unit_test(a_draining_gate_shuts_gateways_out_at_once_and_the_service_after_its_grace),
		cmocka_unit_test(a_retired_gate_goes_on_serving_the_service),
		cmocka_unit_test(a_drain_is_over_when_nothing_runs_and_the_grace_has_passed),
		cmocka_unit_test(only_a_listening_get_of_an_mcp_agent_is_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
