/* SPDX-License-Identifier: Apache-2.0 */
/* controller/main.c — the front door: settings in, exit status out. */
#include "base/daemon.h"
#include "controller/options.h"
#include "controller/serve.h"

#define COMPONENT "controller"

int main(int argc, char **argv)
{
	struct controller_options options;
	struct err err = { 0 };

	switch (controller_options_parse(argc, argv, &options, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse(COMPONENT, &err);
	case OPTIONS_RUN: break;
	}
	daemon_setup(COMPONENT, options.log_level);
	int status = serve(&options, &err);
	return status == -1 ? daemon_refuse(COMPONENT, &err) : status;
}
