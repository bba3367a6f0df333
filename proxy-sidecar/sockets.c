/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Reads the kernel's socket tables: "  0: 00000000:1F90 00000000:0000 0A …", state 0A is LISTEN. */
#include "proxy-sidecar/sockets.h"

#include <string.h>

static struct text next_word(struct text *line)
{
	struct text word = { 0 };

	while (line->len > 0 && word.len == 0)
		word = text_cut(line, ' ');
	return word;
}

/* The four hexadecimal digits behind the last colon; 0: malformed. */
static uint16_t port_of(struct text local)
{
	unsigned port = 0;

	if (local.len < 5 || local.at[local.len - 5] != ':')
		return 0;
	for (size_t i = local.len - 4; i < local.len; i++) {
		static const char DIGITS[] = "0123456789ABCDEF";
		const char *digit = memchr(DIGITS, local.at[i], sizeof(DIGITS) - 1);

		if (digit == NULL)
			return 0;
		port = port * 16 + (unsigned)(digit - DIGITS);
	}
	return (uint16_t)port;
}

static void add_port(struct sockets_ports *ports, uint16_t port)
{
	size_t at = 0;

	while (at < ports->count && ports->ports[at] < port)
		at++;
	if (port == 0 || ports->count == SOCKETS_MAX_PORTS || (at < ports->count && ports->ports[at] == port))
		return;
	memmove(&ports->ports[at + 1], &ports->ports[at], (ports->count - at) * sizeof(ports->ports[0]));
	ports->ports[at] = port;
	ports->count++;
}

void sockets_add_listening(struct text table, struct sockets_ports *ports)
{
	while (table.len > 0) {
		struct text line = text_cut(&table, '\n');
		struct text local, state;

		(void)next_word(&line);
		local = next_word(&line);
		(void)next_word(&line);
		state = next_word(&line);
		if (text_is(state, "0A"))
			add_port(ports, port_of(local));
	}
}
