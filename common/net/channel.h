/* SPDX-License-Identifier: Apache-2.0 */
/* net/channel.h — one connection to an upstream: dialled, lent to one exchange at a time, or idle in the upstream's pool.
   For the exchange's rooms alone; daemons see net/upstream.h. */
#ifndef KRYPTON_NET_CHANNEL_H
#define KRYPTON_NET_CHANNEL_H

#include <stdbool.h>

#include "net/stream.h"
#include "net/upstream.h"

struct channel;

enum channel_event {
	CHANNEL_OPEN,    /* dialled */
	CHANNEL_REFUSED, /* the dial failed or timed out: channel_failure() */
	CHANNEL_READABLE,
	CHANNEL_WRITABLE, /* what was kept may be flushed */
};

/* Whom a lent channel calls. It may be closed or given back from within. */
struct channel_owner {
	void (*on_event)(void *arg, enum channel_event event);
	void *arg;
};

/* An idle connection, last in first out, or NULL. Where the request must not be sent twice: only one idle for less than
   reuse_unsafe_ms which the peer has not closed by now. */
struct channel *channel_take(struct upstream *upstream, bool is_safe_to_repeat, struct channel_owner owner);
/* NULL where the dial failed at once (errno). Else CHANNEL_OPEN or CHANNEL_REFUSED follows, never before this returns. */
struct channel *channel_dial(struct upstream *upstream, struct channel_owner owner);
/* Back into the pool, or closed where the upstream keeps no more. Sets *channel = NULL. */
void channel_give_back(struct channel **channel);
void channel_close(struct channel **channel); /* NULL is fine */
void channel_reset(struct channel **channel);

struct stream *channel_stream(struct channel *channel);
bool channel_is_reused(const struct channel *channel);
bool channel_is_timed_out(const struct channel *channel); /* the dial */
/* "connect: connection refused" or "i/o timeout", as Go's dialer says it. */
void channel_failure(const struct channel *channel, char *out, size_t out_bytes);
void channel_failure_of(int error, char *out, size_t out_bytes);

struct engine *upstream_engine(struct upstream *upstream);
void upstream_count(struct upstream *upstream, int change); /* of exchanges in flight */

#endif
