/* SPDX-License-Identifier: Apache-2.0 */
/* A client sends one request to a gateway that its load balancer believes in, waits as long as it likes, and remembers the answer.
 */
#include "test/explore/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "krypton/ports.h"
#include "test/explore/agenda.h"
#include "test/explore/deployment.h"
#include "test/explore/gateways.h"
#include "test/explore/invariants.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"
#include "test/explore/wire.h"

#define DIAL_TIMEOUT_MS 3000
#define LOAD_FROM_MS    1500
#define MARK            "X-Request: "

static struct request requests[MAX_REQUESTS];
static int count;

void request_reset(void)
{
	count = 0;
}

struct request *request_at(int index)
{
	return index < count ? &requests[index] : NULL;
}

struct request *request_of_head(struct text head)
{
	const char *mark = memmem(head.at, head.len, MARK, strlen(MARK));

	return mark != NULL ? request_at((int)strtol(mark + strlen(MARK), NULL, 10)) : NULL;
}

int request_count_waiting(int gateway, int agent)
{
	int waiting = 0;

	for (int i = 0; i < count; i++)
		waiting += requests[i].state == REQUEST_UNDER_WAY && requests[i].gateway == gateway && requests[i].agent == agent &&
			!requests[i].is_running && requests[i].status == 0;
	return waiting;
}

bool request_all_over(void)
{
	for (int i = 0; i < count; i++) {
		if (requests[i].state == REQUEST_TO_COME || requests[i].state == REQUEST_UNDER_WAY)
			return false;
	}
	return true;
}

int64_t request_last_end_ms(int agent)
{
	int64_t last_ms = 0;

	for (int i = 0; i < count; i++) {
		if (requests[i].agent == agent && requests[i].ended_ms > last_ms)
			last_ms = requests[i].ended_ms;
	}
	return last_ms;
}

void request_close_all(void)
{
	for (int i = 0; i < count; i++) {
		agenda_drop(&requests[i].leaving);
		wire_close(&requests[i].wire);
	}
}

bool request_worked_between(int agent, int64_t from_ms, int64_t to_ms)
{
	for (int i = 0; i < count; i++) {
		const struct request *request = &requests[i];

		if (request->agent == agent && !request->by_service &&
			((request->worked_ms > from_ms && request->worked_ms < to_ms) ||
				(request->began_ms > from_ms && request->began_ms < to_ms)))
			return true;
	}
	return false;
}

static void end(struct request *request, enum request_state state)
{
	request->state = state;
	request->ended_ms = agenda_now_ms();
	agenda_drop(&request->leaving);
	invariants_judge(request);
}

static void on_answer(void *arg, struct text head, struct text body)
{
	struct request *request = arg;
	const char *reason = body.len > 0 ? memmem(body.at, body.len, "\"reason\"", 8) : NULL;

	request->status = (int)strtol(head.at + strlen("HTTP/1.1 "), NULL, 10);
	if (reason != NULL) {
		const char *from = strchr(reason + 8, '"');
		const char *to = from != NULL ? strchr(from + 1, '"') : NULL;

		if (to != NULL)
			(void)snprintf(request->reason, sizeof(request->reason), "%.*s", (int)(to - from - 1), from + 1);
	}
	story_tell("request %d gets %d %s after %" PRId64 " ms", request->id, request->status, request->reason,
		agenda_now_ms() - request->sent_ms);
}

static void on_end(void *arg, bool is_whole)
{
	struct request *request = arg;

	request->wire = NULL;
	request->is_whole = is_whole;
	if (!is_whole)
		story_tell("the answer to request %d breaks off", request->id);
	end(request, REQUEST_ANSWERED);
}

static void on_failure(void *arg, enum wire_failure failure)
{
	struct request *request = arg;

	request->wire = NULL;
	story_tell("request %d: the gateway cannot be reached (%d)", request->id, (int)failure);
	end(request, failure == WIRE_BROKEN ? REQUEST_ANSWERED : REQUEST_UNSENT);
}

static void on_leaving(void *arg)
{
	struct request *request = arg;

	request->leaving = NULL;
	story_tell("the client of request %d leaves", request->id);
	wire_close(&request->wire);
	end(request, REQUEST_LEFT);
}

static bool find_address(struct request *request, const char **ret_ip, uint16_t *ret_port)
{
	if (request->by_service) {
		*ret_ip = deployment_service_ip(request->agent);
		*ret_port = PORT_PROXY;
		request->gateway = BY_SERVICE;
	} else {
		*ret_ip = gateways_pick(&request->gateway, &request->gateway_since_ms);
		*ret_port = PORT_GATEWAY;
	}
	return *ret_ip != NULL;
}

static void come(void *arg)
{
	static const struct wire_reader reader = { on_answer, on_end, on_failure };
	struct request *request = arg;
	const char *ip;
	uint16_t port;
	char text[320], path[64] = "/";

	request->leaving = NULL;
	request->sent_ms = agenda_now_ms();
	request->state = REQUEST_UNDER_WAY;
	if (!find_address(request, &ip, &port)) {
		end(request, REQUEST_UNSENT);
		return;
	}
	if (!request->by_service)
		(void)snprintf(path, sizeof(path), "/v1/agents/default/agent-%d", request->agent);
	(void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: agents\r\n" MARK "%d\r\n%s\r\n",
		request->is_get ? "GET" : "POST", path, request->id, request->is_stream ? "Accept: text/event-stream\r\n" : "");
	story_tell("request %d for agent-%d comes to %s: %s%s, %" PRId64 " ms of work", request->id, request->agent,
		request->by_service ? "a pod by the Service" : gateways_name(request->gateway), request->is_get ? "GET" : "POST",
		request->is_stream ? " of events" : "", request->duration_ms);
	request->found_line_full =
		!request->by_service && request_count_waiting(request->gateway, request->agent) > settings_get()->max_buffer;
	request->wire = wire_open(NULL, ip, port, DIAL_TIMEOUT_MS, text, &reader, request);
	if (request->leaves_after_ms > 0)
		request->leaving = agenda_in(request->leaves_after_ms, on_leaving, request);
}

static void make(int64_t at_ms)
{
	const struct settings *settings = settings_get();
	struct request *request = &requests[count];

	if (count == MAX_REQUESTS)
		return;
	*request = (struct request){ .id = count, .agent = (int)choice_between(0, settings->agents - 1) };
	count++;
	request->is_get = choice_between(0, 999) < settings->reading;
	request->is_stream = request->is_get && settings->of[request->agent].is_mcp;
	request->by_service = choice_between(0, 999) < settings->by_service;
	request->first_byte_ms = choice_delay_ms(&settings->first_byte);
	request->duration_ms = request->first_byte_ms + choice_delay_ms(&settings->duration);
	if (choice_between(0, 999) < settings->leaving)
		request->leaves_after_ms = choice_between(1, 5000);
	request->leaving = agenda_in(at_ms, come, request);
}

/* Some come alone, some in bursts. */
void request_plan_all(void)
{
	const struct settings *settings = settings_get();

	while (count < settings->requests) {
		int64_t at_ms = choice_between(LOAD_FROM_MS, LOAD_FROM_MS + settings->load_ms);
		int burst = choice_between(0, 3) == 0 ? (int)choice_between(1, 12) : 1;

		for (int i = 0; i < burst && count < settings->requests; i++)
			make(at_ms + choice_between(0, 20));
	}
}
