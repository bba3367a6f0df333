/* SPDX-License-Identifier: Apache-2.0 */
/* GET /_krypton/inflight. A pod that does not answer is unknown, not idle: its last figures stay beside the mark. */
#include "scaler/sampling.h"

#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/call.h"

#define IDLE_PERIOD_MS   10000
#define TIMEOUT_MS       2000
#define ANSWER_MAX_BYTES 4096

static void on_answer(void *arg, const struct call_answer *answer)
{
	struct sampling *sampling = arg;
	struct err err = { 0 };
	scoped_json load = answer->status == 200 ? json_parse(answer->body, &err) : NULL;

	sampling->call = NULL;
	sampling->is_known = load != NULL && json_int_at(load, "/inflight", -1) >= 0;
	if (!sampling->is_known)
		return;
	sampling->inflight = json_int_at(load, "/inflight", 0);
	sampling->streams = json_int_at(load, "/streams", 0);
	sampling->last_activity_ms = json_int_at(load, "/lastActivity", 0) / 1000000;
	sampling->answered_ms = loop_now_ms(sampling->loop);
}

void sampling_ask(struct sampling *sampling)
{
	struct call_options options = { .method = "GET",
		.target = "/_krypton/inflight",
		.host = sampling->ip,
		.connect_timeout_ms = TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
		.arg = sampling,
		.on_done = on_answer };
	struct err err = { 0 };

	if (sampling->call != NULL || address_of_ip(text_of(sampling->ip), sampling->port, &options.address, &err) < 0)
		return;
	sampling->asked_ms = loop_now_ms(sampling->loop);
	sampling->call = call_start(sampling->loop, &options);
}

bool sampling_is_due(const struct sampling *sampling, int64_t now_ms)
{
	bool is_idle = sampling->is_known && sampling->inflight == 0 && sampling->streams == 0;

	return !is_idle || now_ms - sampling->asked_ms >= IDLE_PERIOD_MS;
}

struct sampling *sampling_new(struct loop *loop, const char *ip, uint16_t port)
{
	struct sampling *sampling = mem_alloc(sizeof(*sampling));

	sampling->loop = loop;
	sampling->port = port;
	(void)snprintf(sampling->ip, sizeof(sampling->ip), "%s", ip);
	return sampling;
}

void sampling_free(struct sampling **sampling)
{
	if (*sampling == NULL)
		return;
	call_cancel(&(*sampling)->call);
	mem_release(*sampling);
	*sampling = NULL;
}
