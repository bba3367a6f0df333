/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "test/unit/base/test.h"

/* What happened, as letters in order; each test starts with none. */
static char happened[64];
static struct loop *loop;

static void happen(char what)
{
	size_t len = strlen(happened);

	assert_true(len + 1 < sizeof(happened));
	happened[len] = what;
	happened[len + 1] = '\0';
}

static int loop_open(void **state)
{
	(void)state;
	memset(happened, 0, sizeof(happened));
	loop = loop_new();
	return 0;
}

static int loop_close(void **state)
{
	(void)state;
	loop_free(&loop);
	return loop == NULL ? 0 : -1;
}

static void on_letter(void *arg)
{
	happen(*(const char *)arg);
}

static void on_last(void *arg)
{
	on_letter(arg);
	loop_stop(loop);
}

static struct loop_timer *timer_in(int64_t delay_ms, void (*on_due)(void *arg), void *arg)
{
	struct loop_timer *timer = loop_timer_new(loop, on_due, arg);

	loop_timer_set(timer, delay_ms);
	return timer;
}

static void timers_come_in_the_order_of_their_times(void **state)
{
	char a[] = "a", b[] = "b", c[] = "c", d[] = "d";
	struct loop_timer *timers[] = { timer_in(12, on_last, d), timer_in(3, on_letter, b), timer_in(6, on_letter, c),
		timer_in(0, on_letter, a) };

	(void)state;
	loop_run(loop);
	assert_string_equal(happened, "abcd");
	for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
		assert_false(loop_timer_is_set(timers[i]));
		loop_timer_free(&timers[i]);
		assert_null(timers[i]);
	}
}

static void a_timer_set_anew_forgets_its_old_time(void **state)
{
	char a[] = "a", b[] = "b";
	scoped(loop_timer) moved = timer_in(1, on_last, b);
	scoped(loop_timer) canceled = timer_in(2, on_letter, b);
	scoped(loop_timer) first = timer_in(5, on_letter, a);

	(void)state;
	assert_true(loop_timer_is_set(canceled));
	loop_timer_set(moved, 10);
	loop_timer_cancel(canceled);
	assert_false(loop_timer_is_set(canceled));
	loop_run(loop);
	assert_string_equal(happened, "ab");
}

struct deadline {
	struct loop_timer *timer;
	int64_t due_ms;
	int rounds;
};

static void on_deadline(void *arg)
{
	struct deadline *deadline = arg;

	assert_true(loop_now_ms(loop) >= deadline->due_ms);
	if (--deadline->rounds == 0) {
		loop_stop(loop);
		return;
	}
	deadline->due_ms = loop_now_ms(loop) + deadline->rounds % 3;
	loop_timer_set(deadline->timer, deadline->rounds % 3);
}

static void a_timer_is_never_early(void **state)
{
	struct deadline deadline = { .rounds = 200, .due_ms = loop_now_ms(loop) + 1 };
	scoped(loop_timer) timer = loop_timer_new(loop, on_deadline, &deadline);

	(void)state;
	deadline.timer = timer;
	loop_timer_set(timer, 1);
	loop_run(loop);
	assert_int_equal(deadline.rounds, 0);
}

static void the_clock_moves_while_the_loop_does_not_run(void **state)
{
	int64_t before = loop_now_ms(loop);

	(void)state;
	while (instant_monotonic_ms() < before + 5)
		continue;
	assert_true(loop_now_ms(loop) >= before + 5);
	int64_t set_at = loop_now_ms(loop);
	char a[] = "a";
	scoped(loop_timer) timer = timer_in(5, on_last, a);
	loop_run(loop);
	assert_true(instant_monotonic_ms() >= set_at + 5);
}

static void free_timer_of_arg(void *arg)
{
	happen('f');
	loop_timer_free(arg);
	loop_stop(loop);
}

static void a_timer_may_free_itself(void **state)
{
	struct loop_timer *timer = NULL;

	(void)state;
	timer = timer_in(0, free_timer_of_arg, &timer);
	loop_run(loop);
	assert_string_equal(happened, "f");
	assert_null(timer);
}

/* Two timers due at once; whichever comes first frees the other, which must not be heard of again. */
struct rivals {
	struct loop_timer *timers[2];
};

static void on_rival(void *arg)
{
	struct rivals *rivals = arg;

	happen('r');
	loop_timer_free(&rivals->timers[0]);
	loop_timer_free(&rivals->timers[1]);
	loop_stop(loop);
}

static void a_freed_timer_that_was_due_too_is_not_called(void **state)
{
	struct rivals rivals = { 0 };

	(void)state;
	rivals.timers[0] = timer_in(0, on_rival, &rivals);
	rivals.timers[1] = timer_in(0, on_rival, &rivals);
	loop_run(loop);
	assert_string_equal(happened, "r");
}

