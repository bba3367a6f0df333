/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler's front door: settings, loop, signals. */
#include "base/daemon.h"
#include "scaler/scaler.h"

#define COMPONENT "scaler"

static void on_stop(void *arg)
{
	scaler_stop(arg);
}

int main(int argc, char **argv)
{
	struct scaler_options options;
	struct err err = { 0 };
	struct loop *loop;
	struct scaler *scaler;

	switch (scaler_options_parse(argc, argv, &options, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse(COMPONENT, &err);
	case OPTIONS_RUN: break;
	}
	daemon_setup(COMPONENT, options.log_level);
	loop = loop_new();
	scaler = scaler_new(loop, &options, &err);
	if (scaler == NULL) {
		loop_free(&loop);
		return daemon_refuse(COMPONENT, &err);
	}
	log_info("scaler.started", LOG_STR("version", daemon_version()), LOG_INT("interval_ms", options.interval_ms));
	daemon_on_stop(loop, on_stop, scaler);
	loop_run(loop);
	scaler_free(&scaler);
	loop_free(&loop);
	log_info("scaler.stopped");
	return 0;
}
