/* SPDX-License-Identifier: Apache-2.0 */
/* The agent behind every proxy of the bench: as little work as an HTTP server can do, so that what is seen is the proxy.
   Any path not named in PATHS gets the small answer, once the request's body is read. It is no example of strict parsing. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/mem.h"
#include "base/options.h"
#include "net/listen_socket.h"

#define HEAD_BYTES  4096
#define SMALL_BYTES 128
#define LARGE_BYTES (1 << 20)
#define MAX_FD      65536
#define MAX_EVENTS  256
#define WHEEL_SLOTS 16384 /* milliseconds: the longest interval of events */

enum doing { READS, WRITES, STREAMS, IS_SILENT };

struct connection {
	int fd;
	enum doing doing;
	size_t head_len;   /* of a head that is not complete yet */
	int64_t body_left; /* of the request, to be read away */
	const char *rest;  /* of the answer, WRITES */
	size_t rest_len;
	int interval_ms;                /* STREAMS */
	struct connection *next, *prev; /* in its slot of the wheel */
	char head[HEAD_BYTES];
};

struct settings {
	const char *listen;
};

static const struct option options[] = {
	{ .name = "listen",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, listen),
		.fallback = "127.0.0.1:0",
		.sentence =
			"where the proxies come; / and any path: 128 bytes; /large: 1 MiB; /events/MS: an event every MS ms that "
			"carries the monotonic time in ns; /silent: no answer; /counts: what is held open" },
};

