/* SPDX-License-Identifier: Apache-2.0 */
/* net/address.h — pure: numeric socket addresses. Nothing in the data path asks DNS. */
#ifndef KRYPTON_NET_ADDRESS_H
#define KRYPTON_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/text.h"

#define ADDRESS_TEXT_BYTES 64

/* As large as an IPv6 address and no larger: every connection keeps one. */
struct address {
	union {
		sa_family_t ss_family; /* the first field of both */
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} storage;
	socklen_t len;
};

/* ":8080" (all addresses: "::", of IPv4 too), "10.0.0.1:8080", "[fd00::1]:8080". */
int address_parse(struct text text, struct address *ret_address, struct err *err) must_check;
/* ip without port or brackets, and a port beside it. */
int address_of_ip(struct text ip, uint16_t port, struct address *ret_address, struct err *err) must_check;
void address_format(const struct address *address, char out[ADDRESS_TEXT_BYTES]);    /* "10.0.0.1:8080" */
void address_format_ip(const struct address *address, char out[ADDRESS_TEXT_BYTES]); /* "10.0.0.1"; v4-mapped is v4 */
bool address_equal(const struct address *a, const struct address *b);
uint16_t address_port(const struct address *address);

/* A list of CIDR ranges: "10.0.0.0/8,fc00::/7"; at most 64. A bare IP is itself alone; an empty list holds nobody. */
struct address_ranges {
	struct {
		uint8_t bytes[16];
		int bits;
	} ranges[64];
	int count;
};
int address_ranges_parse(struct text text, struct address_ranges *ret_ranges, struct err *err) must_check;
bool address_ranges_hold(const struct address_ranges *ranges, const struct address *address);

#endif
