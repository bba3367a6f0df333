/* SPDX-License-Identifier: Apache-2.0 */
/* line.h — the requests that wait for one agent, first come first served. */
#ifndef KRYPTON_GATEWAY_LINE_H
#define KRYPTON_GATEWAY_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct invocation;

/* Embedded. Links are in struct invocation; the bound is its caller's. */
struct line {
	struct invocation *first, *last;
	size_t count;
};

void line_push_back(struct line *line, struct invocation *invocation);
/* It had its turn already and came back: it goes on first. */
void line_push_front(struct line *line, struct invocation *invocation);
void line_remove(struct line *line, struct invocation *invocation); /* fine where it does not wait */

#endif
