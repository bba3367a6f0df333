/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_follow URL SILENCE_MS LINE… — follows pods at a scripted API server and says what a reflector and its cache say:
 * added KEY VERSION, changed KEY VERSION, gone KEY, synced, trouble TEXT, well. LINE…: wire/kube_script.h.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/daemon.h"
#include "base/json.h"
#include "base/mem.h"
#include "kube/cache.h"
#include "test/wire/kube_script.h"

static void *row_from(void *arg, const struct json_t *object)
{
	const char *version = json_text_at(object, "/metadata/resourceVersion");

	(void)arg;
	return mem_copy_text(version == NULL ? "" : version);
}

static void on_change(void *arg, const char *key, const void *old, const void *now)
{
	char line[512];

	if (now == NULL)
		(void)snprintf(line, sizeof(line), "gone %s", key);
	else
		(void)snprintf(line, sizeof(line), "%s %s %s", old == NULL ? "added" : "changed", key, (const char *)now);
	script_say(arg, line);
}

static void on_synced(void *arg)
{
	script_say(arg, "synced");
}

static void on_trouble(void *arg, const struct err *err)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "trouble %s", err == NULL ? "" : err->message);
	script_say(arg, err == NULL ? "well" : line);
}

static int follow(struct loop *loop, struct kube_client *client, int64_t silence_ms, char **lines, int line_count)
{
	struct script script = { 0 };
	struct kube_cache *cache = kube_cache_new(loop, client,
		&(struct kube_cache_options){
			.follow = { .resource = &KUBE_PODS, .name_space = "default", .silence_ms = silence_ms },
			.arg = &script,
			.row_from = row_from,
			.row_free = mem_release,
			.on_change = on_change,
			.on_synced = on_synced,
			.on_trouble = on_trouble,
		});

	script_start(&script, loop, lines, line_count);
	kube_cache_start(cache);
	int status = script_run(&script);
	kube_cache_free(&cache);
	return status;
}

int main(int argc, char **argv)
{
	struct kube_config config = { 0 };
	struct err err = { 0 };
	int64_t silence_ms;

	daemon_setup("kube_follow", getenv("DEBUG") == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
	if (argc < 4 || text_to_int(text_of(argv[2]), 1, 600000, &silence_ms) == -1) {
		(void)fprintf(stderr, "usage: kube_follow URL SILENCE_MS LINE...\n");
		return DAEMON_EXIT_CONFIG;
	}
	config.server = argv[1];
	struct loop *loop = loop_new();
	struct kube_client *client = kube_client_new(loop, &config, "kube_follow", &err);
	if (client == NULL)
		return daemon_refuse("kube_follow", &err);
	int status = follow(loop, client, silence_ms, argv + 3, argc - 3);
	kube_client_free(&client);
	loop_free(&loop);
	return status;
}
