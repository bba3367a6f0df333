/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses and ranges as people write them in flags. */
#include "net/address.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void addresses_read_and_written_are_the_same(void **state)
{
	static const struct {
		const char *text, *formatted, *ip;
		int port, family;
	} rows[] = {
		{ ":8080", "[::]:8080", "::", 8080, AF_INET6 },
		{ "10.0.0.1:8080", "10.0.0.1:8080", "10.0.0.1", 8080, AF_INET },
		{ "0.0.0.0:0", "0.0.0.0:0", "0.0.0.0", 0, AF_INET },
		{ "[fd00::1]:65535", "[fd00::1]:65535", "fd00::1", 65535, AF_INET6 },
		{ "[FD00:0:0::01]:80", "[fd00::1]:80", "fd00::1", 80, AF_INET6 },
		{ "[::ffff:10.1.2.3]:80", "10.1.2.3:80", "10.1.2.3", 80, AF_INET },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address address;
		char out[ADDRESS_TEXT_BYTES];

		assert_int_equal(address_parse(text_of(rows[i].text), &address, NULL), 0);
		assert_int_equal(address.storage.ss_family, rows[i].family);
		assert_int_equal(address_port(&address), rows[i].port);
		address_format(&address, out);
		assert_string_equal(out, rows[i].formatted);
		address_format_ip(&address, out);
		assert_string_equal(out, rows[i].ip);
	}
}

static void malformed_addresses_are_refused_by_name(void **state)
{
	static const char *const rows[] = {
		"",
		"8080",
		":",
		":x",
		":65536",
		":-1",
		":80 ",
		"localhost:80",
		"10.0.0.1",
		"10.0.0:80",
		"10.0.0.256:80",
		"fd00::1:80",
		"[fd00::1]",
		"[10.0.0.1]:80",
		"[]:80",
		"[fe80::1%eth0]:80",
		"::1:80",
		"[::1]80",
		"[::1:80",
		"111111111111111111111111111111111111111111111111111111111111:80",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address address = { .len = 77 };
		struct err err = { 0 };

		if (address_parse(text_of(rows[i]), &address, &err) != -1)
			fail_msg("%s was taken", rows[i]);
		assert_int_equal(err.code, ERR_INVALID);
		assert_non_null(strstr(err.message, rows[i]));
		assert_int_equal(address.len, 77);
	}
}

static void ip_and_port_come_together(void **state)
{
	struct address address, other;
	struct err err = { 0 };
	char out[ADDRESS_TEXT_BYTES];

	(void)state;
	assert_int_equal(address_of_ip(TEXT("10.0.0.7"), 8888, &address, &err), 0);
	address_format(&address, out);
	assert_string_equal(out, "10.0.0.7:8888");
	assert_int_equal(address_of_ip(TEXT("fd00::7"), 8888, &address, &err), 0);
	address_format(&address, out);
	assert_string_equal(out, "[fd00::7]:8888");
	assert_int_equal(address_of_ip(TEXT("[fd00::7]"), 8888, &other, &err), -1);
	assert_int_equal(address_of_ip(TEXT("pod.example"), 8888, &other, &err), -1);
	assert_string_equal(err.message, "pod.example is no IP address");
	assert_int_equal(address_of_ip((struct text){ NULL, 0 }, 1, &other, &err), -1);
	assert_int_equal(address_of_ip(TEXT("10.0.0.1\0"), 1, &other, &err), -1);
}

static void equality_is_of_ip_and_port_and_sees_through_mapped_ipv4(void **state)
{
	struct address a, b, c, mapped = { 0 };
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&mapped.storage;
	struct address unset = { 0 };
	char out[ADDRESS_TEXT_BYTES];

	(void)state;
	assert_int_equal(address_parse(TEXT("10.0.0.1:80"), &a, NULL), 0);
	assert_int_equal(address_parse(TEXT("10.0.0.1:81"), &b, NULL), 0);
	assert_int_equal(address_parse(TEXT("10.0.0.2:80"), &c, NULL), 0);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(80);
	v6->sin6_addr.s6_addr[10] = v6->sin6_addr.s6_addr[11] = 0xff;
	v6->sin6_addr.s6_addr[12] = 10;
	v6->sin6_addr.s6_addr[15] = 1;
	mapped.len = sizeof(*v6);
	assert_true(address_equal(&a, &a));
	assert_true(address_equal(&a, &mapped));
	assert_false(address_equal(&a, &b));
	assert_false(address_equal(&a, &c));
	assert_false(address_equal(&unset, &unset));
	address_format(&mapped, out);
	assert_string_equal(out, "10.0.0.1:80");
	address_format(&unset, out);
	assert_string_equal(out, "unknown:0");
}

static void ranges_hold_what_lies_in_them(void **state)
{
	static const struct {
		const char *ranges, *ip;
		bool held;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "10.1.2.3/8", "10.255.0.1", true },
		{ "172.16.0.0/12", "172.31.255.255", true },
		{ "172.16.0.0/12", "172.32.0.0", false },
		{ "10.0.0.0/8, 192.168.0.0/16,fc00::/7", "fd12::1", true },
		{ "fc00::/7", "fe00::1", false },
		{ "fc00::/7", "10.0.0.1", false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "::1", "::1", true },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "8.8.8.8", false },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", true },
		{ "", "10.0.0.1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address_ranges ranges;
		struct address address;

		assert_int_equal(address_ranges_parse(text_of(rows[i].ranges), &ranges, NULL), 0);
		assert_int_equal(address_of_ip(text_of(rows[i].ip), 1, &address, NULL), 0);
		if (address_ranges_hold(&ranges, &address) != rows[i].held)
			fail_msg("%s in \"%s\"", rows[i].ip, rows[i].ranges);
	}
}

static void malformed_ranges_are_refused_by_name(void **state)
{
	static const char *const rows[] = { "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fc00::/129", "/8", "private",
		"10.0.0.0/8/8" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address_ranges ranges = { .count = 7 };
		struct err err = { 0 };

		assert_int_equal(address_ranges_parse(text_of(rows[i]), &ranges, &err), -1);
		assert_non_null(strstr(err.message, rows[i]));
		assert_int_equal(ranges.count, 7);
	}
	struct address_ranges ranges;

	assert_int_equal(address_ranges_parse(TEXT("10.0.0.0/8,,::1"), &ranges, NULL), -1);
	assert_int_equal(address_ranges_parse(TEXT("10.0.0.0/8,"), &ranges, NULL), -1);
}

static void at_most_64_ranges_are_taken(void **state)
{
	char list[65 * 9 + 1] = "";
	struct address_ranges ranges;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < 65; i++)
		memcpy(list + i * 9, "10.0.0.1,", 9);
	assert_int_equal(address_ranges_parse((struct text){ list, 64 * 9 - 1 }, &ranges, NULL), 0);
	assert_int_equal(ranges.count, 64);
	assert_int_equal(address_ranges_parse((struct text){ list, 65 * 9 - 1 }, &ranges, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_read_and_written_are_the_same),
		cmocka_unit_test(malformed_addresses_are_refused_by_name),
		cmocka_unit_test(ip_and_port_come_together),
		cmocka_unit_test(equality_is_of_ip_and_port_and_sees_through_mapped_ipv4),
		cmocka_unit_test(ranges_hold_what_lies_in_them),
		cmocka_unit_test(malformed_ranges_are_refused_by_name),
		cmocka_unit_test(at_most_64_ranges_are_taken),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
