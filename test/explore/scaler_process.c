/* SPDX-License-Identifier: Apache-2.0 */
/* The real scaler in a process of its own, without a Lease: one at a time. */
#include "krypton/ports.h"
#include "scaler/scaler.h"
#include "test/explore/agenda.h"
#include "test/explore/choice.h"
#include "test/explore/gateways.h"
#include "test/explore/process.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"

static struct loop *loop;
static struct scaler *scaler;
static struct scaler_options options;
static struct moment *again;
static int64_t since_ms;

static void begin(void *arg)
{
	struct err err = { 0 };

	(void)arg;
	scaler = scaler_new(loop, &options, &err);
	BUG_ON(scaler == NULL);
}

static void end(void *arg)
{
	(void)arg;
	scaler_free(&scaler);
}

static void on_again(void *arg)
{
	(void)arg;
	again = NULL;
	story_tell("the scaler starts");
	since_ms = agenda_now_ms();
	loop = process_new("scaler", "10.3.0.1", 0);
	process_run(loop, begin, NULL);
}

void scaler_process_start(void)
{
	struct err err = { 0 };
	char *arguments[] = { (char[]){ "scaler" }, NULL };

	BUG_ON(scaler_options_parse(1, arguments, &options, &err) != OPTIONS_RUN);
	options.interval_ms = settings_get()->interval_ms;
	options.stable_window_ms = settings_get()->stable_window_ms;
	on_again(NULL);
}

static void leave(void)
{
	if (loop == NULL)
		return;
	process_end(loop, end, NULL);
	process_free(&loop);
}

void scaler_process_suffer(void)
{
	if (loop == NULL || choice_between(0, 9999) >= settings_get()->scaler_restart)
		return;
	story_tell("the scaler crashes");
	leave();
	again = agenda_in(choice_between(100, 5000), on_again, NULL);
}

void scaler_process_stop(void)
{
	agenda_drop(&again);
	leave();
}

int64_t scaler_process_since_ms(void)
{
	return loop != NULL ? since_ms : INT64_MAX;
}
