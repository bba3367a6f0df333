/* SPDX-License-Identifier: Apache-2.0 */
/* The least that understands the answers of the bench's backend through any proxy. It is no example of strict parsing. */
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static char read_bytes[262144];

int client_open(struct client *client, const struct address *peer, int epoll_fd)
{
	int fd = socket(peer->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (connect(fd, (const struct sockaddr *)&peer->storage, peer->len) == -1 && errno != EINPROGRESS) {
		(void)close(fd);
		return -1;
	}
	*client = (struct client){ .fd = fd, .state = CLIENT_IDLE };
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.ptr = client });
}

void client_close(struct client *client)
{
	if (client->state == CLIENT_CLOSED)
		return;
	(void)close(client->fd);
	client->state = CLIENT_CLOSED;
}

static enum client_result broke(struct client *client)
{
	client_close(client);
	return CLIENT_BROKE;
}

static void watch_writable(struct client *client, int epoll_fd, bool is_on)
{
	if (client->waits_to_write == is_on)
		return;
	client->waits_to_write = is_on;
	(void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, client->fd,
		&(struct epoll_event){ .events = is_on ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = client });
}

static enum client_result send_rest(struct client *client, struct text request, int epoll_fd)
{
	ssize_t sent = send(client->fd, request.at + client->sent, request.len - client->sent, MSG_NOSIGNAL);

	if (sent == -1 && errno != EAGAIN && errno != ENOTCONN)
		return broke(client);
	client->sent += sent > 0 ? (size_t)sent : 0;
	watch_writable(client, epoll_fd, client->sent < request.len);
	if (client->sent == request.len)
		client->state = CLIENT_WAITS;
	return CLIENT_NOTHING;
}

enum client_result client_ask(struct client *client, struct text request, int epoll_fd)
{
	client->state = CLIENT_ASKS;
	client->sent = client->head_len = 0;
	client->in_body = client->is_chunked = client->was_refused = false;
	return send_rest(client, request, epoll_fd);
}

static void read_head(struct client *client)
{
	const char *length = strcasestr(client->head, "\r\ncontent-length:");

	client->was_refused = strncmp(client->head, "HTTP/1.1 200", 12) != 0;
	client->is_stream = strcasestr(client->head, "text/event-stream") != NULL;
	client->is_chunked = length == NULL;
	client->body_left = length == NULL ? -1 : strtoll(length + 17, NULL, 10);
	client->in_body = true;
}

/* A chunked answer that is no stream ends with the last chunk's bytes: none here has them elsewhere. */
static bool is_last_chunk(struct text body)
{
	return body.len >= 5 && memcmp(body.at + body.len - 5, "0\r\n\r\n", 5) == 0;
}

static enum client_result take_body(struct client *client, struct text body, struct text *ret_bytes)
{
	if (client->is_stream && !client->was_refused) {
		*ret_bytes = body;
		return CLIENT_EVENTS;
	}
	if (!client->is_chunked)
		client->body_left -= (int64_t)body.len;
	if (client->is_chunked ? !is_last_chunk(body) : client->body_left > 0)
		return CLIENT_NOTHING;
	client->state = CLIENT_IDLE;
	return client->was_refused ? CLIENT_REFUSED : CLIENT_ANSWERED;
}

static enum client_result take(struct client *client, struct text bytes, struct text *ret_bytes)
{
	if (client->in_body)
		return take_body(client, bytes, ret_bytes);
	size_t before = client->head_len, room = CLIENT_HEAD_BYTES - 1 - before, copied = bytes.len < room ? bytes.len : room;

	memcpy(client->head + before, bytes.at, copied);
	client->head_len += copied;
	client->head[client->head_len] = '\0';
	const char *end = strstr(client->head, "\r\n\r\n");
	if (end == NULL)
		return client->head_len == CLIENT_HEAD_BYTES - 1 ? broke(client) : CLIENT_NOTHING;
	size_t used = (size_t)(end + 4 - client->head) - before;
	read_head(client);
	return take_body(client, (struct text){ bytes.at + used, bytes.len - used }, ret_bytes);
}

enum client_result client_ready(struct client *client, struct text request, int epoll_fd, struct text *ret_bytes)
{
	enum client_result result = CLIENT_NOTHING;

	if (client->state == CLIENT_ASKS && client->waits_to_write)
		result = send_rest(client, request, epoll_fd);
	if (client->state == CLIENT_CLOSED)
		return result;
	ssize_t len = recv(client->fd, read_bytes, sizeof(read_bytes), 0);
	if (len == -1 && errno == EAGAIN)
		return CLIENT_NOTHING;
	if (len <= 0)
		return broke(client);
	return take(client, (struct text){ read_bytes, (size_t)len }, ret_bytes);
}

bool client_take_event(struct client *client, struct text *bytes, int64_t *ret_number)
{
	static const char PREFIX[] = "data: ";
	const int prefix_len = (int)sizeof(PREFIX) - 1;

	while (bytes->len > 0) {
		char letter = *bytes->at;

		bytes->at++;
		bytes->len--;
		if (client->event_matched == prefix_len) {
			if (letter >= '0' && letter <= '9') {
				client->event_number = client->event_number * 10 + (letter - '0');
				continue;
			}
			client->event_matched = 0;
			*ret_number = client->event_number;
			return true;
		}
		client->event_matched = letter == PREFIX[client->event_matched] ? client->event_matched + 1 : letter == 'd';
		client->event_number = 0;
	}
	return false;
}
