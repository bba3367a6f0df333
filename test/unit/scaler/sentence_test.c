/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/sentence.h"

#include <string.h>

#include "base/attributes.h"
#include "test/unit/base/test.h"

#define AT INT64_C(1893499230000) /* 2030-01-01T12:00:30Z */

static void each_reason_reads_as_a_sentence(void **state)
{
	static const struct {
		struct agent agent;
		struct observation seen;
		struct decision decision;
		const char *sentence;
	} rows[] = {
		{ { .concurrency = 8, .target_utilization = 100, .max_replicas = 10 }, { .inflight = 37, .waiting = 3 },
			{ 5, 5, DECIDE_LOAD }, "5 pods for 37 in flight and 3 waiting at 8 each, until 12:01:30 UTC at least." },
		{ { .concurrency = 8, .target_utilization = 70, .max_replicas = 10 }, { .inflight = 5 }, { 1, 1, DECIDE_LOAD },
			"1 pod for 5 in flight and 0 waiting at 70 % of 8 each, until 12:01:30 UTC at least." },
		{ { .concurrency = 1, .target_utilization = 100, .max_replicas = 2 }, { .inflight = 2, .waiting = 100 },
			{ 2, 2, DECIDE_MAXIMUM }, "maxReplicas 2 allows 2 pods for 2 in flight and 100 waiting at 1 each." },
		{ { .concurrency = 8, .target_utilization = 100 }, { .inflight = 4 }, { 1, 3, DECIDE_WINDOW },
			"3 pods, as many as were needed within the last 1m; now 4 in flight and 0 waiting at 8 each." },
		{ { .concurrency = 8, .target_utilization = 100 }, { .unknown_pods = 1, .unknown_gateways = 2 },
			{ 1, 4, DECIDE_UNKNOWN }, "4 pods as before: 1 of them and 2 gateways do not say what they do." },
		{ { .scale_to_zero_after_ms = 300000 }, { 0 }, { 1, 1, DECIDE_WARM },
			"1 pod stays until 5m have passed without an invocation." },
		{ { .min_replicas = 1 }, { 0 }, { 1, 1, DECIDE_MINIMUM }, "minReplicas 1 keeps 1 pod." },
		{ { .scale_to_zero_after_ms = 300000, .last_invocation_ms = AT - 300000 }, { 0 }, { 0, 0, DECIDE_ASLEEP },
			"Sleeping since 12:00:30 UTC, after 5m without an invocation." },
		{ { .scale_to_zero_after_ms = 300000 }, { 0 }, { 0, 0, DECIDE_ASLEEP },
			"Sleeping since 12:00:30 UTC: it was never invoked." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char sentence[SENTENCE_BYTES];

		sentence_of(&rows[i].agent, &rows[i].seen, &rows[i].decision, rows[i].decision.desired, 60000, AT, sentence);
		assert_string_equal(sentence, rows[i].sentence);
	}
}

static void the_longest_fits(void **state)
{
	const struct agent agent = { .concurrency = 1000000, .target_utilization = 99, .max_replicas = 1000000 };
	const struct observation seen = { .inflight = INT64_MAX, .waiting = INT64_MAX };
	const struct decision decision = { 1000000, 1000000, DECIDE_MAXIMUM };
	char sentence[SENTENCE_BYTES];

	(void)state;
	sentence_of(&agent, &seen, &decision, 1000001, 60000, AT, sentence);
	assert_true(strlen(sentence) < SENTENCE_BYTES - 1);
	assert_int_equal(sentence[strlen(sentence) - 1], '.');
}

static void a_count_on_the_way_says_where_to(void **state)
{
	const struct agent agent = { .min_replicas = 1 };
	const struct observation seen = { 0 };
	const struct decision decision = { 1, 1, DECIDE_MINIMUM };
	char sentence[SENTENCE_BYTES];

	(void)state;
	sentence_of(&agent, &seen, &decision, 3, 60000, AT, sentence);
	assert_string_equal(sentence, "3 pods until others are empty, then: minReplicas 1 keeps 1 pod.");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_reads_as_a_sentence),
		cmocka_unit_test(the_longest_fits),
		cmocka_unit_test(a_count_on_the_way_says_where_to),
	};

	return cmocka_run_group_tests_name("scaler/sentence", tests, NULL, NULL);
}
