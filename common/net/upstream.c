/* SPDX-License-Identifier: Apache-2.0 */
/* net/upstream.c — a peer and its connections. Dials, keeps idle ones last in first out, closes those the peer closes; what is
   said on a connection is the exchange's matter. */
#include "net/upstream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/channel.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_IDLE_TIMEOUT_MS    30000
#define DEFAULT_REUSE_UNSAFE_MS    1000
#define DEFAULT_MAX_IDLE           1024

#define CHANNEL_STATES(X)                                       \
	X(DIALING) /* connect() is under way */                 \
	X(LENT)    /* an exchange speaks on it */               \
	X(IDLE)    /* in the pool: any byte or end closes it */ \
	X(CLOSED)  /* freed at the end of this iteration */

enum channel_state {
#define X(name) CHANNEL_##name,
	CHANNEL_STATES(X)
#undef X
};

/* Owned by the upstream while idle, by its exchange otherwise. */
struct channel {
	struct upstream *upstream; /* referenced until it is closed */
	struct stream stream;
	enum channel_state state;
	bool is_reused;
	int failure; /* errno of the dial; 0: none; ETIMEDOUT also for our own deadline */
	int64_t idle_since_ms;
	struct channel *next, *previous; /* in the pool */
	struct deadline deadline;
	struct channel_owner owner;
};

struct upstream {
	struct upstream_options options;
	struct engine *engine;
	int references;
	int inflight;
	int idle_count;
	bool is_retired;
	struct channel *newest; /* of the idle ones */
};

static bool is_allowed(enum channel_state from, enum channel_state to)
{
	switch (from) {
	case CHANNEL_DIALING: return to == CHANNEL_LENT || to == CHANNEL_CLOSED;
	case CHANNEL_LENT: return to == CHANNEL_IDLE || to == CHANNEL_CLOSED;
	case CHANNEL_IDLE: return to == CHANNEL_LENT || to == CHANNEL_CLOSED;
	case CHANNEL_CLOSED: return false;
	}
	return false;
}

static void channel_enter(struct channel *channel, enum channel_state next)
{
	BUG_ON(!is_allowed(channel->state, next));
	channel->state = next;
}

static void pool_remove(struct channel *channel)
{
	if (channel->previous != NULL)
		channel->previous->next = channel->next;
	else
		channel->upstream->newest = channel->next;
	if (channel->next != NULL)
		channel->next->previous = channel->previous;
	channel->next = NULL;
	channel->previous = NULL;
	channel->upstream->idle_count--;
}

static void pool_add(struct channel *channel)
{
	struct upstream *upstream = channel->upstream;
	channel->next = upstream->newest;
	if (channel->next != NULL)
		channel->next->previous = channel;
	upstream->newest = channel;
	upstream->idle_count++;
}

static void release_memory(void *channel)
{
	mem_release(channel);
}

static void discard(struct channel *channel, bool resets)
{
	if (channel->state == CHANNEL_IDLE)
		pool_remove(channel);
	channel_enter(channel, CHANNEL_CLOSED);
	deadline_cancel(&channel->deadline);
	if (resets)
		stream_reset(&channel->stream);
	else
		stream_close(&channel->stream);
	struct upstream *upstream = channel->upstream;
	channel->upstream = NULL;
	loop_defer(upstream->engine->loop, release_memory, channel);
	upstream_unref(&upstream);
}

static void finish_dial(struct channel *channel, int failure)
{
	deadline_cancel(&channel->deadline);
	channel->failure = failure;
	channel_enter(channel, CHANNEL_LENT);
	stream_watch_read(&channel->stream, failure == 0);
	channel->owner.on_event(channel->owner.arg, failure == 0 ? CHANNEL_OPEN : CHANNEL_REFUSED);
}

static void on_connected(struct channel *channel)
{
	int failure = 0;
	socklen_t len = sizeof(failure);
	if (getsockopt(channel->stream.fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
		failure = errno;
	finish_dial(channel, failure);
}

static void on_ready(void *arg, int events)
{
	struct channel *channel = arg;
	switch (channel->state) {
	case CHANNEL_DIALING: on_connected(channel); break;
	case CHANNEL_LENT:
		if ((events & LOOP_WRITE) != 0)
			channel->owner.on_event(channel->owner.arg, CHANNEL_WRITABLE);
		if ((events & LOOP_READ) != 0 && channel->state == CHANNEL_LENT && stream_is_read(&channel->stream))
			channel->owner.on_event(channel->owner.arg, CHANNEL_READABLE);
		break;
	case CHANNEL_IDLE: discard(channel, false); break;
	case CHANNEL_CLOSED: break;
	}
}

static void on_due(void *arg)
{
	struct channel *channel = arg;
	int64_t due_ms = channel->idle_since_ms + channel->upstream->options.idle_timeout_ms;
	switch (channel->state) {
	case CHANNEL_DIALING: finish_dial(channel, ETIMEDOUT); break;
	case CHANNEL_IDLE:
		if (engine_now_ms(channel->upstream->engine) >= due_ms)
			discard(channel, false);
		else
			deadline_set(&channel->deadline, due_ms);
		break;
	case CHANNEL_LENT:
	case CHANNEL_CLOSED: break;
	}
}

static bool is_fresh(const struct channel *channel)
{
	const struct upstream *upstream = channel->upstream;
	return engine_now_ms(upstream->engine) - channel->idle_since_ms < upstream->options.reuse_unsafe_ms &&
		stream_is_quiet(&channel->stream);
}

struct channel *channel_take(struct upstream *upstream, bool is_safe_to_repeat, struct channel_owner owner)
{
	struct channel *channel = upstream->newest;
	if (channel == NULL || (!is_safe_to_repeat && !is_fresh(channel)))
		return NULL;
	pool_remove(channel);
	channel_enter(channel, CHANNEL_LENT);
	channel->owner = owner;
	channel->is_reused = true;
	return channel;
}

static int dial(const struct address *address)
{
	int one = 1, fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&address->storage, address->len) == 0 || errno == EINPROGRESS)
		return fd;
	int failure = errno;
	(void)close(fd);
	errno = failure;
	return -1;
}

