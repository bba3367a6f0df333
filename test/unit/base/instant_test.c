/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <stdio.h>
#include <time.h>

#include "test/unit/base/test.h"

static void rfc3339_is_read(void **state)
{
	static const struct {
		const char *text;
		int64_t wall_ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-05-01T12:00:00Z", 1777636800000 },
		{ "2026-05-01t12:00:00z", 1777636800000 },
		{ "2026-05-01T12:00:00.123456Z", 1777636800123 },
		{ "2026-05-01T12:00:00.1Z", 1777636800100 },
		{ "2026-05-01T12:00:00.999999999999999Z", 1777636800999 },
		{ "2026-05-01T14:00:00+02:00", 1777636800000 },
		{ "2026-05-01T06:30:00-05:30", 1777636800000 },
		{ "2026-05-01T12:00:00-00:00", 1777636800000 },
		{ "2024-02-29T00:00:00Z", 1709164800000 },
		{ "2000-02-29T23:59:59Z", 951868799000 },
		{ "1969-12-31T23:59:59.250Z", -750 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "0000-01-01T00:00:00Z", -62167219200000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t wall_ms = -1;

		assert_int_equal(instant_parse(text_of(rows[i].text), &wall_ms), 0);
		assert_int_equal(wall_ms, rows[i].wall_ms);
	}
}

static void what_is_no_rfc3339_is_refused(void **state)
{
	static const char *const rows[] = { "", "2026", "2026-05-01", "2026-05-01T12:00:00", "2026-05-01 12:00:00Z",
		"2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-05-00T12:00:00Z", "2026-05-32T12:00:00Z",
		"2026-04-31T12:00:00Z", "2025-02-29T12:00:00Z", "1900-02-29T12:00:00Z", "2026-05-01T24:00:00Z",
		"2026-05-01T12:60:00Z", "2026-05-01T12:00:61Z", "2026-05-01T12:00:00.Z", "2026-05-01T12:00:00.1",
		"2026-05-01T12:00:00+0200", "2026-05-01T12:00:00+24:00", "2026-05-01T12:00:00+02:60", "2026-05-01T12:00:00ZZ",
		"2026-05-01T12:00:00+-2:00", "-026-05-01T12:00:00Z", "2026-5-01T12:00:00Z", "2026-05-01T12:-1:00Z",
		"2026-05-01T12:00:00,5Z", " 2026-05-01T12:00:00Z", "2026-05-01T12:00:00Z ", "2026-05-01T12:00:00 02:00" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t wall_ms = 42;

		assert_int_equal(instant_parse(text_of(rows[i]), &wall_ms), -1);
		assert_int_equal(wall_ms, 42);
	}
}

static void an_instant_cut_at_any_byte_is_refused(void **state)
{
	const struct text whole = TEXT("2026-05-01T12:00:00.123+02:00");
	int64_t wall_ms;

	(void)state;
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(instant_parse((struct text){ .at = whole.at, .len = len }, &wall_ms), -1);
	assert_int_equal(instant_parse(whole, &wall_ms), 0);
}

static void kubernetes_reads_what_is_written(void **state)
{
	char text[INSTANT_TEXT_BYTES];

	(void)state;
	instant_format(1777636800123, text);
	assert_string_equal(text, "2026-05-01T12:00:00Z");
	instant_format_micro(1777636800123, text);
	assert_string_equal(text, "2026-05-01T12:00:00.123000Z");
	instant_format_micro(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999000Z");
	instant_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	instant_format_micro(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00.000000Z");
}

static void http_reads_what_is_written(void **state)
{
	char text[INSTANT_TEXT_BYTES];

	(void)state;
	instant_format_http(784111777000, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	instant_format_http(0, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	instant_format_http(-1, text);
	assert_string_equal(text, "Wed, 31 Dec 1969 23:59:59 GMT");
	instant_format_http(INT64_MAX, text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void the_calendar_agrees_with_libc(void **state)
{
	char text[INSTANT_TEXT_BYTES], expected[INSTANT_TEXT_BYTES];

	(void)state;
	for (int64_t wall_s = -62167219200; wall_s < 253402300800; wall_s += 86400 * INT64_C(17) + 12345) {
		time_t libc_s = wall_s;
		struct tm parts;
		int64_t back;

		assert_non_null(gmtime_r(&libc_s, &parts));
		(void)snprintf(expected, sizeof(expected), "%04u-%02u-%02uT%02u:%02u:%02uZ",
			(unsigned)(parts.tm_year + 1900) % 10000, (unsigned)(parts.tm_mon + 1) % 100, (unsigned)parts.tm_mday % 100,
			(unsigned)parts.tm_hour % 100, (unsigned)parts.tm_min % 100, (unsigned)parts.tm_sec % 100);
		instant_format(wall_s * 1000, text);
		assert_string_equal(text, expected);
		assert_int_equal(instant_parse(text_of(text), &back), 0);
		assert_int_equal(back, wall_s * 1000);
	}
}

static void clocks_go_forward(void **state)
{
	int64_t before = instant_monotonic_ms();

	(void)state;
	assert_true(instant_monotonic_ms() >= before);
	assert_true(instant_wall_ms() > 1700000000000);
	assert_true(instant_wall_ns() / 1000000 >= 1700000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_is_read),
		cmocka_unit_test(what_is_no_rfc3339_is_refused),
		cmocka_unit_test(an_instant_cut_at_any_byte_is_refused),
		cmocka_unit_test(kubernetes_reads_what_is_written),
		cmocka_unit_test(http_reads_what_is_written),
		cmocka_unit_test(the_calendar_agrees_with_libc),
		cmocka_unit_test(clocks_go_forward),
	};

	return cmocka_run_group_tests_name("base/instant", tests, NULL, NULL);
}