static struct connection *connections[MAX_FD];
static struct connection wheel[WHEEL_SLOTS]; /* heads of rings */
static int wheel_at;
static int epoll_fd, listen_fd, tick_fd;
static int open_count, silent_count, stream_count;
static char read_bytes[65536];
static char small_answer[SMALL_BYTES + 256], *large_answer;
static size_t small_len, large_len;

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static size_t make_answer(char *at, size_t body_len)
{
	int len = sprintf(at, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", body_len);

	memset(at + len, 'x', body_len);
	return (size_t)len + body_len;
}

static void tick_every_ms(bool is_on)
{
	struct timespec period = { .tv_nsec = is_on ? 1000000 : 0 };

	(void)timerfd_settime(tick_fd, 0, &(struct itimerspec){ .it_interval = period, .it_value = period }, NULL);
}

static void wheel_remove(struct connection *connection)
{
	connection->next->prev = connection->prev;
	connection->prev->next = connection->next;
}

static void wheel_add(struct connection *connection)
{
	struct connection *slot = &wheel[(wheel_at + connection->interval_ms) % WHEEL_SLOTS];

	connection->next = slot;
	connection->prev = slot->prev;
	slot->prev->next = connection;
	slot->prev = connection;
}

static void end_connection(struct connection *connection)
{
	if (connection->doing == STREAMS) {
		wheel_remove(connection);
		if (--stream_count == 0)
			tick_every_ms(false);
	}
	silent_count -= connection->doing == IS_SILENT;
	open_count--;
	connections[connection->fd] = NULL;
	(void)close(connection->fd);
	mem_release(connection);
}

static void watch(struct connection *connection, uint32_t events, int operation)
{
	(void)epoll_ctl(epoll_fd, operation, connection->fd, &(struct epoll_event){ .events = events, .data.fd = connection->fd });
}

/* false: the connection is gone. */
static bool write_rest(struct connection *connection)
{
	ssize_t written = send(connection->fd, connection->rest, connection->rest_len, MSG_NOSIGNAL);
	bool was_blocked = connection->doing == WRITES;

	if (written == -1 && errno != EAGAIN) {
		end_connection(connection);
		return false;
	}
	if (written > 0) {
		connection->rest += written;
		connection->rest_len -= (size_t)written;
	}
	connection->doing = connection->rest_len > 0 ? WRITES : READS;
	if (was_blocked != (connection->doing == WRITES))
		watch(connection, connection->doing == WRITES ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
	return true;
}

static bool answer_with(struct connection *connection, const char *bytes, size_t len)
{
	connection->rest = bytes;
	connection->rest_len = len;
	return write_rest(connection);
}

static bool answer_counts(struct connection *connection)
{
	static char answer[256];
	char body[128];
	int len = sprintf(body, "{\"connections\": %d, \"silent\": %d, \"streams\": %d}\n", open_count, silent_count, stream_count);

	len = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len, body);
	return answer_with(connection, answer, (size_t)len);
}

static bool send_event(struct connection *connection)
{
	char chunk[64];
	int len = sprintf(chunk, "1b\r\ndata: %019lld\n\n\r\n", (long long)now_ns());

	ssize_t sent = send(connection->fd, chunk, (size_t)len, MSG_NOSIGNAL);
	if (sent == len || (sent == -1 && errno == EAGAIN))
		return true; /* a reader that does not keep up misses one */
	end_connection(connection);
	return false;
}

static bool begin_stream(struct connection *connection, int interval_ms)
{
	static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";

	if (!answer_with(connection, HEAD, sizeof(HEAD) - 1))
		return false;
	connection->doing = STREAMS;
	connection->interval_ms = interval_ms < 1 ? 1 : interval_ms >= WHEEL_SLOTS ? WHEEL_SLOTS - 1 : interval_ms;
	wheel_add(connection);
	if (stream_count++ == 0)
		tick_every_ms(true);
	return send_event(connection);
}

static bool answer(struct connection *connection)
{
	const char *path = strchr(connection->head, ' ');

	path = path == NULL ? "" : path + 1;
	if (strncmp(path, "/large ", 7) == 0)
		return answer_with(connection, large_answer, large_len);
	if (strncmp(path, "/events/", 8) == 0)
		return begin_stream(connection, (int)strtol(path + 8, NULL, 10));
	if (strncmp(path, "/counts ", 8) == 0)
		return answer_counts(connection);
	if (strncmp(path, "/silent ", 8) == 0) {
		connection->doing = IS_SILENT;
		silent_count++;
		return true;
	}
	return answer_with(connection, small_answer, small_len);
}

static int64_t content_length(const char *head)
{
	const char *line = strcasestr(head, "\r\ncontent-length:");

	return line == NULL ? 0 : strtoll(line + 17, NULL, 10);
}

/* Bytes of a request. One is answered before the next comes: no proxy here pipelines. false: the connection is gone. */
static bool take(struct connection *connection, const char *bytes, size_t len)
{
	if (connection->body_left == 0) {
		size_t room = HEAD_BYTES - 1 - connection->head_len, copied = len < room ? len : room;
		size_t before = connection->head_len;

		memcpy(connection->head + before, bytes, copied);
		connection->head_len += copied;
		connection->head[connection->head_len] = '\0';
		const char *end = strstr(connection->head, "\r\n\r\n");
		if (end == NULL && connection->head_len < HEAD_BYTES - 1)
			return true;
		if (end == NULL) {
			end_connection(connection);
			return false;
		}
		size_t used = (size_t)(end + 4 - connection->head) - before;
		connection->body_left = content_length(connection->head);
		connection->head_len = 0;
		len -= used;
		if (connection->body_left == 0)
			return answer(connection);
	}
	connection->body_left -= (int64_t)len;
	if (connection->body_left > 0)
		return true;
	connection->body_left = 0;
	return answer(connection);
}

static void on_ready(struct connection *connection, uint32_t events)
{
	if (connection->doing == WRITES) {
		(void)write_rest(connection);
		return;
	}
	ssize_t len = recv(connection->fd, read_bytes, sizeof(read_bytes), 0);
	if (len > 0 && connection->doing == READS)
		(void)take(connection, read_bytes, (size_t)len);
	else if (len == 0 || (len == -1 && errno != EAGAIN) || (events & EPOLLERR) != 0)
		end_connection(connection);
}

static void accept_all(void)
{
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1)
			return;
		if (fd >= MAX_FD) {
			(void)close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		connections[fd] = mem_alloc(sizeof(struct connection));
		connections[fd]->fd = fd;
		open_count++;
		watch(connections[fd], EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void on_tick(void)
{
	uint64_t ticks;

	if (read(tick_fd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	for (; ticks > 0; ticks--) {
		wheel_at = (wheel_at + 1) % WHEEL_SLOTS;
		struct connection *slot = &wheel[wheel_at];
		while (slot->next != slot) {
			struct connection *connection = slot->next;

			wheel_remove(connection);
			wheel_add(connection);
			(void)send_event(connection);
		}
	}
}

static void make_answers(void)
{
	small_len = make_answer(small_answer, SMALL_BYTES);
	large_answer = mem_alloc(LARGE_BYTES + 256);
	large_len = make_answer(large_answer, LARGE_BYTES);
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		wheel[i].next = wheel[i].prev = &wheel[i];
}

static void serve(void)
{
	struct epoll_event events[MAX_EVENTS];

	for (;;) {
		int count = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listen_fd)
				accept_all();
			else if (fd == tick_fd)
				on_tick();
			else if (connections[fd] != NULL)
				on_ready(connections[fd], events[i].events);
		}
	}
}

int main(int argc, char **argv)
{
	struct settings settings = { 0 };
	struct err err = { 0 };

	daemon_setup("backend", LOG_LEVEL_INFO);
	switch (options_parse(
		options, ARRAY_LEN(options), &settings, "backend", "0", "answers the proxies of the bench", argc, argv, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse("backend", &err);
	case OPTIONS_RUN: break;
	}
	listen_fd = listen_socket_open(settings.listen, &err);
	if (listen_fd == -1)
		return daemon_refuse("backend", &err);
	make_answers();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	(void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = listen_fd });
	(void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, tick_fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = tick_fd });
	printf("listening on %d\n", (int)listen_socket_port(listen_fd));
	(void)fflush(stdout);
	serve();
	return 0;
}
