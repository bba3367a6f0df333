/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "test/unit/base/test.h"

static void go_durations_are_read_as_go_reads_them(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },
		{ "+0", 0 },
		{ "0s", 0 },
		{ "5s", 5000 },
		{ "+5s", 5000 },
		{ "90s", 90000 },
		{ "1m30s", 90000 },
		{ "500ms", 500 },
		{ "1h", 3600000 },
		{ "1h15m30.918s", 4530918 },
		{ "30s1m", 90000 },
		{ "1.5h", 5400000 },
		{ ".5s", 500 },
		{ "1.s", 1000 },
		{ "1.0s", 1000 },
		{ "0.3333333333333333333h", 1200000 },
		{ "0.100000000000000000000h", 360000 },
		{ "1999999ns", 1 },
		{ "999999ns", 0 },
		{ "1500us", 1 },
		{ "2000\xc2\xb5s", 2 },
		{ "2000\xce\xbcs", 2 },
		{ "600000ns600000ns", 1 }, /* rounded down as a whole */
		{ "9223372036854775807ns", 9223372036854 },
		{ "2562047h47m16.854775807s", 9223372036854 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = -1;

		assert_int_equal(duration_parse(text_of(rows[i].text), &ms), 0);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void what_go_refuses_is_refused(void **state)
{
	static const char *const rows[] = { "", "+", "-", "3", "300", "1d", "1w", "s", ".", ".s", "+.s", "-5s", "-0s", "-0", "1s ",
		" 1s", "1 s", "1S", "1Ms", "1m30", "1ms1", "1x", "1.2.3s", "1e3s", "0x1s", "--1s", "+-1s", "1s-1s",
		"9223372036854775808ns", "9223372036854775.808us", "3000000h", "2562047h47m16.854775808s", "99999999999999999999s",
		"\xc2s", "1\xb5s", "1s\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = 42;

		assert_int_equal(duration_parse(text_of(rows[i]), &ms), -1);
		assert_int_equal(ms, 42);
	}
}

static void a_nul_in_a_duration_is_refused(void **state)
{
	int64_t ms;

	(void)state;
	assert_int_equal(duration_parse(TEXT("1s\0"), &ms), -1);
	assert_int_equal(duration_parse(TEXT("0\0"), &ms), -1);
}

static void the_shortest_form_is_written(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "0s" },
		{ 1, "1ms" },
		{ 500, "500ms" },
		{ 1000, "1s" },
		{ 1500, "1.5s" },
		{ 1001, "1.001s" },
		{ 60000, "1m" },
		{ 90000, "1m30s" },
		{ 60500, "1m0.5s" },
		{ 3600000, "1h" },
		{ 3601000, "1h1s" },
		{ 5400000, "1h30m" },
		{ 86400000, "24h" },
		{ -1500, "-1.5s" },
		{ INT64_MAX, "2562047788015h12m55.807s" },
		{ INT64_MIN, "-2562047788015h12m55.808s" },
	};
	char text[DURATION_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		duration_format(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void what_is_written_is_read_back(void **state)
{
	char text[DURATION_TEXT_BYTES];

	(void)state;
	for (int64_t ms = 0; ms < 9223372036854; ms += 1 + ms / 7) {
		int64_t back = -1;

		duration_format(ms, text);
		assert_int_equal(duration_parse(text_of(text), &back), 0);
		assert_int_equal(back, ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(go_durations_are_read_as_go_reads_them),
		cmocka_unit_test(what_go_refuses_is_refused),
		cmocka_unit_test(a_nul_in_a_duration_is_refused),
		cmocka_unit_test(the_shortest_form_is_written),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests_name("base/duration", tests, NULL, NULL);
}
