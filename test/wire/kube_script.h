/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire/kube_script.h — what a driver is expected to say, line by line, from its arguments. A line that ends in * is a
 * beginning. Between lines: `pause MS` and `within MS` say when, counted from the line before, the next one comes at the
 * earliest and at the latest; `do STEP` has the driver do something. The loop ends with status 0 behind the last line, with 1
 * at the first other one or after SCRIPT_DEADLINE_MS.
 */
#ifndef KRYPTON_WIRE_KUBE_SCRIPT_H
#define KRYPTON_WIRE_KUBE_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/loop.h"
#include "base/text.h"

#define SCRIPT_DEADLINE_MS 20000

struct script {
	struct loop *loop;
	struct loop_timer *deadline;
	char **lines;
	int line_count, seen;
	int64_t said_ms;                              /* when the last line came */
	int status;                                   /* -1: goes on */
	void (*on_step)(void *arg, const char *step); /* `do STEP`; NULL: there are none */
	void *arg;
};

static inline void script_end(struct script *script, int status)
{
	if (script->status == -1)
		script->status = status;
	loop_stop(script->loop);
}

static inline void script_on_deadline(void *arg)
{
	(void)printf("nothing more within %d ms\n", SCRIPT_DEADLINE_MS);
	script_end(arg, 1);
}

static inline void script_start(struct script *script, struct loop *loop, char **lines, int line_count)
{
	script->loop = loop;
	script->lines = lines;
	script->line_count = line_count;
	script->status = -1;
	script->said_ms = loop_now_ms(loop);
	script->deadline = loop_timer_new(loop, script_on_deadline, script);
	loop_timer_set(script->deadline, SCRIPT_DEADLINE_MS);
}

/* The line the script is at, if it begins with word; what is behind it in *ret_rest. */
static inline bool script_is_at(const struct script *script, const char *word, const char **ret_rest)
{
	size_t len = strlen(word);

	if (script->seen >= script->line_count || strncmp(script->lines[script->seen], word, len) != 0)
		return false;
	*ret_rest = script->lines[script->seen] + len;
	return true;
}

static inline bool script_times_are_kept(struct script *script)
{
	int64_t limit_ms, passed_ms = loop_now_ms(script->loop) - script->said_ms;
	const char *rest;
	bool is_kept = true;

	while (script_is_at(script, "pause ", &rest) || script_is_at(script, "within ", &rest)) {
		bool is_earliest = script->lines[script->seen][0] == 'p';

		if (text_to_int(text_of(rest), 0, SCRIPT_DEADLINE_MS, &limit_ms) == -1 ||
			(is_earliest ? passed_ms < limit_ms : passed_ms > limit_ms))
			is_kept = false;
		script->seen++;
	}
	if (!is_kept)
		(void)printf("after %lld ms\n", (long long)passed_ms);
	script->said_ms = loop_now_ms(script->loop);
	return is_kept;
}

static inline bool script_expects(const struct script *script, const char *line)
{
	const char *expected = script->seen < script->line_count ? script->lines[script->seen] : "(nothing)";
	size_t len = strlen(expected);

	if (len > 0 && expected[len - 1] == '*' ? strncmp(line, expected, len - 1) == 0 : strcmp(line, expected) == 0)
		return true;
	(void)printf("expected: %s\n", expected);
	return false;
}

/* The driver says a line. */
static inline void script_say(struct script *script, const char *line)
{
	const char *step;

	if (script->status != -1)
		return;
	(void)printf("%s\n", line);
	(void)fflush(stdout);
	if (!script_times_are_kept(script) || !script_expects(script, line)) {
		script_end(script, 1);
		return;
	}
	script->seen++;
	while (script_is_at(script, "do ", &step)) {
		script->seen++;
		script->on_step(script->arg, step);
	}
	if (script->seen == script->line_count)
		script_end(script, 0);
}

static inline int script_run(struct script *script)
{
	loop_run(script->loop);
	loop_timer_free(&script->deadline);
	return script->status;
}

#endif
