/* SPDX-License-Identifier: Apache-2.0 */
#include "scaler/retire.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "test/unit/base/test.h"

#define PODS_MAX 6

/* One letter a pod: s it starts, r it serves, R retired but Kubernetes still calls it ready, o retired and seen not ready, q
   retired and not asked since, b it was retired until just now; then what runs in it. */
struct row {
	const char *sentence;
	const char *pods; /* "r3 r0" */
	int current, desired;
	const char *orders; /* one character a pod: - nothing, x out, b back */
	int reachable;      /* the count that may be asked for now */
};

static const struct row ROWS[] = {
	{ "with as many wanted as there are nobody is touched", "r0 r3", 2, 2, "--", 2 },
	{ "the emptiest pods retire", "r3 r0 r5 r1", 4, 2, "-x-x", 4 },
	{ "only as many retire as the count goes down by", "r0 r0 r0", 3, 2, "x--", 3 },
	{ "pods that a rollout adds retire nobody", "r0 r0 r0", 2, 2, "---", 2 },
	{ "a pod that starts goes before one that serves", "r0 s0 r0", 3, 2, "---", 2 },
	{ "a pod that runs something waits, and the count with it", "r3 o1", 2, 1, "--", 2 },
	{ "it is done when the retired are empty and seen not ready", "r3 o0", 2, 1, "--", 1 },
	{ "what Kubernetes still calls ready might stay instead of another", "r3 R0", 2, 1, "--", 2 },
	{ "what was not asked since it was retired might still run something", "r3 q0", 2, 1, "--", 2 },
	{ "a pod that became empty goes before a retired one that works", "r0 o1", 2, 1, "xb", 2 },
	{ "load that returns calls the busiest of the retired back", "r8 o0 o2", 3, 2, "--b", 3 },
	{ "when all are wanted again all come back", "r8 o0 o2", 3, 3, "-bb", 3 },
	{ "a retired pod is quicker than one that starts", "r8 s0 o0", 3, 2, "--b", 3 },
	{ "more than there are calls everybody back", "r8 o0", 2, 5, "-b", 5 },
	{ "after the count went down nobody is called back before he is gone", "r3 o0", 1, 1, "--", 1 },
	{ "to zero nobody retires, and nothing is waited for", "r0 r0", 2, 0, "--", 0 },
	{ "fewer pods than are wanted lose none", "r0", 3, 1, "-", 1 },
	{ "no pods are no reason to wait", "", 3, 1, "", 1 },

	{ "the empty ones go while others only retire", "r3 o0 r0 o0", 4, 1, "--x-", 2 },
	{ "the empty ones go while Kubernetes still calls another ready", "r3 o0 R0", 3, 1, "---", 2 },
	{ "nobody goes while one that works might go instead", "r3 o0 o2 r0", 4, 1, "---x", 4 },
	{ "nobody goes while one that was not asked might go instead", "r3 o0 q0 r0", 4, 1, "---x", 4 },
	{ "nobody goes while one is called back", "r3 o1 o0 r0 r0", 5, 3, "-b-x-", 5 },
	{ "nobody goes while one that works is only just retired: Kubernetes may soon see it not ready", "r3 o0 R2 r5", 4, 1,
		"x---", 4 },
	{ "those that start go while others only retire", "r3 s0 r0", 3, 1, "--x", 2 },
	{ "nobody goes on the way while one that works is not called ready", "s3 o0 r0 r5", 4, 1, "--x-", 4 },
	{ "those that Kubernetes ends already are not called back", "r3 r0 o0 o0 o0", 3, 2, "-----", 2 },
	{ "and nobody else retires for them", "r3 r0 o0 o0 o0", 2, 1, "-----", 2 },
	{ "nor are they counted twice", "r3 r0 r0 o0 o0", 3, 1, "-----", 3 },
	{ "a retired pod that is still called ready waits for that, though another one is not ready", "s0 R0 r3", 3, 2, "-b-", 3 },
	{ "the count waits for a pod that works and is not called ready, which Kubernetes would end first", "s1 o0 r3", 3, 2, "-b-",
		3 },
	{ "nobody goes while one that works was retired until just now: Kubernetes may see it not ready", "R0 o0 b1 o0", 4, 1,
		"----", 4 },
	{ "nor is the count done with it", "o0 b1", 2, 1, "--", 2 },
	{ "one that was retired until just now and is empty may go as well", "r3 o0 b0", 3, 2, "---", 2 },
};

