/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/yaml.c — libyaml's events made into one JSON value. What would make a
 * file mean two things is refused: aliases, second documents, double keys,
 * tags other than !!str, numbers that JSON has not.
 */
#include "base/yaml.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/json.h"

#define DEPTH_MAX  64
#define NUMBER_MAX 64 /* bytes; what is longer is text */

static const char anchor_refusal[] = "an anchor or alias; write the value out";
static const char tag_refusal[] = "tags other than !!str are not read";

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	struct err *err;
};

static int refuse(const struct reader *reader, yaml_mark_t mark, const char *why)
{
	return err_set(reader->err, ERR_INVALID, "YAML at line %zu, column %zu: %s", mark.line + 1, mark.column + 1, why);
}

/* The event is the reader's until the next one. */
static int next_event(struct reader *reader)
{
	if (reader->has_event)
		yaml_event_delete(&reader->event);
	reader->has_event = yaml_parser_parse(&reader->parser, &reader->event) != 0;
	if (reader->has_event)
		return 0;
	const yaml_parser_t *parser = &reader->parser;
	const char *why = parser->problem == NULL ? "cannot be read" : parser->problem;
	if (parser->error == YAML_READER_ERROR) /* not UTF-8; libyaml counts no lines there */
		return err_set(reader->err, ERR_INVALID, "YAML at byte %zu: %s", parser->problem_offset + 1, why);
	return refuse(reader, parser->problem_mark, why);
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static const char *skip_digits(const char *at)
{
	return at + strspn(at, "0123456789");
}

/* [-+]? ( \.[0-9]+ | [0-9]+ ( \.[0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(const char *at, bool *ret_is_float)
{
	at += *at == '-' || *at == '+' ? 1 : 0;
	const char *whole = at;
	at = skip_digits(at);
	size_t digits = (size_t)(at - whole);
	*ret_is_float = *at == '.' || *at == 'e' || *at == 'E';
	if (*at == '.') {
		const char *fraction = at + 1;

		at = skip_digits(fraction);
		digits += (size_t)(at - fraction);
	}
	if (digits == 0)
		return false;
	if (*at == 'e' || *at == 'E') {
		at += at[1] == '-' || at[1] == '+' ? 2 : 1;
		if (skip_digits(at) == at)
			return false;
		at = skip_digits(at);
	}
	return *at == '\0';
}

static bool is_based(const char *at, const char *prefix, const char *digits)
{
	return strncmp(at, prefix, 2) == 0 && at[2] != '\0' && at[2 + strspn(at + 2, digits)] == '\0';
}

static json_t *integer_value(const struct reader *reader, const char *digits, int base)
{
	errno = 0;
	long long value = strtoll(digits, NULL, base);
	if (errno == 0)
		return json_integer(value);
	(void)refuse(reader, reader->event.start_mark, "the integer does not fit 64 bits");
	return NULL;
}

static json_t *float_value(const struct reader *reader, const char *text)
{
	json_t *value = json_real(strtod(text, NULL)); /* NULL for what is not finite */

	if (value == NULL)
		(void)refuse(reader, reader->event.start_mark, "the number does not fit a double");
	return value;
}

/* A plain scalar by YAML 1.2's core schema. */
static json_t *plain_value(const struct reader *reader, const char *text)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	static const char *const not_json[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
		".nan", ".NaN", ".NAN", NULL };
	bool is_float;

	if (is_one_of(text, nulls))
		return json_null();
	if (is_one_of(text, trues))
		return json_true();
	if (is_one_of(text, falses))
		return json_false();
	if (is_one_of(text, not_json)) {
		(void)refuse(reader, reader->event.start_mark, "JSON has no such number");
		return NULL;
	}
	if (strlen(text) > NUMBER_MAX)
		return json_string(text);
	if (is_based(text, "0o", "01234567"))
		return integer_value(reader, text + 2, 8);
	if (is_based(text, "0x", "0123456789abcdefABCDEF"))
		return integer_value(reader, text + 2, 16);
	if (is_decimal(text, &is_float))
		return is_float ? float_value(reader, text) : integer_value(reader, text, 10);
	return json_string(text);
}

