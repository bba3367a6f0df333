/* SPDX-License-Identifier: Apache-2.0 */
/* wake.h — what the gateway writes: one replica for an agent that sleeps, and when it was last invoked. */
#ifndef KRYPTON_GATEWAY_WAKE_H
#define KRYPTON_GATEWAY_WAKE_H

struct route;
struct wake;

/* Belongs to its route. */
struct wake *wake_new(struct route *route);
void wake_free(struct wake **wake);
/* One status patch {desiredReplicas: 1, lastInvocationAt: now} however many wait; on a conflict the Agent is read again, and
   patched again only while it still sleeps. Does nothing while one is under way. */
void wake_start(struct wake *wake);
/* An invocation began: it is told by lastInvocationAt, as last_invocation.h says when. */
void wake_note_invocation(struct wake *wake);

#endif
