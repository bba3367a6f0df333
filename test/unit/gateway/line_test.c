/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/line.h"

#include <string.h>

#include "base/attributes.h"
#include "gateway/invocation.h"
#include "test/unit/base/test.h"

#define PLACES 8

/* Both ways through it, its ends, its count, and what every one of them knows of its place. */
static void assert_line(const char *sentence, const struct line *line, const struct invocation *invocations, const char *expected)
{
	char forward[PLACES + 1] = "", backward[PLACES + 1] = "";
	size_t count = 0, back = strlen(expected);

	assert_int_equal(line->count, strlen(expected));
	for (const struct invocation *at = line->first; at != NULL; at = at->next) {
		assert_true(count < PLACES && at->is_waiting);
		forward[count++] = (char)('a' + (at - invocations));
		if (at->next == NULL)
			assert_ptr_equal(at, line->last);
	}
	for (const struct invocation *at = line->last; at != NULL; at = at->prev) {
		assert_true(back > 0);
		backward[--back] = (char)('a' + (at - invocations));
	}
	if (strcmp(forward, expected) != 0 || strcmp(backward, expected) != 0)
		fail_msg("%s: \"%s\" forward, \"%s\" backward, not \"%s\"", sentence, forward, backward, expected);
	if (count == 0)
		assert_true(line->first == NULL && line->last == NULL);
}

/* Letters: capitals come last, `<a` goes on first, `-a` leaves, `.` the first is served. */
static const struct {
	const char *sentence, *steps, *line;
} ROWS[] = {
	{ "an empty line has nobody", "", "" },
	{ "who came first is first", "ABC", "abc" },
	{ "who is served leaves the others in their order", "ABC..", "c" },
	{ "who had its turn goes on first", "ABC.<a", "abc" },
	{ "two that come back stand in front, the later one first", "ABC..<a<b", "bac" },
	{ "the first into an empty line from the front is its end too", "<a", "a" },
	{ "after it others come behind", "<aBC", "abc" },
	{ "the middle leaves", "ABC-b", "ac" },
	{ "the first leaves", "ABC-a", "bc" },
	{ "the last leaves, and the next stands behind the one before", "ABC-cD", "abd" },
	{ "two neighbours leave, the latter first", "ABCD-c-b", "ad" },
	{ "two neighbours leave, the former first", "ABCD-b-c", "ad" },
	{ "the only one leaves", "A-a", "" },
	{ "all leave from the middle outward", "ABC-b-a-c", "" },
	{ "who does not wait cannot leave", "AB-c", "ab" },
	{ "who left cannot leave again", "ABC-b-b", "ac" },
	{ "who left the only place cannot leave again", "A-a-a", "" },
	{ "who left may come again, behind the others", "ABC-aA", "bca" },
	{ "who left may come again, in front of the others", "ABC-c<c", "cab" },
	{ "an emptied line is as a new one", "AB..CD", "cd" },
};

static void everybody_stands_where_the_sentence_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct invocation invocations[PLACES] = { 0 };
		struct line line = { 0 };

		for (const char *step = ROWS[i].steps; *step != '\0'; step++) {
			if (*step == '<')
				line_push_front(&line, &invocations[*++step - 'a']);
			else if (*step == '-')
				line_remove(&line, &invocations[*++step - 'a']);
			else if (*step == '.')
				line_remove(&line, line.first);
			else
				line_push_back(&line, &invocations[*step - 'A']);
		}
		assert_line(ROWS[i].sentence, &line, invocations, ROWS[i].line);
	}
}

static void who_left_keeps_no_link_into_the_line(void **state)
{
	struct invocation invocations[3] = { 0 };
	struct line line = { 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		line_push_back(&line, &invocations[i]);
	line_remove(&line, &invocations[1]);
	assert_false(invocations[1].is_waiting);
	assert_null(invocations[1].next);
	assert_null(invocations[1].prev);
}

static void wait_twice_behind(void *arg)
{
	struct invocation invocation = { 0 };

	line_push_back(arg, &invocation);
	line_push_back(arg, &invocation);
}

static void wait_twice_in_front(void *arg)
{
	struct invocation invocation = { 0 };

	line_push_back(arg, &invocation);
	line_push_front(arg, &invocation);
}

static void nobody_waits_twice(void **state)
{
	struct line line = { 0 };

	(void)state;
	assert_aborts(wait_twice_behind, &line);
	assert_aborts(wait_twice_in_front, &line);
}

/* Beside a text of letters that does the same. */
static void random_comings_and_goings_keep_the_order(void **state)
{
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct invocation invocations[PLACES] = { 0 };
		struct line line = { 0 };
		char expected[PLACES + 2] = "";

		for (int step = 0; step < 30; step++) {
			int at = rand_r(&seed) % PLACES;
			char letter = (char)('a' + at), *place = strchr(expected, letter);
			size_t count = strlen(expected);

			if (place != NULL) {
				line_remove(&line, &invocations[at]);
				memmove(place, place + 1, strlen(place));
			} else if (rand_r(&seed) % 3 == 0) {
				line_push_front(&line, &invocations[at]);
				memmove(expected + 1, expected, count + 1);
				expected[0] = letter;
			} else {
				line_push_back(&line, &invocations[at]);
				expected[count] = letter;
				expected[count + 1] = '\0';
			}
			assert_line("what a text does", &line, invocations, expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_stands_where_the_sentence_says),
		cmocka_unit_test(who_left_keeps_no_link_into_the_line),
		cmocka_unit_test(nobody_waits_twice),
		cmocka_unit_test(random_comings_and_goings_keep_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