static void defer_letter(void *arg)
{
	happen('t');
	loop_defer(loop, on_last, arg);
}

static void deferred_calls_run_before_the_loop_waits(void **state)
{
	char d[] = "d", late[] = "l";
	scoped(loop_timer) timer = timer_in(0, defer_letter, d);
	scoped(loop_timer) never = timer_in(60000, on_letter, late);
	int64_t before = instant_monotonic_ms();

	(void)state;
	loop_run(loop);
	assert_string_equal(happened, "td");
	assert_true(instant_monotonic_ms() - before < 30000);
}

static void defer_first(void *arg)
{
	happen('1');
	loop_defer(loop, on_last, arg);
}

static void a_deferred_call_may_defer_another(void **state)
{
	char d[] = "2";

	(void)state;
	loop_defer(loop, defer_first, d);
	loop_run(loop);
	assert_string_equal(happened, "12");
}

static int defers_left;

static void defer_again(void *arg)
{
	if (--defers_left > 0)
		loop_defer(loop, defer_again, arg);
}

static void end_the_defers(void *arg)
{
	on_last(arg);
	defers_left = 1;
}

static void calls_that_defer_each_other_let_timers_through(void **state)
{
	char a[] = "a";
	scoped(loop_timer) timer = timer_in(1, end_the_defers, a);

	(void)state;
	defers_left = INT32_MAX;
	loop_defer(loop, defer_again, NULL);
	loop_run(loop); /* ends at all: the timer came in between */
	assert_string_equal(happened, "a");
}

static void many_deferred_calls_come_in_order(void **state)
{
	static char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	(void)state;
	for (size_t i = 0; i < sizeof(letters) - 1; i++)
		loop_defer(loop, letters[i] == '9' ? on_last : on_letter, &letters[i]);
	loop_run(loop);
	assert_string_equal(happened, letters);
}

static void stop_then_defer(void *arg)
{
	loop_stop(loop);
	loop_defer(loop, on_letter, arg);
}

static void what_is_deferred_at_the_end_still_runs(void **state)
{
	char d[] = "d", e[] = "e";
	struct loop_timer *timer = timer_in(0, stop_then_defer, d);

	(void)state;
	loop_run(loop);
	assert_string_equal(happened, "d");
	loop_timer_free(&timer);
	loop_defer(loop, on_letter, e);
	loop_free(&loop);
	assert_string_equal(happened, "de");
}

struct socket_pair {
	int ours, theirs;
	struct loop_io *io;
};

static void pair_open(struct socket_pair *pair)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	pair->ours = fds[0];
	pair->theirs = fds[1];
}

static void pair_close(struct socket_pair *pair)
{
	loop_io_free(&pair->io);
	(void)close(pair->ours);
	(void)close(pair->theirs);
}

static void on_events(void *arg, int events)
{
	(void)arg;
	happen(events == (LOOP_READ | LOOP_WRITE) ? 'b' : events == LOOP_READ ? 'r' : 'w');
	loop_stop(loop);
}

