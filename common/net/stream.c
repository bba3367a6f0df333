/* SPDX-License-Identifier: Apache-2.0 */
/* net/stream.c — the socket calls of the data path and nothing of HTTP. One write a message in the good case; write readiness is
   watched only while something is kept. */
#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/loop.h"

/* More than a read and two heads is never kept, since sources pause; an answer of our own may be larger. */
#define MAX_UNSENT_BYTES (16 * 1024 * 1024)

static void set_events(struct stream *stream, int events)
{
	stream->events = events;
	loop_io_set(stream->io, events);
}

void stream_open(struct stream *stream, struct engine *engine, int fd, void (*on_ready)(void *arg, int events), void *arg)
{
	*stream = (struct stream){ .engine = engine, .fd = fd };
	buf_init(&stream->unsent, MAX_UNSENT_BYTES);
	stream->io = loop_io_new(engine->loop, fd, on_ready, arg);
}

void stream_close(struct stream *stream)
{
	if (stream->fd == -1)
		return;
	loop_io_free(&stream->io);
	(void)close(stream->fd);
	stream->fd = -1;
	stream->events = 0;
	buf_fini(&stream->unsent);
}

void stream_reset(struct stream *stream)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	if (stream->fd != -1)
		(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	stream_close(stream);
}

bool stream_is_open(const struct stream *stream)
{
	return stream->fd != -1;
}

static int keep(struct stream *stream, struct text bytes)
{
	if (buf_append_text(&stream->unsent, bytes) < 0) {
		errno = ENOBUFS;
		return -1;
	}
	set_events(stream, stream->events | LOOP_WRITE);
	return 0;
}

/* Bytes written, 0 where the socket takes none now, -1 where it is broken. */
static ssize_t write_two(struct stream *stream, struct text first, struct text second)
{
	struct iovec parts[2] = {
		{ .iov_base = (void *)(uintptr_t)first.at, .iov_len = first.len },
		{ .iov_base = (void *)(uintptr_t)second.at, .iov_len = second.len },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = second.len > 0 ? 2 : 1 };
	for (;;) {
		ssize_t written = second.len > 0 ? sendmsg(stream->fd, &message, MSG_NOSIGNAL)
						 : send(stream->fd, first.at, first.len, MSG_NOSIGNAL);
		if (written >= 0)
			return written;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		if (errno != EINTR)
			return -1;
	}
}

int stream_send_two(struct stream *stream, struct text first, struct text second, size_t *ret_written)
{
	ssize_t written = 0;
	if (ret_written != NULL)
		*ret_written = 0;
	if (stream->fd == -1) {
		errno = EPIPE;
		return -1;
	}
	if (buf_len(&stream->unsent) == 0 && first.len + second.len > 0)
		written = write_two(stream, first, second);
	if (written < 0)
		return -1;
	size_t done = (size_t)written;
	if (ret_written != NULL)
		*ret_written = done;
	if (done < first.len && keep(stream, (struct text){ first.at + done, first.len - done }) < 0)
		return -1;
	done = done < first.len ? 0 : done - first.len;
	if (done < second.len)
		return keep(stream, (struct text){ second.at + done, second.len - done });
	return 0;
}

int stream_send(struct stream *stream, struct text bytes)
{
	return stream_send_two(stream, bytes, (struct text){ NULL, 0 }, NULL);
}

int stream_flush(struct stream *stream)
{
	if (buf_len(&stream->unsent) > 0) {
		ssize_t written = write_two(stream, buf_text(&stream->unsent), (struct text){ NULL, 0 });
		if (written < 0) {
			/* An error would wake us for ever: from here on only reading tells of it. */
			buf_fini(&stream->unsent);
			set_events(stream, stream->events & ~LOOP_WRITE);
			return -1;
		}
		buf_consume(&stream->unsent, (size_t)written);
	}
	if (buf_len(&stream->unsent) == 0) {
		buf_fini(&stream->unsent);
		set_events(stream, stream->events & ~LOOP_WRITE);
	}
	return 0;
}

bool stream_is_full(const struct stream *stream)
{
	return buf_len(&stream->unsent) > 0;
}

void stream_watch_read(struct stream *stream, bool wants)
{
	if (stream->fd == -1)
		return;
	int events = (wants ? LOOP_READ : 0) | (stream_is_full(stream) ? LOOP_WRITE : 0);
	if (events != stream->events)
		set_events(stream, events);
}

void stream_watch_connect(struct stream *stream)
{
	set_events(stream, LOOP_WRITE);
}

bool stream_is_read(const struct stream *stream)
{
	return (stream->events & LOOP_READ) != 0;
}

ssize_t stream_receive(struct stream *stream, size_t max_bytes, struct text *ret_bytes)
{
	char *room = stream->engine->read_bytes;
	if (max_bytes > ENGINE_READ_BYTES)
		max_bytes = ENGINE_READ_BYTES;
	ssize_t got;
	do
		got = recv(stream->fd, room, max_bytes, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? STREAM_NOTHING : STREAM_BROKEN;
	*ret_bytes = (struct text){ room, (size_t)got };
	return got;
}

bool stream_peer_left(const struct stream *stream)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	if (stream->fd == -1)
		return true;
	if (getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return false;
	return info.tcpi_state != TCP_ESTABLISHED && info.tcpi_state != TCP_FIN_WAIT1 && info.tcpi_state != TCP_FIN_WAIT2;
}

bool stream_is_quiet(const struct stream *stream)
{
	char byte;
	return recv(stream->fd, &byte, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void stream_shut_write(struct stream *stream)
{
	if (stream->fd != -1)
		(void)shutdown(stream->fd, SHUT_WR);
}
