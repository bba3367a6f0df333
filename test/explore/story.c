/* SPDX-License-Identifier: Apache-2.0 */
/* Lines like "12.340 gateway-1 asks for one replica". The daemons' own log lines are part of it: this room stands for base/log. */
#include "test/explore/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "test/explore/agenda.h"
#include "test/explore/process.h"

const char *const LOG_LEVELS[] = { "debug", "info", "warn", "error", NULL };

static bool told;
static const char *broken;
static char detail[512];

void story_begin(bool is_told)
{
	told = is_told;
	broken = NULL;
	detail[0] = '\0';
}

void story_end(void)
{
	told = false;
}

bool story_is_told(void)
{
	return told;
}

static void put_time(void)
{
	(void)printf("%4" PRId64 ".%03" PRId64 " ", agenda_elapsed_ms() / 1000, agenda_elapsed_ms() % 1000);
}

void story_tell(const char *format, ...)
{
	va_list arguments;

	if (!told)
		return;
	put_time();
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)putchar('\n');
}

void story_break(const char *invariant, const char *format, ...)
{
	va_list arguments;

	if (broken != NULL)
		return;
	broken = invariant;
	va_start(arguments, format);
	(void)vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	story_tell("*** broken: %s: %s", invariant, detail);
}

const char *story_broken(void)
{
	return broken;
}

const char *story_detail(void)
{
	return detail;
}

void log_setup(const char *component, enum log_level level)
{
	(void)component;
	(void)level;
}

bool log_is_on(enum log_level level)
{
	return told && level > LOG_LEVEL_DEBUG;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	if (!log_is_on(level))
		return;
	put_time();
	(void)printf("%s says %s", process_name(), event);
	for (; fields->name != NULL; fields++) {
		if (fields->kind == LOG_KIND_TEXT && fields->text.len > 0)
			(void)printf(" %s=%.*s", fields->name, TEXT_ARGS(fields->text));
		else if (fields->kind == LOG_KIND_INT)
			(void)printf(" %s=%" PRId64, fields->name, fields->number);
	}
	(void)putchar('\n');
}

void log_hold(bool is_on)
{
	(void)is_on;
}

void log_flush(void)
{
}