static json_t *scalar_value(const struct reader *reader)
{
	const char *text = (const char *)reader->event.data.scalar.value;
	const char *tag = (const char *)reader->event.data.scalar.tag;

	if (reader->event.data.scalar.anchor != NULL) {
		(void)refuse(reader, reader->event.start_mark, anchor_refusal);
		return NULL;
	}
	if (strlen(text) != reader->event.data.scalar.length) {
		(void)refuse(reader, reader->event.start_mark, "text holds a NUL");
		return NULL;
	}
	if (tag != NULL && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0) {
		(void)refuse(reader, reader->event.start_mark, tag_refusal);
		return NULL;
	}
	bool is_plain = tag == NULL && reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return is_plain ? plain_value(reader, text) : json_string(text);
}

static json_t *value_from_event(struct reader *reader, int depth);

static json_t *sequence_value(struct reader *reader, int depth)
{
	scoped_json list = json_array();

	for (;;) {
		if (next_event(reader) == -1)
			return NULL;
		if (reader->event.type == YAML_SEQUENCE_END_EVENT)
			return json_incref(list);
		json_t *item = value_from_event(reader, depth);
		if (item == NULL)
			return NULL;
		(void)json_array_append_new(list, item);
	}
}

/* The key the current event holds; NULL with err. Yours. */
static json_t *key_value(struct reader *reader, const json_t *map)
{
	yaml_mark_t mark = reader->event.start_mark;
	json_t *key = reader->event.type == YAML_SCALAR_EVENT ? scalar_value(reader) : NULL;

	if (key == NULL && reader->event.type == YAML_SCALAR_EVENT)
		return NULL;
	if (!json_is_string(key))
		(void)refuse(reader, mark, "a key must be text (quote it)");
	else if (json_object_get(map, json_string_value(key)) != NULL)
		(void)refuse(reader, mark, "the key stands here twice");
	else
		return key;
	json_release(&key);
	return NULL;
}

static json_t *mapping_value(struct reader *reader, int depth)
{
	scoped_json map = json_object();

	for (;;) {
		if (next_event(reader) == -1)
			return NULL;
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			return json_incref(map);
		scoped_json key = key_value(reader, map);
		if (key == NULL || next_event(reader) == -1)
			return NULL;
		json_t *value = value_from_event(reader, depth);
		if (value == NULL)
			return NULL;
		(void)json_object_set_new(map, json_string_value(key), value);
	}
}

/* Why a list or map cannot be opened here; NULL: it can. */
static const char *opening_refusal(const yaml_char_t *anchor, const yaml_char_t *tag, int depth)
{
	if (anchor != NULL)
		return anchor_refusal;
	if (tag != NULL)
		return tag_refusal;
	return depth >= DEPTH_MAX ? "nested too deep" : NULL;
}

/* Depth counts what is open around the value. */
static json_t *value_from_event(struct reader *reader, int depth)
{
	const yaml_event_t *event = &reader->event;
	const char *why = anchor_refusal; /* of an alias */

	if (event->type == YAML_SCALAR_EVENT)
		return scalar_value(reader);
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		why = opening_refusal(event->data.sequence_start.anchor, event->data.sequence_start.tag, depth);
		if (why == NULL)
			return sequence_value(reader, depth + 1);
	}
	if (event->type == YAML_MAPPING_START_EVENT) {
		why = opening_refusal(event->data.mapping_start.anchor, event->data.mapping_start.tag, depth);
		if (why == NULL)
			return mapping_value(reader, depth + 1);
	}
	(void)refuse(reader, event->start_mark, why);
	return NULL;
}

static json_t *document_value(struct reader *reader)
{
	do {
		if (next_event(reader) == -1)
			return NULL;
	} while (reader->event.type == YAML_STREAM_START_EVENT);
	if (reader->event.type == YAML_STREAM_END_EVENT) {
		(void)refuse(reader, reader->event.start_mark, "there is no document");
		return NULL;
	}
	if (next_event(reader) == -1)
		return NULL;
	scoped_json value = value_from_event(reader, 0);
	if (value == NULL || next_event(reader) == -1 || next_event(reader) == -1)
		return NULL;
	if (reader->event.type != YAML_STREAM_END_EVENT) {
		(void)refuse(reader, reader->event.start_mark, "a second document");
		return NULL;
	}
	return json_incref(value);
}

struct json_t *yaml_parse(struct text text, struct err *err)
{
	struct reader reader = { .err = err };

	if (yaml_parser_initialize(&reader.parser) == 0) {
		(void)err_set(err, ERR_LIMIT, "YAML: out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.at, text.len);
	json_t *value = document_value(&reader);
	if (reader.has_event)
		yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	return value;
}
