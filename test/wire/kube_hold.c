/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_hold URL TTL_MS LINE… — wants the Lease default/one as `us` at a scripted API server and says: held, lost, released,
 * trouble TEXT, well. Its one step is `do release`. LINE…: wire/kube_script.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/daemon.h"
#include "kube/lease.h"
#include "test/wire/kube_script.h"

struct holder {
	struct script script;
	struct kube_lease *lease;
};

static void on_change(void *arg, bool held)
{
	struct holder *holder = arg;

	script_say(&holder->script, held ? "held" : "lost");
}

static void on_trouble(void *arg, const struct err *err)
{
	struct holder *holder = arg;
	char line[512];

	(void)snprintf(line, sizeof(line), "trouble %s", err == NULL ? "" : err->message);
	script_say(&holder->script, err == NULL ? "well" : line);
}

static void on_released(void *arg)
{
	struct holder *holder = arg;

	script_say(&holder->script, "released");
}

static void on_step(void *arg, const char *step)
{
	struct holder *holder = arg;

	(void)step;
	kube_lease_release(holder->lease, on_released, holder);
}

static int hold(struct loop *loop, struct kube_client *client, int64_t ttl_ms, char **lines, int line_count)
{
	struct holder holder = { 0 };

	holder.script.on_step = on_step;
	holder.script.arg = &holder;
	holder.lease = kube_lease_new(loop, client,
		&(struct kube_lease_options){
			.name_space = "default",
			.name = "one",
			.identity = "us",
			.ttl_ms = ttl_ms,
			.on_change = on_change,
			.on_trouble = on_trouble,
			.arg = &holder,
		});
	script_start(&holder.script, loop, lines, line_count);
	kube_lease_start(holder.lease);
	int status = script_run(&holder.script);
	kube_lease_free(&holder.lease);
	return status;
}

int main(int argc, char **argv)
{
	struct kube_config config = { 0 };
	struct err err = { 0 };
	int64_t ttl_ms;

	daemon_setup("kube_hold", getenv("DEBUG") == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
	if (argc < 4 || text_to_int(text_of(argv[2]), 1, 600000, &ttl_ms) == -1) {
		(void)fprintf(stderr, "usage: kube_hold URL TTL_MS LINE...\n");
		return DAEMON_EXIT_CONFIG;
	}
	config.server = argv[1];
	struct loop *loop = loop_new();
	struct kube_client *client = kube_client_new(loop, &config, "kube_hold", &err);
	if (client == NULL)
		return daemon_refuse("kube_hold", &err);
	int status = hold(loop, client, ttl_ms, argv + 3, argc - 3);
	kube_client_free(&client);
	loop_free(&loop);
	return status;
}
