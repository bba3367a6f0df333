/* SPDX-License-Identifier: Apache-2.0 */
/* pure. The sidecar's admission: a cap on requests, one of its own on event streams, and a door that shuts in two steps. */
#include "proxy-sidecar/gate.h"

#include "net/h1_headers.h"

enum gate_verdict gate_admit(const struct gate *gate, bool by_gateway, enum gate_class as, int64_t now_ms)
{
	bool is_shut = gate->state != GATE_OPEN &&
		(by_gateway || (gate->state == GATE_DRAINING && now_ms - gate->closed_ms >= GATE_SERVICE_GRACE_MS));

	if (is_shut)
		return GATE_SHUT;
	if (as == GATE_STREAM)
		return gate->streams < gate->concurrency * GATE_STREAMS_PER_SLOT ? GATE_ADMIT : GATE_OVER_CAPACITY;
	return gate->requests < gate->concurrency ? GATE_ADMIT : GATE_OVER_CAPACITY;
}

enum gate_class gate_class_of_request(bool agent_is_mcp, const struct h1_head *request)
{
	bool listens = agent_is_mcp && text_is(request->method, "GET") && h1_headers_lists(request, "Accept", "text/event-stream");

	return listens ? GATE_STREAM : GATE_REQUEST;
}

enum gate_class gate_class_of_answer(bool agent_is_mcp, const struct h1_head *request, const struct h1_head *answer)
{
	bool listens =
		agent_is_mcp && text_is(request->method, "GET") && answer->status == 200 && h1_headers_is_event_stream(answer);

	return listens ? GATE_STREAM : GATE_REQUEST;
}

void gate_enter(struct gate *gate, enum gate_class as)
{
	if (as == GATE_STREAM)
		gate->streams++;
	else
		gate->requests++;
}

void gate_leave(struct gate *gate, enum gate_class as)
{
	int *count = as == GATE_STREAM ? &gate->streams : &gate->requests;

	BUG_ON(*count <= 0);
	(*count)--;
}

bool gate_is_drained(const struct gate *gate, int64_t now_ms)
{
	return gate->state == GATE_DRAINING && gate->requests == 0 && gate->streams == 0 &&
		now_ms - gate->closed_ms >= GATE_SERVICE_GRACE_MS;
}
