/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's front door: settings, loop, signals. */
#include "base/daemon.h"
#include "gateway/gateway.h"

#define COMPONENT "gateway"

static void on_stop(void *arg)
{
	gateway_stop(arg);
}

int main(int argc, char **argv)
{
	struct gateway_options options;
	struct err err = { 0 };
	struct loop *loop;
	struct gateway *gateway;

	switch (gateway_options_parse(argc, argv, &options, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse(COMPONENT, &err);
	case OPTIONS_RUN: break;
	}
	daemon_setup(COMPONENT, options.log_level);
	loop = loop_new();
	gateway = gateway_new(loop, &options, &err);
	if (gateway == NULL) {
		loop_free(&loop);
		return daemon_refuse(COMPONENT, &err);
	}
	log_info("gateway.started", LOG_STR("version", daemon_version()), LOG_STR("listen", options.listen_address));
	daemon_on_stop(loop, on_stop, gateway);
	loop_run(loop);
	gateway_free(&gateway);
	loop_free(&loop);
	log_info("gateway.stopped");
	return 0;
}
