/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Socket addresses in numbers, read and written; never names: whoever has a name resolves it elsewhere, off the data path.
   IPv4 inside IPv6 (::ffff:10.0.0.1, what a dual-stack listener reports) is IPv4 everywhere here. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define V4_MAPPED_BITS 96 /* length of ::ffff:0:0/96, behind which an IPv4 address stands in 16 bytes */

/* The address in 16 bytes, IPv4 mapped. false: neither family. */
static bool address_bytes(const struct address *address, uint8_t out[16])
{
	if (address->storage.ss_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)&address->storage)->sin6_addr, 16);
		return true;
	}
	if (address->storage.ss_family != AF_INET)
		return false;
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, &((const struct sockaddr_in *)&address->storage)->sin_addr, 4);
	return true;
}

static bool bytes_are_v4(const uint8_t bytes[16])
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static void address_of_bytes(const uint8_t bytes[16], uint16_t port, struct address *out)
{
	*out = (struct address){ 0 };
	if (bytes_are_v4(bytes)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)&out->storage;

		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, bytes + 12, 4);
		out->len = sizeof(*v4);
		return;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->storage;

	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, bytes, 16);
	out->len = sizeof(*v6);
}

/* An IP in either notation to 16 bytes; zones ("%eth0") and names are none. */
static int ip_parse(struct text ip, uint8_t out[16])
{
	char terminated[INET6_ADDRSTRLEN];

	if (ip.len == 0 || ip.len >= sizeof(terminated) || memchr(ip.at, '\0', ip.len) != NULL)
		return -1;
	memcpy(terminated, ip.at, ip.len);
	terminated[ip.len] = '\0';
	if (inet_pton(AF_INET6, terminated, out) == 1)
		return 0;
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	return inet_pton(AF_INET, terminated, out + 12) == 1 ? 0 : -1;
}

/* Splits at the last colon outside brackets. */
static int split_port(struct text text, struct text *ret_host, struct text *ret_port)
{
	const char *colon = text.len == 0 ? NULL : memrchr(text.at, ':', text.len);

	if (colon == NULL)
		return -1;
	struct text host = { text.at, (size_t)(colon - text.at) };

	if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
		host = (struct text){ host.at + 1, host.len - 2 };
		if (host.len == 0 || memchr(host.at, ':', host.len) == NULL)
			return -1;
	} else if (host.len > 0 && memchr(host.at, ':', host.len) != NULL) {
		return -1; /* IPv6 needs brackets: without them the port cannot be told from the address */
	}
	*ret_host = host;
	*ret_port = (struct text){ colon + 1, (size_t)(text.at + text.len - (colon + 1)) };
	return 0;
}

static int range_parse(struct text item, uint8_t ret_bytes[16], int *ret_bits)
{
	struct text bits_text = item;
	struct text ip = text_cut(&bits_text, '/');
	uint8_t bytes[16];
	int64_t bits;

	if (ip_parse(ip, bytes) < 0)
		return -1;
	bool is_v4 = memchr(ip.at, ':', ip.len) == NULL;

	if (bits_text.at == NULL)
		bits = is_v4 ? 32 : 128;
	else if (text_to_int(bits_text, 0, is_v4 ? 32 : 128, &bits) < 0)
		return -1;
	memcpy(ret_bytes, bytes, 16);
	*ret_bits = (int)bits + (is_v4 ? V4_MAPPED_BITS : 0);
	return 0;
}

static bool prefix_equal(const uint8_t *a, const uint8_t *b, int bits)
{
	size_t whole = (size_t)bits / 8;
	int left = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return left == 0 || ((a[whole] ^ b[whole]) & (0xff00 >> left) & 0xff) == 0;
}

