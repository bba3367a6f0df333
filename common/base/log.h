/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.h — JSON lines on standard output: ts, level, component, event, then fields. Only daemons log above debug. */
#ifndef KRYPTON_BASE_LOG_H
#define KRYPTON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
/* Their words, for a setting (OPTION_CHOICE); NULL behind the last. */
extern const char *const LOG_LEVELS[];

struct log_field {
	const char *name; /* NULL ends a list */
	enum { LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_BOOL, LOG_KIND_DOUBLE } kind;
	struct text text;
	int64_t number;
	double real;
};

#define LOG_STR(name_, value_)    ((struct log_field){ .name = (name_), .kind = LOG_KIND_TEXT, .text = text_of(value_) })
#define LOG_TEXT(name_, value_)   ((struct log_field){ .name = (name_), .kind = LOG_KIND_TEXT, .text = (value_) })
#define LOG_INT(name_, value_)    ((struct log_field){ .name = (name_), .kind = LOG_KIND_INT, .number = (value_) })
#define LOG_BOOL(name_, value_)   ((struct log_field){ .name = (name_), .kind = LOG_KIND_BOOL, .number = (value_) })
#define LOG_DOUBLE(name_, value_) ((struct log_field){ .name = (name_), .kind = LOG_KIND_DOUBLE, .real = (value_) })
#define LOG_ERR(err_)             LOG_STR("error", (err_)->message)

/* component: the daemon's name, kept by pointer. Lines below level are dropped. */
void log_setup(const char *component, enum log_level level);
bool log_is_on(enum log_level level);

/* event is "noun.past_tense"; values are fields, never glued into text; secrets are never fields. Text that is not UTF-8 is
 * escaped. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* While on, lines are gathered and written together: by log_flush(), where 32 KiB are full, and behind a warning. A loop that
   runs holds them from one wait to the next. */
void log_hold(bool is_on);
void log_flush(void);

#define log_line(level_, event_, ...) \
	log_write((level_), (event_), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .name = NULL } })
#define log_debug(event_, ...) log_line(LOG_LEVEL_DEBUG, event_ __VA_OPT__(, ) __VA_ARGS__)
#define log_info(event_, ...)  log_line(LOG_LEVEL_INFO, event_ __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(event_, ...)  log_line(LOG_LEVEL_WARN, event_ __VA_OPT__(, ) __VA_ARGS__)
#define log_error(event_, ...) log_line(LOG_LEVEL_ERROR, event_ __VA_OPT__(, ) __VA_ARGS__)

#endif
