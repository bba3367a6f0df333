/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/queue.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/loop.h"
#include "test/unit/base/test.h"

#define MAX_PASSES 32

/* What each test does in its passes, and what happened. */
struct bench {
	struct loop *loop;
	struct kube_queue *queue;
	struct loop_timer *deadline;
	void (*work)(struct bench *bench, const char *key);
	char keys[MAX_PASSES][16];
	int64_t began_ms[MAX_PASSES];
	int passes, enough;
	bool is_late;
};

static void on_deadline(void *arg)
{
	struct bench *bench = arg;

	bench->is_late = true;
	loop_stop(bench->loop);
}

static void on_key(void *arg, const char *key)
{
	struct bench *bench = arg;

	assert_true(bench->passes < MAX_PASSES);
	(void)snprintf(bench->keys[bench->passes], sizeof(bench->keys[0]), "%s", key);
	bench->began_ms[bench->passes++] = loop_now_ms(bench->loop);
	bench->work(bench, key);
	if (bench->passes == bench->enough)
		loop_stop(bench->loop);
}

static void bench_start(struct bench *bench, int workers, void (*work)(struct bench *bench, const char *key))
{
	*bench = (struct bench){ .loop = loop_new(), .work = work };
	bench->deadline = loop_timer_new(bench->loop, on_deadline, bench);
	bench->queue = kube_queue_new(bench->loop,
		&(struct kube_queue_options){
			.workers = workers,
			.backoff_base_ms = 100,
			.backoff_max_ms = 400,
			.arg = bench,
			.on_key = on_key,
		});
}

/* Until so many passes have begun. */
static void bench_run(struct bench *bench, int enough)
{
	bench->enough = enough;
	loop_timer_set(bench->deadline, 5000);
	loop_run(bench->loop);
	assert_false(bench->is_late);
}

/* For so long, whatever happens: for what must not happen. */
static void bench_run_ms(struct bench *bench, int64_t ms)
{
	bench->enough = -1;
	loop_timer_set(bench->deadline, ms);
	loop_run(bench->loop);
}

static void bench_end(struct bench *bench)
{
	kube_queue_free(&bench->queue);
	loop_timer_free(&bench->deadline);
	loop_free(&bench->loop);
}

static void work_well(struct bench *bench, const char *key)
{
	kube_queue_done(bench->queue, key, NULL);
}

static void work_later(struct bench *bench, const char *key)
{
	(void)bench;
	(void)key;
}

static void work_fails(struct bench *bench, const char *key)
{
	struct err err = { .code = ERR_RETRY };

	kube_queue_done(bench->queue, key, &err);
}

static void work_is_invalid(struct bench *bench, const char *key)
{
	struct err err = { .code = ERR_INVALID };

	kube_queue_done(bench->queue, key, &err);
}

static void work_conflicts(struct bench *bench, const char *key)
{
	struct err err = { .code = ERR_CONFLICT };

	kube_queue_done(bench->queue, key, &err);
}

static void work_is_told_to_wait(struct bench *bench, const char *key)
{
	struct err err = { .code = ERR_RETRY, .retry_after_ms = 300 };

	kube_queue_done(bench->queue, key, bench->passes == 1 ? &err : NULL);
}

static void work_adds_itself_once(struct bench *bench, const char *key)
{
	if (bench->passes == 1)
		kube_queue_add(bench->queue, key);
	kube_queue_done(bench->queue, key, NULL);
}

static void work_forgets_and_fails(struct bench *bench, const char *key)
{
	kube_queue_forget(bench->queue, key);
	work_fails(bench, key);
}

static void a_key_added_twice_is_worked_on_once(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 1, work_well);
	kube_queue_add(bench.queue, "a");
	kube_queue_add(bench.queue, "b");
	kube_queue_add(bench.queue, "a");
	assert_int_equal(kube_queue_depth(bench.queue), 2);
	bench_run_ms(&bench, 50);
	assert_int_equal(bench.passes, 2);
	assert_string_equal(bench.keys[0], "a");
	assert_string_equal(bench.keys[1], "b");
	assert_int_equal(kube_queue_depth(bench.queue), 0);
	bench_end(&bench);
}