static size_t pods_of(const char *text, struct retire_pod *pods)
{
	size_t count = 0;

	for (; *text != '\0'; text += 2 + (text[2] == ' ')) {
		pods[count++] = (struct retire_pod){ .is_ready = strchr("rRb", text[0]) != NULL,
			.is_retired = strchr("Roq", text[0]) != NULL,
			.is_fresh = text[0] != 'q',
			.is_back = text[0] == 'b',
			.work = text[1] - '0' };
	}
	return count;
}

static void the_right_pods_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct row *row = &ROWS[i];
		struct retire_pod pods[PODS_MAX];
		char orders[PODS_MAX + 1] = "";
		size_t count = pods_of(row->pods, pods);

		retire_plan(pods, count, row->current, row->desired);
		for (size_t at = 0; at < count; at++)
			orders[at] = "-xb"[pods[at].order];
		if (strcmp(orders, row->orders) != 0 || retire_reachable(pods, count, row->current, row->desired) != row->reachable)
			fail_msg("%s: orders %s, reachable %d", row->sentence, orders,
				retire_reachable(pods, count, row->current, row->desired));
		/* that it is done, and that all of it may be asked for, is one */
		if (row->desired < row->current)
			assert_int_equal(retire_is_done(pods, count, row->desired), row->reachable == row->desired);
	}
}

static void a_pod_that_refuses_is_not_waited_for(void **state)
{
	struct retire_pod pods[] = { { .is_ready = true, .is_fresh = true, .work = 3 },
		{ .is_ready = true, .is_fresh = true, .refuses = true } };

	(void)state;
	assert_true(retire_is_done(pods, ARRAY_LEN(pods), 1));
}

/* Whatever the pods are: enough go on serving, and none that works goes while an idle one stays. */
static void random_pods_keep_the_rules(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct retire_pod pods[PODS_MAX] = { 0 };
		int current = 1 + rand_r(&seed) % PODS_MAX, desired = rand_r(&seed) % (PODS_MAX + 2);
		int takes_work = 0, took_work = 0, most_leaving = -1, least_staying = 100;

		for (size_t i = 0; i < PODS_MAX; i++)
			pods[i] = (struct retire_pod){ .is_ready = rand_r(&seed) % 4 > 0,
				.is_retired = rand_r(&seed) % 3 == 0,
				.is_fresh = true,
				.work = rand_r(&seed) % 3 };
		retire_plan(pods, PODS_MAX, current, desired);
		for (size_t i = 0; i < PODS_MAX; i++) {
			bool served = pods[i].is_ready && !pods[i].is_retired;
			bool serves = (served && pods[i].order != RETIRE_OUT) || pods[i].order == RETIRE_BACK;

			took_work += served;
			takes_work += serves;
			if (pods[i].order == RETIRE_OUT && pods[i].work > most_leaving)
				most_leaving = (int)pods[i].work;
			if (serves && pods[i].work < least_staying)
				least_staying = (int)pods[i].work;
			assert_false(pods[i].order == RETIRE_OUT && !served);
			assert_false(pods[i].order == RETIRE_BACK && !pods[i].is_retired);
		}
		if (desired > 0 && desired < current && !retire_is_done(pods, PODS_MAX, desired)) {
			int reachable = retire_reachable(pods, PODS_MAX, current, desired);
			int ending = reachable < current ? PODS_MAX - reachable : 0, unready = 0, at_work = 0;

			for (size_t i = 0; i < PODS_MAX; i++) {
				unready += !pods[i].is_ready;
				at_work += !pods[i].is_ready && pods[i].is_retired && pods[i].work > 0;
			}
			assert_true(reachable >= desired && reachable <= current);
			assert_true(ending <= unready && (ending == 0 || at_work == 0));
		}
		assert_true(most_leaving <= least_staying);
		assert_true(takes_work >= took_work || takes_work >= desired);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_pods_go),
		cmocka_unit_test(a_pod_that_refuses_is_not_waited_for),
		cmocka_unit_test(random_pods_keep_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
