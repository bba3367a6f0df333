/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy-sidecar/sockets.h"

#include <stdio.h>

#include "test/unit/base/test.h"

static const char TABLE[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	"   0: 00000000:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 65532        0 1001 1 0 100 0 0 10 0\n"
	"   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1002 1 0 100 0 0 10 0\n"
	"   2: 0100007F:C350 0100007F:1F91 01 00000000:00000000 00:00000000 00000000  1000        0 1003 1 0 20 4 30 10 -1\n";
static const char TABLE6[] =
	"  sl  local_address                         remote_address                        st\n"
	"   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000\n"
	"   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000\n";

static void listening_ports_are_found_once_and_in_order(void **state)
{
	struct sockets_ports ports = { 0 };

	(void)state;
	sockets_add_listening(text_of(TABLE), &ports);
	sockets_add_listening(text_of(TABLE6), &ports);
	assert_int_equal(ports.count, 3);
	assert_int_equal(ports.ports[0], 80);
	assert_int_equal(ports.ports[1], 8081);
	assert_int_equal(ports.ports[2], 8888);
}

static void a_table_cut_anywhere_does_no_harm(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(TABLE); len++) {
		struct sockets_ports ports = { 0 };

		sockets_add_listening((struct text){ TABLE, len }, &ports);
		assert_true(ports.count <= 2);
	}
}

static void no_more_ports_are_kept_than_there_is_room_for(void **state)
{
	struct sockets_ports ports = { 0 };
	char line[64];

	(void)state;
	for (unsigned port = 1; port <= 100; port++) {
		(void)snprintf(line, sizeof(line), "0: 00000000:%04X 00000000:0000 0A x\n", port);
		sockets_add_listening(text_of(line), &ports);
	}
	assert_int_equal(ports.count, SOCKETS_MAX_PORTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listening_ports_are_found_once_and_in_order),
		cmocka_unit_test(a_table_cut_anywhere_does_no_harm),
		cmocka_unit_test(no_more_ports_are_kept_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