static void readiness_is_told_for_what_is_watched(void **state)
{
	static const struct {
		int events;
		const char *told;
	} rows[] = { { LOOP_READ, "r" }, { LOOP_WRITE, "w" }, { LOOP_READ | LOOP_WRITE, "b" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct socket_pair pair;

		pair_open(&pair);
		assert_int_equal(write(pair.theirs, "x", 1), 1);
		pair.io = loop_io_new(loop, pair.ours, on_events, NULL);
		happened[0] = '\0';
		loop_io_set(pair.io, rows[i].events);
		loop_run(loop);
		assert_string_equal(happened, rows[i].told);
		pair_close(&pair);
	}
}

static void an_unwatched_descriptor_is_silent(void **state)
{
	struct socket_pair pair;
	char a[] = "a";
	scoped(loop_timer) timer = timer_in(5, on_last, a);

	(void)state;
	pair_open(&pair);
	assert_int_equal(write(pair.theirs, "x", 1), 1);
	pair.io = loop_io_new(loop, pair.ours, on_events, NULL);
	loop_io_set(pair.io, LOOP_READ | LOOP_WRITE);
	loop_io_set(pair.io, 0);
	loop_run(loop);
	assert_string_equal(happened, "a");
	pair_close(&pair);
}

static void on_pause(void *arg, int events)
{
	struct socket_pair *pair = arg;

	(void)events;
	happen('r');
	loop_io_set(pair->io, 0);
	(void)close(pair->theirs); /* the hang-up that epoll reports unasked must not spin the loop */
	pair->theirs = -1;
}

static void a_paused_descriptor_stays_silent_when_its_peer_hangs_up(void **state)
{
	struct socket_pair pair;
	char a[] = "a";
	scoped(loop_timer) timer = timer_in(10, on_last, a);

	(void)state;
	pair_open(&pair);
	assert_int_equal(write(pair.theirs, "x", 1), 1);
	pair.io = loop_io_new(loop, pair.ours, on_pause, &pair);
	loop_io_set(pair.io, LOOP_READ);
	loop_run(loop);
	assert_string_equal(happened, "ra");
	loop_io_set(pair.io, LOOP_READ);
	loop_timer_set(timer, 10);
	loop_run(loop);
	assert_string_equal(happened, "rara");
	pair_close(&pair);
}

static void free_io_of_arg(void *arg, int events)
{
	struct socket_pair *pair = arg;

	(void)events;
	happen('f');
	loop_io_free(&pair->io);
	loop_stop(loop);
}

static void an_io_may_free_itself(void **state)
{
	struct socket_pair pair;

	(void)state;
	pair_open(&pair);
	pair.io = loop_io_new(loop, pair.ours, free_io_of_arg, &pair);
	loop_io_set(pair.io, LOOP_WRITE);
	loop_run(loop);
	assert_string_equal(happened, "f");
	assert_null(pair.io);
	pair_close(&pair);
}

static struct socket_pair twins[2];

static void on_twin(void *arg, int events)
{
	(void)arg;
	(void)events;
	happen('t');
	for (size_t i = 0; i < ARRAY_LEN(twins); i++) {
		loop_io_free(&twins[i].io);
		(void)close(twins[i].ours);
		twins[i].ours = -1;
	}
}

static void a_freed_io_that_was_ready_too_is_not_called(void **state)
{
	char a[] = "a";
	scoped(loop_timer) timer = timer_in(5, on_last, a);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(twins); i++) {
		pair_open(&twins[i]);
		twins[i].io = loop_io_new(loop, twins[i].ours, on_twin, NULL);
		loop_io_set(twins[i].io, LOOP_WRITE);
	}
	loop_run(loop);
	assert_string_equal(happened, "ta");
	for (size_t i = 0; i < ARRAY_LEN(twins); i++)
		(void)close(twins[i].theirs);
}

/* A descriptor number is used again at once after close(): the new watcher must hear of it. */
static void a_reused_descriptor_number_is_watched_anew(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		struct socket_pair pair;

		pair_open(&pair);
		pair.io = loop_io_new(loop, pair.ours, on_events, NULL);
		loop_io_set(pair.io, LOOP_WRITE);
		loop_run(loop);
		pair_close(&pair);
	}
	assert_string_equal(happened, "www");
}

static void raise_signal(void *arg)
{
	assert_int_equal(raise(*(const int *)arg), 0);
}

static void signals_are_told_in_the_loop(void **state)
{
	int number = SIGUSR1;
	char s[] = "s";
	scoped(loop_timer) timer = timer_in(0, raise_signal, &number);

	(void)state;
	loop_on_signal(loop, SIGUSR1, on_last, s);
	loop_run(loop);
	assert_string_equal(happened, "s");
}

static void handle_twice(void *arg)
{
	(void)arg;
	loop_on_signal(loop, SIGUSR1, on_last, NULL);
	loop_on_signal(loop, SIGUSR1, on_last, NULL);
}

static void a_second_handler_of_a_signal_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(handle_twice, NULL);
}

static void freeing_nothing_is_fine(void **state)
{
	struct loop_io *io = NULL;
	struct loop_timer *timer = NULL;
	struct loop *none = NULL;

	(void)state;
	loop_io_free(&io);
	loop_timer_free(&timer);
	loop_free(&none);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, loop_open, loop_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(timers_come_in_the_order_of_their_times),
		LOOP_TEST(a_timer_set_anew_forgets_its_old_time),
		LOOP_TEST(a_timer_is_never_early),
		LOOP_TEST(the_clock_moves_while_the_loop_does_not_run),
		LOOP_TEST(a_timer_may_free_itself),
		LOOP_TEST(a_freed_timer_that_was_due_too_is_not_called),
		LOOP_TEST(deferred_calls_run_before_the_loop_waits),
		LOOP_TEST(a_deferred_call_may_defer_another),
		LOOP_TEST(calls_that_defer_each_other_let_timers_through),
		LOOP_TEST(many_deferred_calls_come_in_order),
		LOOP_TEST(what_is_deferred_at_the_end_still_runs),
		LOOP_TEST(readiness_is_told_for_what_is_watched),
		LOOP_TEST(an_unwatched_descriptor_is_silent),
		LOOP_TEST(a_paused_descriptor_stays_silent_when_its_peer_hangs_up),
		LOOP_TEST(an_io_may_free_itself),
		LOOP_TEST(a_freed_io_that_was_ready_too_is_not_called),
		LOOP_TEST(a_reused_descriptor_number_is_watched_anew),
		LOOP_TEST(signals_are_told_in_the_loop),
		LOOP_TEST(a_second_handler_of_a_signal_is_a_bug),
		LOOP_TEST(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests_name("base/loop", tests, NULL, NULL);
}
