/* SPDX-License-Identifier: Apache-2.0 */
/* comment_turn.h — pure: who gets comments while it waits in a line (spec.waitKeepAlive), and when. */
#ifndef KRYPTON_GATEWAY_COMMENT_TURN_H
#define KRYPTON_GATEWAY_COMMENT_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "net/h1_head.h"

/*
 * A GET or POST whose Accept names text/event-stream and nothing else: its caller can take no other answer, so nothing is lost with
 * the answer's own head. One of a page (Origin) only where the gateway says itself who may read answers, as that is in the head
 * too.
 */
bool comment_turn_suits(const struct h1_head *head, bool answers_pages);

/* The next comment behind now_ms: one interval after the arrival, then each interval, whatever happened in between. */
int64_t comment_turn_next_ms(int64_t interval_ms, int64_t arrived_ms, int64_t now_ms);

#endif
