/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_follow URL SILENCE_MS LINE… — follows pods at a scripted API server and
 * prints what a reflector and its cache say, a line each. Ends with 0 as soon
 * as the lines given have been printed, with 1 at the first other one or
 * after 20 s. A LINE that ends in * is a beginning; `pause MS` is no line, but
 * says how long after the line before the next one comes at the earliest.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/daemon.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/cache.h"

#define DEADLINE_MS 20000

struct follow {
	struct loop *loop;
	char **expected;
	int expected_count, seen;
	int64_t said_ms; /* when the last line came */
	int status;
};

static void follow_end(struct follow *follow, int status)
{
	if (follow->status == -1)
		follow->status = status;
	loop_stop(follow->loop);
}

static bool is_expected(const char *line, const char *expected)
{
	size_t len = strlen(expected);

	if (len > 0 && expected[len - 1] == '*')
		return strncmp(line, expected, len - 1) == 0;
	return strcmp(line, expected) == 0;
}

/* Takes `pause MS` off what is expected; false: the line came too early. */
static bool pause_is_over(struct follow *follow)
{
	int64_t pause_ms, passed_ms = loop_now_ms(follow->loop) - follow->said_ms;

	follow->said_ms = loop_now_ms(follow->loop);
	if (follow->seen >= follow->expected_count || strncmp(follow->expected[follow->seen], "pause ", 6) != 0)
		return true;
	if (text_to_int(text_of(follow->expected[follow->seen++] + 6), 0, DEADLINE_MS, &pause_ms) == 0 && passed_ms >= pause_ms)
		return true;
	(void)printf("after %lld ms already\n", (long long)passed_ms);
	return false;
}

static void say(struct follow *follow, const char *what, const char *key, const char *version)
{
	char line[1024];

	if (follow->status != -1)
		return;
	(void)snprintf(
		line, sizeof(line), "%s%s%s%s%s", what, key[0] == '\0' ? "" : " ", key, version[0] == '\0' ? "" : " ", version);
	(void)printf("%s\n", line);
	(void)fflush(stdout);
	if (!pause_is_over(follow) || follow->seen >= follow->expected_count ||
		!is_expected(line, follow->expected[follow->seen])) {
		(void)printf(
			"expected: %s\n", follow->seen < follow->expected_count ? follow->expected[follow->seen] : "(nothing)");
		follow_end(follow, 1);
		return;
	}
	if (++follow->seen == follow->expected_count)
		follow_end(follow, 0);
}

static void *row_from(void *arg, const struct json_t *object)
{
	const char *version = json_text_at(object, "/metadata/resourceVersion");

	(void)arg;
	return mem_copy_text(version == NULL ? "" : version);
}

static void on_change(void *arg, const char *key, const void *old, const void *now)
{
	say(arg, old == NULL ? "added" : now == NULL ? "gone" : "changed", key, now == NULL ? "" : now);
}

static void on_synced(void *arg)
{
	say(arg, "synced", "", "");
}

static void on_trouble(void *arg, const struct err *err)
{
	say(arg, err == NULL ? "well" : "trouble", "", err == NULL ? "" : err->message);
}

static void on_deadline(void *arg)
{
	(void)printf("nothing more within %d ms\n", DEADLINE_MS);
	follow_end(arg, 1);
}

static int follow_run(struct follow *follow, struct kube_client *client, int64_t silence_ms)
{
	struct loop_timer *deadline = loop_timer_new(follow->loop, on_deadline, follow);
	struct kube_cache *cache = kube_cache_new(follow->loop, client,
		&(struct kube_cache_options){
			.follow = { .resource = &KUBE_PODS, .name_space = "default", .silence_ms = silence_ms },
			.arg = follow,
			.row_from = row_from,
			.row_free = mem_release,
			.on_change = on_change,
			.on_synced = on_synced,
			.on_trouble = on_trouble,
		});

	kube_cache_start(cache);
	loop_timer_set(deadline, DEADLINE_MS);
	loop_run(follow->loop);
	kube_cache_free(&cache);
	loop_timer_free(&deadline);
	return follow->status;
}

int main(int argc, char **argv)
{
	struct follow follow = { .status = -1 };
	struct kube_config config = { 0 };
	struct err err = { 0 };
	struct kube_client *client;
	int64_t silence_ms;

	daemon_setup("kube_follow", getenv("DEBUG") == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
	if (argc < 4 || text_to_int(text_of(argv[2]), 1, 600000, &silence_ms) == -1) {
		(void)fprintf(stderr, "usage: kube_follow URL SILENCE_MS LINE...\n");
		return DAEMON_EXIT_CONFIG;
	}
	config.server = argv[1];
	follow.expected = argv + 3;
	follow.expected_count = argc - 3;
	follow.loop = loop_new();
	client = kube_client_new(follow.loop, &config, "kube_follow", &err);
	if (client == NULL)
		return daemon_refuse("kube_follow", &err);
	follow.status = follow_run(&follow, client, silence_ms);
	kube_client_free(&client);
	loop_free(&follow.loop);
	return follow.status;
}
