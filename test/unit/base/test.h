/* SPDX-License-Identifier: Apache-2.0 */
/* unit/base/test.h — cmocka with what it wants included before it, and the death of a child as a fact to assert. */
#ifndef KRYPTON_UNIT_BASE_TEST_H
#define KRYPTON_UNIT_BASE_TEST_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs act(arg) in a child without standard error and gives its wait status; the child exits 0 if act returns. */
static inline int child_status(void (*act)(void *arg), void *arg)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)close(STDERR_FILENO);
		act(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Asserts that act(arg) ends its process by abort(). */
static inline void assert_aborts(void (*act)(void *arg), void *arg)
{
	int status = child_status(act, arg);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

#endif
