/* SPDX-License-Identifier: Apache-2.0 */
/* net/listen_socket.h — a TCP socket that listens, from an address as flags give it. */
#ifndef KRYPTON_NET_LISTEN_SOCKET_H
#define KRYPTON_NET_LISTEN_SOCKET_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"

/* The descriptor (non-blocking, close-on-exec), yours; -1 with an error that begins with the address. ":8080" takes IPv4 and IPv6,
   or IPv4 alone where the kernel has no IPv6. */
int listen_socket_open(const char *address, struct err *err) must_check;
/* The port it is bound to: the real one where 0 was asked for. */
uint16_t listen_socket_port(int fd);

#endif
