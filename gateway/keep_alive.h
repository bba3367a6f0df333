/* SPDX-License-Identifier: Apache-2.0 */
/* keep_alive.h — comments to those who wait in a line for an event stream, where their agent wants that (spec.waitKeepAlive). */
#ifndef KRYPTON_GATEWAY_KEEP_ALIVE_H
#define KRYPTON_GATEWAY_KEEP_ALIVE_H

struct invocation;

/* It waits in the line of its route. Comments come until it does no more; again after it came back. */
void keep_alive_start(struct invocation *invocation);
void keep_alive_end(struct invocation *invocation); /* of the invocation */

#endif
