/* SPDX-License-Identifier: Apache-2.0 */
/* dial.h — does somebody accept connections there? One TCP connection, closed as soon as it stands. */
#ifndef KRYPTON_PROXY_SIDECAR_DIAL_H
#define KRYPTON_PROXY_SIDECAR_DIAL_H

#include <stdint.h>

#include "net/address.h"

struct loop;
struct dial;

/* on_done comes once, from the loop, with 0 or an errno; the dial is gone after it. Never NULL. */
struct dial *dial_start(
	struct loop *loop, const struct address *address, int64_t timeout_ms, void (*on_done)(void *arg, int error), void *arg);
/* on_done is not called any more. NULL is fine. */
void dial_cancel(struct dial **dial);

#endif
