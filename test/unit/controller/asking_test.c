/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to ask, and when. */
#include "controller/asking.h"

#include "objects.h"

static struct pod *pod_of(const char *metadata_rest, const char *status)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
		"{'metadata':{'name':'hello-7d-x','uid':'p1','labels':{'krypton.ai/agent':'hello'}%s},"
		"'spec':{'containers':[{'name':'agent'},{'name':'krypton-proxy'}]},'status':{%s}}",
		metadata_rest, status);
	scoped_json object = object_of(text);
	return pod_from_json(object);
}

#define IP                 "'podIP':'10.0.0.7',"
#define NOT_READY_AT       "'conditions':[{'type':'Ready','status':'False'}],"
#define BOTH(agent, proxy) "'containerStatuses':[{'name':'agent'," agent "},{'name':'krypton-proxy'," proxy "}]"
#define RUNS(since)        "'ready':true,'state':{'running':{'startedAt':'2026-01-01T00:00:" since "Z'}}"
#define NOT_READY          "'ready':false,'state':{'running':{'startedAt':'2026-01-01T00:00:00Z'}}"
#define STUCK              IP BOTH(RUNS("00"), NOT_READY)

static void only_pods_that_run_and_are_not_ready_are_asked(void **state)
{
	static const struct {
		const char *metadata_rest, *status;
		bool is_asked;
	} rows[] = {
		{ "", STUCK, true },
		{ "", IP BOTH("'ready':false,'state':{'running':{}}", NOT_READY), true },
		{ "", IP BOTH(RUNS("00"), RUNS("00")), false },
		{ "", "'conditions':[{'type':'Ready','status':'True'}]," STUCK, false },
		{ ",'deletionTimestamp':'2026-01-01T00:00:00Z'", STUCK, false },
		{ "", BOTH(RUNS("00"), NOT_READY), false },
		{ "", "'podIP':''," BOTH(RUNS("00"), NOT_READY), false },
		{ "", "'podIP':'0000000000000000000000000000000000000000000000000000000000000000'," BOTH(RUNS("00"), NOT_READY),
			false },
		{ "", IP BOTH("'state':{'waiting':{'reason':'ImagePullBackOff'}}", NOT_READY), false },
		{ "", IP BOTH("'state':{'terminated':{'exitCode':1}}", NOT_READY), false },
		{ "", IP BOTH(RUNS("00"), "'state':{'waiting':{'reason':'ContainerCreating'}}"), false },
		{ "", IP "'containerStatuses':[]", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped(pod) pod = pod_of(rows[i].metadata_rest, rows[i].status);

		if (asking_concerns(pod) != rows[i].is_asked)
			fail_msg("row %zu", i);
	}
}

static void a_pod_that_stays_is_asked_more_and_more_seldom(void **state)
{
	static const int64_t pauses[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000 };
	scoped(pod) pod = pod_of("", STUCK);
	struct asking asking = { .asked = 0 };
	int64_t now_ms = 5000000;

	(void)state;
	assert_true(asking_see(&asking, pod, now_ms));
	assert_int_equal(asking.due_ms, now_ms);
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		(void)asking_note(&asking, true, now_ms, 0);
		assert_int_equal(asking.due_ms - now_ms, pauses[i]);
		now_ms = asking.due_ms;
		assert_false(asking_see(&asking, pod, now_ms));
		assert_int_equal(asking.due_ms, now_ms);
	}
	(void)asking_note(&asking, true, now_ms, 999);
	assert_in_range(asking.due_ms - now_ms, 24000, 24010);
}

static void another_container_or_address_is_asked_at_once(void **state)
{
	static const char *const others[] = {
		"'podIP':'10.0.0.8'," BOTH(RUNS("00"), NOT_READY),
		IP BOTH(RUNS("30"), NOT_READY),
		IP BOTH("'restartCount':1," RUNS("00"), NOT_READY),
		IP BOTH(RUNS("00"), "'restartCount':1," NOT_READY),
		IP BOTH(RUNS("00"), "'ready':false,'state':{'running':{'startedAt':'2026-01-01T00:00:30Z'}}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		scoped(pod) pod = pod_of("", STUCK);
		scoped(pod) other = pod_of("", others[i]);
		struct asking asking = { .asked = 0 };

		(void)asking_see(&asking, pod, 1000);
		for (int round = 0; round < 5; round++)
			(void)asking_note(&asking, true, 1000, 0);
		assert_true(asking_see(&asking, other, 2000));
		assert_int_equal(asking.due_ms, 2000);
		(void)asking_note(&asking, true, 2000, 0);
		assert_int_equal(asking.due_ms, 3000);
	}
}

static void the_same_pod_with_other_conditions_is_not_asked_sooner(void **state)
{
	scoped(pod) pod = pod_of("", STUCK);
	scoped(pod) same = pod_of("", NOT_READY_AT STUCK);
	struct asking asking = { .asked = 0 };

	(void)state;
	(void)asking_see(&asking, pod, 1000);
	(void)asking_note(&asking, true, 1000, 0);
	assert_false(asking_see(&asking, same, 1500));
	assert_int_equal(asking.due_ms, 2000);
}

static void a_word_outlives_one_answer_that_does_not_come(void **state)
{
	static const struct {
		bool is_understood, holds;
	} rows[] = { { true, false }, { false, true }, { false, false }, { true, true }, { false, true }, { false, false },
		{ false, false } };
	scoped(pod) pod = pod_of("", STUCK);
	struct asking asking = { .asked = 0 };

	(void)state;
	(void)asking_see(&asking, pod, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(asking_note(&asking, rows[i].is_understood, 0, 0), rows[i].holds);
	asking = (struct asking){ .asked = 0 };
	(void)asking_see(&asking, pod, 0);
	assert_false(asking_note(&asking, false, 0, 0)); /* nothing was said before */
}

static void the_first_answer_alone_is_waited_for_and_not_for_ever(void **state)
{
	scoped(pod) pod = pod_of("", STUCK);
	struct asking asking = { .asked = 0 };

	(void)state;
	(void)asking_see(&asking, pod, 1000);
	assert_true(asking_is_awaited(&asking, 1000));
	assert_true(asking_is_awaited(&asking, 1000 + ASKING_PATIENCE_MS - 1));
	assert_false(asking_is_awaited(&asking, 1000 + ASKING_PATIENCE_MS));
	(void)asking_note(&asking, false, 1500, 0);
	assert_false(asking_is_awaited(&asking, 1500));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_pods_that_run_and_are_not_ready_are_asked),
		cmocka_unit_test(a_pod_that_stays_is_asked_more_and_more_seldom),
		cmocka_unit_test(another_container_or_address_is_asked_at_once),
		cmocka_unit_test(the_same_pod_with_other_conditions_is_not_asked_sooner),
		cmocka_unit_test(a_word_outlives_one_answer_that_does_not_come),
		cmocka_unit_test(the_first_answer_alone_is_waited_for_and_not_for_ever),
	};

	return cmocka_run_group_tests_name("controller/asking", tests, NULL, NULL);
}
