/* SPDX-License-Identifier: Apache-2.0 */
/* One timer for each request that waits so, and none for any other. From the first comment on the client has its 200: what goes
   wrong later is an event. */
#include "gateway/keep_alive.h"

#include <stdio.h>

#include "base/loop.h"
#include "gateway/comment_turn.h"
#include "gateway/gateway.h"
#include "gateway/invocation.h"

#define COMMENT_BYTES    256 /* two names of 63 bytes */
#define CORS_EXTRA_BYTES 4096

static void plan_next(struct invocation *invocation)
{
	int64_t now_ms = loop_now_ms(invocation->gateway->loop);

	loop_timer_set(invocation->keep_alive,
		comment_turn_next_ms(invocation->route->agent->wait_keep_alive_ms, invocation->arrived_ms, now_ms) - now_ms);
}

static void open_events(struct invocation *invocation)
{
	scoped_buf extra;

	buf_init(&extra, CORS_EXTRA_BYTES);
	if (invocation->origin.at != NULL)
		(void)!origin_append_answer(invocation->origin, &extra);
	else if (invocation->gateway->options->allowed_origins.is_set)
		(void)!buf_append_terminated(&extra, "Vary: Origin\r\n");
	exchange_open_events(invocation->exchange, buf_text(&extra));
}

static void on_due(void *arg)
{
	struct invocation *invocation = arg;
	const struct route *route = invocation->route;
	char words[COMMENT_BYTES];

	if (!invocation->is_waiting || route->agent == NULL || route->agent->wait_keep_alive_ms == 0)
		return;
	if (exchange_can_open_events(invocation->exchange))
		open_events(invocation);
	(void)snprintf(words, sizeof(words), "waiting for a pod of %s/%s", route->name_space, route->name);
	exchange_comment(invocation->exchange, text_of(words));
	plan_next(invocation);
}

void keep_alive_start(struct invocation *invocation)
{
	const struct agent *agent = invocation->route->agent;

	if (!invocation->is_waiting || agent == NULL || agent->wait_keep_alive_ms == 0)
		return;
	if (invocation->keep_alive == NULL) {
		if (!comment_turn_suits(exchange_head(invocation->exchange), invocation->gateway->options->allowed_origins.is_set))
			return;
		invocation->keep_alive = loop_timer_new(invocation->gateway->loop, on_due, invocation);
	}
	plan_next(invocation);
}

void keep_alive_end(struct invocation *invocation)
{
	loop_timer_free(&invocation->keep_alive);
}
