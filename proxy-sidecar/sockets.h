/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.h — pure: which TCP ports somebody listens on, out of /proc/net/tcp and tcp6 (proc(5)). */
#ifndef KRYPTON_PROXY_SIDECAR_SOCKETS_H
#define KRYPTON_PROXY_SIDECAR_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define SOCKETS_MAX_PORTS 16

struct sockets_ports {
	uint16_t ports[SOCKETS_MAX_PORTS]; /* ascending, each once */
	size_t count;
};

/* Adds the listening ports of one table's text. Ports past the bound are left out: it is a hint for people. */
void sockets_add_listening(struct text table, struct sockets_ports *ports);

#endif