static void no_more_passes_run_than_there_are_workers(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 2, work_later);
	kube_queue_add(bench.queue, "a");
	kube_queue_add(bench.queue, "b");
	kube_queue_add(bench.queue, "c");
	bench_run_ms(&bench, 50);
	assert_int_equal(bench.passes, 2);
	assert_int_equal(kube_queue_depth(bench.queue), 1);
	kube_queue_done(bench.queue, "a", NULL);
	bench.is_late = false;
	bench_run(&bench, 3);
	assert_string_equal(bench.keys[2], "c");
	bench_end(&bench);
}

static void a_key_added_during_its_pass_comes_again_after_it(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 4, work_adds_itself_once);
	kube_queue_add(bench.queue, "a");
	bench_run(&bench, 2);
	bench_run_ms(&bench, 50);
	assert_int_equal(bench.passes, 2);
	bench_end(&bench);
}

static void a_failure_comes_back_with_growing_pauses(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 1, work_fails);
	kube_queue_add(bench.queue, "a");
	bench_run(&bench, 4);
	assert_true(bench.began_ms[1] - bench.began_ms[0] >= 80); /* 100 less a fifth */
	assert_true(bench.began_ms[2] - bench.began_ms[1] >= 160);
	assert_true(bench.began_ms[3] - bench.began_ms[2] >= 320);
	bench_end(&bench);
}

static void what_is_invalid_is_not_tried_again(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 1, work_is_invalid);
	kube_queue_add(bench.queue, "a");
	bench_run_ms(&bench, 300);
	assert_int_equal(bench.passes, 1);
	bench.is_late = false;
	kube_queue_add(bench.queue, "a");
	bench_run(&bench, 2);
	bench_end(&bench);
}

static void the_first_conflict_is_tried_again_at_once(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 1, work_conflicts);
	kube_queue_add(bench.queue, "a");
	bench_run(&bench, 3);
	assert_true(bench.began_ms[1] - bench.began_ms[0] < 80);
	assert_true(bench.began_ms[2] - bench.began_ms[1] >= 80);
	bench_end(&bench);
}

static void retry_after_is_kept_to(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 1, work_is_told_to_wait);
	kube_queue_add(bench.queue, "a");
	bench_run(&bench, 2);
	assert_true(bench.began_ms[1] - bench.began_ms[0] >= 300);
	bench_end(&bench);
}

static void a_key_may_be_added_for_later(void **state)
{
	struct bench bench;
	int64_t start_ms;

	(void)state;
	bench_start(&bench, 1, work_well);
	start_ms = loop_now_ms(bench.loop);
	kube_queue_add_after(bench.queue, "a", 3000);
	kube_queue_add_after(bench.queue, "a", 50); /* the earlier one counts */
	kube_queue_add_after(bench.queue, "a", 4000);
	bench_run(&bench, 1);
	assert_true(bench.began_ms[0] - start_ms >= 50 && bench.began_ms[0] - start_ms < 3000);
	bench_end(&bench);
}

static void a_forgotten_key_is_not_retried(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 1, work_forgets_and_fails);
	kube_queue_add(bench.queue, "a");
	kube_queue_add(bench.queue, "b");
	kube_queue_add_after(bench.queue, "c", 20);
	kube_queue_forget(bench.queue, "b");
	kube_queue_forget(bench.queue, "c");
	kube_queue_forget(bench.queue, "unknown");
	bench_run_ms(&bench, 300);
	assert_int_equal(bench.passes, 1);
	assert_string_equal(bench.keys[0], "a");
	bench_end(&bench);
}

static void a_queue_may_be_freed_while_passes_run(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, 2, work_later);
	kube_queue_add(bench.queue, "a");
	kube_queue_add_after(bench.queue, "b", 10000);
	bench_run(&bench, 1);
	kube_queue_add(bench.queue, "c");
	bench_end(&bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_added_twice_is_worked_on_once),
		cmocka_unit_test(no_more_passes_run_than_there_are_workers),
		cmocka_unit_test(a_key_added_during_its_pass_comes_again_after_it),
		cmocka_unit_test(a_failure_comes_back_with_growing_pauses),
		cmocka_unit_test(what_is_invalid_is_not_tried_again),
		cmocka_unit_test(the_first_conflict_is_tried_again_at_once),
		cmocka_unit_test(retry_after_is_kept_to),
		cmocka_unit_test(a_key_may_be_added_for_later),
		cmocka_unit_test(a_forgotten_key_is_not_retried),
		cmocka_unit_test(a_queue_may_be_freed_while_passes_run),
	};

	return cmocka_run_group_tests_name("kube/queue", tests, NULL, NULL);
}
