/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/log.c — one event is one line, and lines are written whole. Neither a
 * line nor a write is longer than PIPE_BUF, so that lines of several writers on
 * one pipe cannot mix; what does not fit is cut inside its value or left out,
 * and the line says so.
 */
#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/utf8.h"

#define LINE_BYTES  4096
#define HELD_BYTES  32768
#define TAIL_BYTES  32   /* kept free for the end of the line */
#define VALUE_BYTES 1024 /* of one text, escaped */

struct line {
	size_t len;
	bool is_full;
	char at[LINE_BYTES];
};

const char *const LOG_LEVELS[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
	NULL,
};

static const char *log_component = "krypton";
static enum log_level log_least = LOG_LEVEL_INFO;

/* Lines that are complete and not yet written. */
static struct {
	bool is_on;
	size_t len;
	char at[HELD_BYTES];
} held;

static void put(struct line *line, const char *bytes, size_t len)
{
	if (line->is_full || len > sizeof(line->at) - TAIL_BYTES - line->len) {
		line->is_full = true;
		return;
	}
	memcpy(line->at + line->len, bytes, len);
	line->len += len;
}

static void put_terminated(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* What the character at the front of text becomes; the bytes of it that are used up are returned. */
static size_t escape_first(struct text text, char out[16])
{
	uint32_t point;
	size_t len = utf8_first(text, &point);

	if (len == 0) {
		(void)snprintf(out, 16, "\\\\x%02x", (unsigned char)text.at[0]);
		return 1;
	}
	if (point == '"' || point == '\\')
		(void)snprintf(out, 16, "\\%c", (char)point);
	else if (point == '\n')
		(void)snprintf(out, 16, "\\n");
	else if (point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029)
		(void)snprintf(out, 16, "\\u%04x", (unsigned)point);
	else
		(void)snprintf(out, 16, "%.*s", (int)len, text.at);
	return len;
}

static bool is_plain(char letter)
{
	return letter >= 0x20 && letter < 0x7f && letter != '"' && letter != '\\';
}

static size_t plain_length(struct text text, size_t max)
{
	size_t len = 0;

	while (len < text.len && len < max && is_plain(text.at[len]))
		len++;
	return len;
}

static void put_text(struct line *line, struct text text)
{
	size_t begin = line->len;

	put(line, "\"", 1);
	while (text.len > 0 && line->len - begin < VALUE_BYTES && !line->is_full) {
		char escaped[16];
		size_t used = plain_length(text, VALUE_BYTES - (line->len - begin));

		if (used > 0) {
			put(line, text.at, used);
		} else {
			used = escape_first(text, escaped);
			put_terminated(line, escaped);
		}
		text.at += used;
		text.len -= used;
	}
	put_terminated(line, text.len > 0 ? "...\"" : "\"");
}

static void put_value(struct line *line, const struct log_field *field)
{
	char number[32];

	switch (field->kind) {
	case LOG_KIND_TEXT:
		if (field->text.at == NULL)
			put_terminated(line, "null");
		else
			put_text(line, field->text);
		return;
	case LOG_KIND_INT: (void)text_put_int(number, field->number); break;
	case LOG_KIND_BOOL: (void)snprintf(number, sizeof(number), "%s", field->number != 0 ? "true" : "false"); break;
	case LOG_KIND_DOUBLE: (void)snprintf(number, sizeof(number), isfinite(field->real) ? "%.15g" : "null", field->real); break;
	}
	put_terminated(line, number);
}

/* A field stands whole or not at all. */
static void put_field(struct line *line, const struct log_field *field)
{
	size_t before = line->len;

	put(line, ",\"", 2);
	put_terminated(line, field->name); /* our own word: nothing in it needs escaping */
	put(line, "\":", 2);
	put_value(line, field);
	if (line->is_full)
		line->len = before;
}

static void bytes_write(const char *at, size_t len)
{
	ssize_t written;

	do
		written = write(STDOUT_FILENO, at, len);
	while (written == -1 && errno == EINTR);
	(void)written; /* nobody is left to be told that the log is full or closed */
}

/* As many whole lines at a time as make no more than PIPE_BUF. */
void log_flush(void)
{
	const char *at = held.at, *end = held.at + held.len;

	while (at < end) {
		size_t len = (size_t)(end - at);

		if (len > LINE_BYTES)
			len = (size_t)((const char *)memrchr(at, '\n', LINE_BYTES) + 1 - at);
		bytes_write(at, len);
		at += len;
	}
	held.len = 0;
}

void log_hold(bool is_on)
{
	held.is_on = is_on;
	if (!is_on)
		log_flush();
}

static void line_write(const struct line *line, enum log_level level)
{
	if (!held.is_on) {
		bytes_write(line->at, line->len);
		return;
	}
	if (line->len > sizeof(held.at) - held.len)
		log_flush();
	memcpy(held.at + held.len, line->at, line->len);
	held.len += line->len;
	if (level >= LOG_LEVEL_WARN)
		log_flush();
}

void log_setup(const char *component, enum log_level level)
{
	log_component = component;
	log_least = level;
}

bool log_is_on(enum log_level level)
{
	return level >= log_least;
}

/* The same text for all lines of a millisecond. */
static const char *now_text(void)
{
	static char text[INSTANT_TEXT_BYTES];
	static int64_t last_ms = INT64_MIN;
	int64_t now_ms = instant_wall_ms();

	if (now_ms != last_ms)
		instant_format_micro(now_ms, text);
	last_ms = now_ms;
	return text;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	struct line line;

	if (!log_is_on(level))
		return;
	line.len = 0;
	line.is_full = false;
	put(&line, "{\"ts\":\"", 7);
	put_terminated(&line, now_text());
	put_terminated(&line, "\"");
	put_field(&line, &LOG_STR("level", LOG_LEVELS[level]));
	put_field(&line, &LOG_STR("component", log_component));
	put_field(&line, &LOG_STR("event", event));
	for (const struct log_field *field = fields; field->name != NULL && !line.is_full; field++)
		put_field(&line, field);
	const char *end = line.is_full ? ",\"cut\":true}\n" : "}\n";
	memcpy(line.at + line.len, end, strlen(end));
	line.len += strlen(end);
	line_write(&line, level);
}
