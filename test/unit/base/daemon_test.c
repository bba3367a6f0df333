/* SPDX-License-Identifier: Apache-2.0 */
#include "base/daemon.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "test/unit/base/test.h"

static struct loop *loop;

static void stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void raise_signal(void *arg)
{
	(void)raise(*(const int *)arg);
}

static void run_until_asked(void *arg)
{
	loop = loop_new();
	struct loop_timer *timer = loop_timer_new(loop, raise_signal, arg);

	daemon_on_stop(loop, stop_loop, NULL);
	loop_timer_set(timer, 0);
	loop_run(loop);
	loop_timer_free(&timer);
	loop_free(&loop);
}

static void the_first_signal_asks_for_an_orderly_end(void **state)
{
	int signals[] = { SIGTERM, SIGINT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		int status = child_status(run_until_asked, &signals[i]);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void raise_again(void *arg)
{
	(void)arg;
	(void)raise(SIGINT);
}

static void run_and_be_asked_twice(void *arg)
{
	(void)arg;
	loop = loop_new();
	daemon_on_stop(loop, raise_again, NULL); /* does not end the loop: only a second signal will */
	(void)raise(SIGTERM);
	loop_run(loop);
}

static void the_second_signal_ends_the_process_at_once(void **state)
{
	int status = child_status(run_and_be_asked_twice, NULL);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void set_up(void *arg)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 512 };
	int fds[2];

	(void)arg;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		_exit(10);
	daemon_setup("gateway", LOG_LEVEL_INFO);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur != 512)
		_exit(11);
	if (pipe(fds) != 0 || close(fds[0]) != 0 || write(fds[1], "x", 1) != -1)
		_exit(12); /* alive: SIGPIPE is ignored */
}

static void set_up_raises_descriptors_and_survives_a_broken_pipe(void **state)
{
	int status = child_status(set_up, NULL);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_refusal_is_one_line_on_standard_error(void **state)
{
	struct err err = { 0 };
	char line[100] = "";
	int fds[2], stderr_fd = dup(STDERR_FILENO);

	(void)state;
	(void)err_set(&err, ERR_INVALID, "--port: \"x\" is not\nan integer");
	assert_int_equal(pipe(fds), 0);
	assert_int_not_equal(dup2(fds[1], STDERR_FILENO), -1);
	assert_int_equal(daemon_refuse("gateway", &err), DAEMON_EXIT_CONFIG);
	assert_int_not_equal(dup2(stderr_fd, STDERR_FILENO), -1);
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	assert_string_equal(line, "gateway: --port: \"x\" is not an integer\n");
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)close(stderr_fd);
}

static void the_version_is_compiled_in(void **state)
{
	(void)state;
	assert_true(strlen(daemon_version()) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_signal_asks_for_an_orderly_end),
		cmocka_unit_test(the_second_signal_ends_the_process_at_once),
		cmocka_unit_test(set_up_raises_descriptors_and_survives_a_broken_pipe),
		cmocka_unit_test(a_refusal_is_one_line_on_standard_error),
		cmocka_unit_test(the_version_is_compiled_in),
	};

	return cmocka_run_group_tests_name("base/daemon", tests, NULL, NULL);
}
