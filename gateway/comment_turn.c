/* SPDX-License-Identifier: Apache-2.0 */
/* pure. */
#include "gateway/comment_turn.h"

#include "net/h1_headers.h"

bool comment_turn_suits(const struct h1_head *head, bool answers_pages)
{
	if (!text_is(head->method, "GET") && !text_is(head->method, "POST"))
		return false;
	if (!answers_pages && h1_head_get(head, "Origin").at != NULL)
		return false;
	return h1_headers_lists_only(head, "Accept", "text/event-stream");
}

int64_t comment_turn_next_ms(int64_t interval_ms, int64_t arrived_ms, int64_t now_ms)
{
	return arrived_ms + ((now_ms - arrived_ms) / interval_ms + 1) * interval_ms;
}
