/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_tell URL PERIOD_MS REASON… — records an Event about the ConfigMap default/told for each REASON, at once and again each
 * PERIOD_MS (0: once), until SIGTERM or for 30 s. A REASON that begins with "!" is a Warning; "Word*3" is Word0, Word1, Word2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/daemon.h"
#include "kube/recorder.h"

#define DEADLINE_MS 30000

struct teller {
	struct loop *loop;
	struct kube_recorder *recorder;
	struct loop_timer *again;
	int64_t period_ms;
	char **reasons;
	int reason_count;
};

static void tell_reason(struct teller *teller, const char *reason)
{
	static const struct kube_reference about = {
		.api_version = "v1", .kind = "ConfigMap", .name_space = "default", .name = "told", .uid = "u-1"
	};
	const char *type = reason[0] == '!' ? "Warning" : "Normal", *times = strchr(reason, '*');
	int64_t count = 1;

	reason += reason[0] == '!';
	if (times == NULL) {
		kube_recorder_event(teller->recorder, &about, type, reason, "a sentence");
		return;
	}
	if (text_to_int(text_of(times + 1), 0, 100000, &count) == -1)
		abort();
	for (int64_t i = 0; i < count; i++) {
		char numbered[64];

		(void)snprintf(numbered, sizeof(numbered), "%.*s%lld", (int)(times - reason), reason, (long long)i);
		kube_recorder_event(teller->recorder, &about, type, numbered, "a sentence");
	}
}

static void tell(void *arg)
{
	struct teller *teller = arg;

	for (int i = 0; i < teller->reason_count; i++)
		tell_reason(teller, teller->reasons[i]);
	if (teller->period_ms > 0)
		loop_timer_set(teller->again, teller->period_ms);
}

static void on_stop(void *arg)
{
	loop_stop(arg);
}

static void on_deadline(void *arg)
{
	(void)fprintf(stderr, "not stopped within %d ms\n", DEADLINE_MS);
	loop_stop(arg);
}

static void run(struct teller *teller, struct kube_client *client)
{
	struct loop_timer *deadline = loop_timer_new(teller->loop, on_deadline, teller->loop);

	teller->recorder = kube_recorder_new(teller->loop, client, "krypton-test", "pod-0");
	teller->again = loop_timer_new(teller->loop, tell, teller);
	loop_timer_set(deadline, DEADLINE_MS);
	daemon_on_stop(teller->loop, on_stop, teller->loop);
	tell(teller);
	loop_run(teller->loop);
	loop_timer_free(&teller->again);
	loop_timer_free(&deadline);
	kube_recorder_free(&teller->recorder);
}

int main(int argc, char **argv)
{
	struct teller teller = { 0 };
	struct kube_config config = { 0 };
	struct err err = { 0 };

	daemon_setup("kube_tell", getenv("DEBUG") == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
	if (argc < 4 || text_to_int(text_of(argv[2]), 0, 60000, &teller.period_ms) == -1) {
		(void)fprintf(stderr, "usage: kube_tell URL PERIOD_MS REASON...\n");
		return DAEMON_EXIT_CONFIG;
	}
	config.server = argv[1];
	teller.reasons = argv + 3;
	teller.reason_count = argc - 3;
	teller.loop = loop_new();
	struct kube_client *client = kube_client_new(teller.loop, &config, "kube_tell", &err);
	if (client == NULL)
		return daemon_refuse("kube_tell", &err);
	run(&teller, client);
	kube_client_free(&client);
	loop_free(&teller.loop);
	return 0;
}
