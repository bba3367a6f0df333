/* SPDX-License-Identifier: Apache-2.0 */
/* net/stream.h — a connected socket on the loop: written at once, what it does not take is kept; read when its owner wants. */
#ifndef KRYPTON_NET_STREAM_H
#define KRYPTON_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/text.h"
#include "net/engine.h"

struct loop_io;

/* Embedded. */
struct stream {
	struct engine *engine;
	struct loop_io *io;
	int fd;            /* -1: closed */
	int events;        /* what is watched */
	struct buf unsent; /* has a block only while the peer is slow */
};

#define STREAM_END     0  /* the peer sent FIN */
#define STREAM_NOTHING -1 /* not now */
#define STREAM_BROKEN  -2 /* reset; errno says how */

/* Takes over fd, which must be non-blocking. on_ready gets LOOP_READ, LOOP_WRITE. Nothing is watched at first. */
void stream_open(struct stream *stream, struct engine *engine, int fd, void (*on_ready)(void *arg, int events), void *arg);
void stream_close(struct stream *stream); /* what is unsent is dropped; closed before is fine */
void stream_reset(struct stream *stream); /* the peer sees a reset instead of an end */
bool stream_is_open(const struct stream *stream);

/* -1: the connection is broken (errno). Otherwise all is written or kept; */
int stream_send(struct stream *stream, struct text bytes) must_check;
/* The same for two runs in one call; *ret_written (NULL: not asked) bytes went out at once. */
int stream_send_two(struct stream *stream, struct text first, struct text second, size_t *ret_written) must_check;
int stream_flush(struct stream *stream) must_check; /* when it is ready to be written */
bool stream_is_full(const struct stream *stream);   /* something is kept: its source should pause */

void stream_watch_read(struct stream *stream, bool wants);
void stream_watch_connect(struct stream *stream); /* until the first stream_watch_read() */
bool stream_is_read(const struct stream *stream);
/* At most max_bytes into the engine's read buffer: how many, or one of the above. */
ssize_t stream_receive(struct stream *stream, size_t max_bytes, struct text *ret_bytes) must_check;

/* Has the peer closed or reset, even behind bytes that nobody has read? A system call. */
bool stream_peer_left(const struct stream *stream);
/* Is nothing there to be read, not even an end? A system call. */
bool stream_is_quiet(const struct stream *stream);
void stream_shut_write(struct stream *stream);

#endif
