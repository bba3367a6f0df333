/* SPDX-License-Identifier: Apache-2.0 */
/* Alone by tables, then several gateways against one Agent. */
#include "gateway/last_invocation.h"

#include <stdbool.h>

#include "base/attributes.h"
#include "base/random.h"
#include "test/unit/base/test.h"

#define NOW INT64_C(1800000000000)

static void each_row_of_the_table_holds(void **state)
{
	static const struct {
		struct last_invocation known;
		int64_t at_ms;
		bool is_first;
	} rows[] = {
		{ { 0 }, 0, false }, { { .begun_ms = NOW }, NOW, true },              /* never written */
		{ { .begun_ms = NOW, .written_ms = NOW - 10000 }, NOW, true },        /* ten quiet seconds */
		{ { .begun_ms = NOW, .written_ms = NOW - 9999 }, NOW + 1, false },    /* not quite */
		{ { .begun_ms = NOW, .written_ms = NOW - 1000 }, NOW + 9000, false }, /* the end of a burst */
		{ { .begun_ms = NOW, .written_ms = NOW }, 0, false },                 /* it is told */
		{ { .begun_ms = NOW + 900, .written_ms = NOW }, 0, false },           /* the same second */
		{ { .begun_ms = NOW, .written_ms = NOW + 30000 }, 0, false },         /* by another clock */
		{ { .begun_ms = NOW, .written_ms = NOW + 3600000 }, NOW, true },      /* by a wrong one */
		{ { .begun_ms = NOW, .written_ms = NOW + 3600000, .our_write_ms = NOW - 2000 }, NOW + 8000, false },
		{ { .begun_ms = NOW, .written_ms = NOW + 3600000, .our_write_ms = NOW + 3600000 }, NOW, true }, /* ours was */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct last_invocation_turn turn = last_invocation_turn(&rows[i].known);

		assert_int_equal(turn.at_ms, rows[i].at_ms);
		if (turn.at_ms == 0)
			continue;
		assert_true(turn.spread_ms > 0);
		if (rows[i].is_first)
			assert_true(turn.spread_ms < 1000);
	}
}

#define GATEWAYS  5
#define WATCH_MS  20 /* until the others see a write */
#define MINUTE_MS 60000

/* A minute of steady load at all of them, begun after quiet: each asks as wake.c does. */
static int writes_in_a_minute(void)
{
	int64_t due_ms[GATEWAYS] = { 0 }, seen_ms = NOW - MINUTE_MS, written_ms = NOW - MINUTE_MS, written_at_ms = 0;
	struct last_invocation known[GATEWAYS] = { 0 };
	int writes = 0;

	for (int64_t now_ms = NOW; now_ms < NOW + MINUTE_MS; now_ms++) {
		if (now_ms - written_at_ms >= WATCH_MS)
			seen_ms = written_ms;
		for (int i = 0; i < GATEWAYS; i++) {
			struct last_invocation_turn turn;

			known[i].begun_ms = now_ms;
			if (seen_ms > known[i].written_ms)
				known[i].written_ms = seen_ms;
			turn = last_invocation_turn(&known[i]);
			if (due_ms[i] == 0 && turn.at_ms != 0)
				due_ms[i] = turn.at_ms + random_below(turn.spread_ms);
			if (due_ms[i] == 0 || now_ms < due_ms[i])
				continue;
			due_ms[i] = 0;
			if (turn.at_ms == 0 || turn.at_ms > now_ms)
				continue;
			known[i].written_ms = known[i].our_write_ms = written_ms = written_at_ms = now_ms;
			writes++;
		}
	}
	return writes;
}

static void five_gateways_under_load_write_seldom(void **state)
{
	enum { MINUTES = 40 };
	int total = 0;

	(void)state;
	for (int i = 0; i < MINUTES; i++)
		total += writes_in_a_minute();
	assert_true(total <= 7 * MINUTES);
	assert_true(total >= 5 * MINUTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_the_table_holds),
		cmocka_unit_test(five_gateways_under_load_write_seldom),
	};

	return cmocka_run_group_tests_name("gateway/last_invocation", tests, NULL, NULL);
}
