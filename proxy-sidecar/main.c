/* SPDX-License-Identifier: Apache-2.0 */
/* krypton-proxy's front door: settings, loop, signals. */
#include <stdio.h>

#include "base/daemon.h"
#include "proxy-sidecar/sidecar.h"

#define COMPONENT "krypton-proxy"

static void on_stop(void *arg)
{
	sidecar_stop(arg);
}

int main(int argc, char **argv)
{
	struct sidecar_options options;
	struct err err = { 0 };
	struct loop *loop;
	struct sidecar *sidecar;

	switch (sidecar_options_parse(argc, argv, &options, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse(COMPONENT, &err);
	case OPTIONS_RUN: break;
	}
	daemon_setup(COMPONENT, options.log_level);
	loop = loop_new();
	sidecar = sidecar_new(loop, &options, &err);
	if (sidecar == NULL) {
		loop_free(&loop);
		return daemon_refuse(COMPONENT, &err);
	}
	log_info("proxy.started", LOG_STR("version", daemon_version()), LOG_STR("agent", options.agent_name),
		LOG_STR("namespace", options.agent_namespace), LOG_STR("listen", options.listen_address),
		LOG_STR("upstream", options.upstream_url));
	daemon_on_stop(loop, on_stop, sidecar);
	loop_run(loop);
	sidecar_free(&sidecar);
	loop_free(&loop);
	log_info("proxy.stopped");
	return 0;
}