struct channel *channel_dial(struct upstream *upstream, struct channel_owner owner)
{
	int fd = dial(&upstream->options.address);
	if (fd < 0)
		return NULL;
	struct channel *channel = mem_alloc(sizeof(*channel));
	channel->upstream = upstream_ref(upstream);
	channel->owner = owner;
	channel->state = CHANNEL_DIALING;
	stream_open(&channel->stream, upstream->engine, fd, on_ready, channel);
	stream_watch_connect(&channel->stream);
	deadline_init(&channel->deadline, upstream->engine->sweep, on_due, channel);
	deadline_set(&channel->deadline, engine_now_ms(upstream->engine) + upstream->options.connect_timeout_ms);
	return channel;
}

void channel_give_back(struct channel **channel)
{
	struct channel *kept = *channel;
	struct upstream *upstream = kept->upstream;
	*channel = NULL;
	if (upstream->is_retired || upstream->idle_count >= upstream->options.max_idle) {
		discard(kept, false);
		return;
	}
	channel_enter(kept, CHANNEL_IDLE);
	kept->owner = (struct channel_owner){ NULL, NULL };
	kept->idle_since_ms = engine_now_ms(upstream->engine);
	pool_add(kept);
	stream_watch_read(&kept->stream, true);
	deadline_set(&kept->deadline, kept->idle_since_ms + upstream->options.idle_timeout_ms);
}

void channel_close(struct channel **channel)
{
	if (*channel != NULL)
		discard(*channel, false);
	*channel = NULL;
}

void channel_reset(struct channel **channel)
{
	if (*channel != NULL)
		discard(*channel, true);
	*channel = NULL;
}

struct stream *channel_stream(struct channel *channel)
{
	return &channel->stream;
}

bool channel_is_reused(const struct channel *channel)
{
	return channel->is_reused;
}

/* The words people search for, which are Go's. */
void channel_failure_of(int error, char *out, size_t out_bytes)
{
	char reason[64];
	if (error == ETIMEDOUT) {
		(void)snprintf(out, out_bytes, "i/o timeout");
		return;
	}
	(void)snprintf(reason, sizeof(reason), "%s", strerror(error));
	if (reason[0] >= 'A' && reason[0] <= 'Z')
		reason[0] = (char)(reason[0] - 'A' + 'a');
	(void)snprintf(out, out_bytes, "connect: %s", reason);
}

bool channel_is_timed_out(const struct channel *channel)
{
	return channel->failure == ETIMEDOUT;
}

void channel_failure(const struct channel *channel, char *out, size_t out_bytes)
{
	channel_failure_of(channel->failure, out, out_bytes);
}

struct upstream *upstream_new(struct loop *loop, const struct upstream_options *options)
{
	struct upstream *upstream = mem_alloc(sizeof(*upstream));
	upstream->options = *options;
	if (upstream->options.connect_timeout_ms <= 0)
		upstream->options.connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
	if (upstream->options.idle_timeout_ms <= 0)
		upstream->options.idle_timeout_ms = DEFAULT_IDLE_TIMEOUT_MS;
	if (upstream->options.reuse_unsafe_ms == 0)
		upstream->options.reuse_unsafe_ms = DEFAULT_REUSE_UNSAFE_MS;
	if (upstream->options.max_idle <= 0)
		upstream->options.max_idle = DEFAULT_MAX_IDLE;
	upstream->engine = engine_get(loop);
	upstream->references = 1;
	return upstream;
}

struct upstream *upstream_ref(struct upstream *upstream)
{
	upstream->references++;
	return upstream;
}

/* Idle channels hold references too: what is left when only they do belongs to nobody. */
void upstream_unref(struct upstream **upstream)
{
	struct upstream *released = *upstream;
	*upstream = NULL;
	if (released == NULL)
		return;
	BUG_ON(released->references <= 0);
	released->references--;
	if (released->references > 0 && released->references == released->idle_count && !released->is_retired)
		upstream_retire(released);
	else if (released->references == 0) {
		engine_release(&released->engine);
		mem_release(released);
	}
}

void upstream_retire(struct upstream *upstream)
{
	upstream->is_retired = true;
	upstream->references++;
	while (upstream->newest != NULL)
		discard(upstream->newest, false);
	upstream_unref(&upstream);
}

int upstream_inflight(const struct upstream *upstream)
{
	return upstream->inflight;
}

const struct address *upstream_address(const struct upstream *upstream)
{
	return &upstream->options.address;
}

struct engine *upstream_engine(struct upstream *upstream)
{
	return upstream->engine;
}

void upstream_count(struct upstream *upstream, int change)
{
	upstream->inflight += change;
}
