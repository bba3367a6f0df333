/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP socket that listens. What is done with its connections is other rooms' business. */
#include "net/listen_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

#define BACKLOG 1024

static void set_flag(int fd, int level, int name, int value)
{
	BUG_ON(setsockopt(fd, level, name, &value, sizeof(value)) == -1);
}

/* -1 with errno. */
static int open_bound(const struct address *address)
{
	int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (address->storage.ss_family == AF_INET6)
		set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(fd, (const struct sockaddr *)&address->storage, address->len) == -1 || listen(fd, BACKLOG) == -1) {
		int reason = errno;

		(void)close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

int listen_socket_open(const char *address, struct err *err)
{
	struct address name, v4;

	if (address_parse(text_of(address), &name, err) < 0)
		return -1;
	int fd = open_bound(&name);

	if (fd == -1 && address[0] == ':' && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		BUG_ON(address_of_ip(TEXT("0.0.0.0"), address_port(&name), &v4, err) < 0);
		fd = open_bound(&v4);
	}
	if (fd == -1)
		return err_set(err, errno == EACCES ? ERR_FORBIDDEN : ERR_CONFLICT, "%s: %s", address, strerror(errno));
	return fd;
}

uint16_t listen_socket_port(int fd)
{
	struct address name = { .len = sizeof(name.storage) };

	BUG_ON(getsockname(fd, (struct sockaddr *)&name.storage, &name.len) == -1);
	return address_port(&name);
}
