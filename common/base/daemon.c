/* SPDX-License-Identifier: Apache-2.0 */
/* base/daemon.c — the process around a daemon: what is set before anything runs, and how it is asked to end. */
#include "base/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/json.h"

/* One daemon a process; kept here because the loop keeps the pointer until its end. */
static struct {
	void (*on_stop)(void *arg);
	void *arg;
	bool is_asked;
} daemon_end;

static void on_signal(void *arg)
{
	(void)arg;
	if (daemon_end.is_asked) {
		log_flush();
		_exit(1);
	}
	daemon_end.is_asked = true;
	daemon_end.on_stop(daemon_end.arg);
}

static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: the soft limit stays, accept() will say so */
}

void daemon_setup(const char *component, enum log_level level)
{
	BUG_ON(signal(SIGPIPE, SIG_IGN) == SIG_ERR);
	descriptors_raise();
	json_setup();
	log_setup(component, level);
}

void daemon_on_stop(struct loop *loop, void (*on_stop)(void *arg), void *arg)
{
	daemon_end.on_stop = on_stop;
	daemon_end.arg = arg;
	daemon_end.is_asked = false;
	loop_on_signal(loop, SIGTERM, on_signal, NULL);
	loop_on_signal(loop, SIGINT, on_signal, NULL);
}

int daemon_refuse(const char *component, const struct err *err)
{
	(void)fprintf(stderr, "%s: %s\n", component, err->message);
	return DAEMON_EXIT_CONFIG;
}

const char *daemon_version(void)
{
	return KRYPTON_VERSION;
}
