/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked list through the invocations themselves: a client that leaves takes its place out at once. */
#include "gateway/line.h"

#include "base/attributes.h"
#include "gateway/invocation.h"

void line_push_back(struct line *line, struct invocation *invocation)
{
	BUG_ON(invocation->is_waiting);
	invocation->is_waiting = true;
	invocation->next = NULL;
	invocation->prev = line->last;
	*(line->last != NULL ? &line->last->next : &line->first) = invocation;
	line->last = invocation;
	line->count++;
}

void line_push_front(struct line *line, struct invocation *invocation)
{
	BUG_ON(invocation->is_waiting);
	invocation->is_waiting = true;
	invocation->prev = NULL;
	invocation->next = line->first;
	*(line->first != NULL ? &line->first->prev : &line->last) = invocation;
	line->first = invocation;
	line->count++;
}

void line_remove(struct line *line, struct invocation *invocation)
{
	if (!invocation->is_waiting)
		return;
	invocation->is_waiting = false;
	*(invocation->prev != NULL ? &invocation->prev->next : &line->first) = invocation->next;
	*(invocation->next != NULL ? &invocation->next->prev : &line->last) = invocation->prev;
	invocation->next = invocation->prev = NULL;
	line->count--;
}