int address_parse(struct text text, struct address *ret_address, struct err *err)
{
	struct text host, port_text;
	uint8_t bytes[16] = { 0 }; /* "::": all addresses, of IPv4 too */
	int64_t port;

	if (split_port(text, &host, &port_text) < 0)
		return err_set(err, ERR_INVALID, "%.*s: no address with a port (as :8080, 10.0.0.1:8080 or [fd00::1]:8080)",
			TEXT_ARGS(text));
	if (text_to_int(port_text, 0, UINT16_MAX, &port) < 0)
		return err_set(err, ERR_INVALID, "%.*s: the port is no number from 0 to 65535", TEXT_ARGS(text));
	if (host.len > 0 && ip_parse(host, bytes) < 0)
		return err_set(err, ERR_INVALID, "%.*s: %.*s is no IP address", TEXT_ARGS(text), TEXT_ARGS(host));
	address_of_bytes(bytes, (uint16_t)port, ret_address);
	return 0;
}

int address_of_ip(struct text ip, uint16_t port, struct address *ret_address, struct err *err)
{
	uint8_t bytes[16];

	if (ip_parse(ip, bytes) < 0)
		return err_set(err, ERR_INVALID, "%.*s is no IP address", TEXT_ARGS(ip));
	address_of_bytes(bytes, port, ret_address);
	return 0;
}

/* Written for every request: inet_ntop() uses printf. */
static void format_v4(const uint8_t bytes[4], char *at)
{
	for (size_t i = 0; i < 4; i++) {
		at = text_put_int(at, bytes[i]);
		if (i < 3)
			*at++ = '.';
	}
}

void address_format_ip(const struct address *address, char out[ADDRESS_TEXT_BYTES])
{
	uint8_t bytes[16];

	if (!address_bytes(address, bytes))
		(void)snprintf(out, ADDRESS_TEXT_BYTES, "unknown");
	else if (bytes_are_v4(bytes))
		format_v4(bytes + 12, out);
	else
		BUG_ON(inet_ntop(AF_INET6, bytes, out, ADDRESS_TEXT_BYTES) == NULL);
}

void address_format(const struct address *address, char out[ADDRESS_TEXT_BYTES])
{
	_Static_assert(INET6_ADDRSTRLEN + sizeof("[]:65535") <= ADDRESS_TEXT_BYTES, "brackets and port fit beside any address");
	address_format_ip(address, out);
	size_t len = strlen(out);
	if (memchr(out, ':', len) != NULL) {
		memmove(out + 1, out, len);
		out[0] = '[';
		out[len + 1] = ']';
		len += 2;
	}
	out[len] = ':';
	(void)text_put_int(out + len + 1, address_port(address));
}

bool address_equal(const struct address *a, const struct address *b)
{
	uint8_t a_bytes[16], b_bytes[16];

	if (!address_bytes(a, a_bytes) || !address_bytes(b, b_bytes))
		return false;
	return memcmp(a_bytes, b_bytes, 16) == 0 && address_port(a) == address_port(b);
}

uint16_t address_port(const struct address *address)
{
	if (address->storage.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
	if (address->storage.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
	return 0;
}

int address_ranges_parse(struct text text, struct address_ranges *ret_ranges, struct err *err)
{
	struct address_ranges ranges = { .count = 0 };
	struct text rest = text_trim(text);

	if (rest.len == 0)
		rest = (struct text){ NULL, 0 };
	while (rest.at != NULL) {
		struct text item = text_trim(text_cut(&rest, ','));

		if (ranges.count == (int)ARRAY_LEN(ranges.ranges))
			return err_set(err, ERR_LIMIT, "more than %d address ranges", ranges.count);
		if (range_parse(item, ranges.ranges[ranges.count].bytes, &ranges.ranges[ranges.count].bits) < 0)
			return err_set(
				err, ERR_INVALID, "\"%.*s\" is no address range (as 10.0.0.0/8 or fc00::/7)", TEXT_ARGS(item));
		ranges.count++;
	}
	*ret_ranges = ranges;
	return 0;
}

bool address_ranges_hold(const struct address_ranges *ranges, const struct address *address)
{
	uint8_t bytes[16];

	if (!address_bytes(address, bytes))
		return false;
	bool is_v4 = bytes_are_v4(bytes);

	for (int i = 0; i < ranges->count; i++) {
		if (is_v4 && ranges->ranges[i].bits < V4_MAPPED_BITS)
			continue; /* ::/0 speaks of IPv6 alone */
		if (prefix_equal(ranges->ranges[i].bytes, bytes, ranges->ranges[i].bits))
			return true;
	}
	return false;
}
