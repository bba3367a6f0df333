/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/json.c — jansson by JSON pointer. Pointers are written in our sources,
 * so a malformed one is a bug; what they point into comes from peers, so
 * anything may be missing there or be of another type.
 */
#include "base/json.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/utf8.h"

#define STEP_BYTES 512 /* a label key has at most 317, twice that escaped only if it is all slashes */

/* Takes one step ("/key") off the pointer, unescaped; false at the end. */
static bool step_take(struct text *pointer, char out[STEP_BYTES])
{
	size_t len = 0;

	if (pointer->len == 0)
		return false;
	BUG_ON(pointer->at[0] != '/');
	struct text rest = { .at = pointer->at + 1, .len = pointer->len - 1 };
	while (rest.len > 0 && rest.at[0] != '/') {
		bool is_escape = rest.at[0] == '~';

		BUG_ON(len + 1 >= STEP_BYTES || (is_escape && rest.len < 2));
		out[len++] = !is_escape ? rest.at[0] : rest.at[1] == '1' ? '/' : '~';
		rest.at += is_escape ? 2 : 1;
		rest.len -= is_escape ? 2 : 1;
	}
	out[len] = '\0';
	*pointer = rest;
	return true;
}

static bool is_append(const char *step)
{
	return strcmp(step, "-") == 0;
}

/* The index a step names in an array; -1: none. */
static int64_t step_index(const char *step)
{
	int64_t index;

	return text_to_int(text_of(step), 0, INT32_MAX, &index) == -1 ? -1 : index;
}

static json_t *child_get(const json_t *parent, const char *step)
{
	if (json_is_object(parent))
		return json_object_get(parent, step);
	int64_t index = json_is_array(parent) ? step_index(step) : -1;
	return index == -1 ? NULL : json_array_get(parent, (size_t)index);
}

/* Takes over child. One past the end of an array appends. */
static void child_set(json_t *parent, const char *step, json_t *child)
{
	if (json_is_object(parent)) {
		BUG_ON(json_object_set_new(parent, step, child) != 0);
		return;
	}
	BUG_ON(!json_is_array(parent));
	int64_t index = is_append(step) ? (int64_t)json_array_size(parent) : step_index(step);
	BUG_ON(index < 0 || (size_t)index > json_array_size(parent));
	if ((size_t)index == json_array_size(parent))
		BUG_ON(json_array_append_new(parent, child) != 0);
	else
		BUG_ON(json_array_set_new(parent, (size_t)index, child) != 0);
}

static int append_bytes(const char *bytes, size_t len, void *out)
{
	return buf_append(out, bytes, len);
}

/* jansson refuses what is not UTF-8; a byte that is not becomes '?', as a wrong letter is better than a missing field. */
static json_t *text_value(const char *text)
{
	struct text rest = text_of(text);
	uint32_t point;

	if (utf8_is_valid(rest))
		return json_string_nocheck(text);
	scoped_text char *repaired = mem_copy_text(text);
	for (size_t i = 0; i < rest.len;) {
		size_t len = utf8_first((struct text){ .at = rest.at + i, .len = rest.len - i }, &point);

		if (len == 0)
			repaired[i] = '?';
		i += len == 0 ? 1 : len;
	}
	return json_string_nocheck(repaired);
}

/* --- format: jansson's own dump looks for loops in every value, which is most of its time; ours are trees --- */

static int value_format(const json_t *value, struct buf *out);

static int escape_format(unsigned char byte, struct buf *out)
{
	switch (byte) {
	case '"': return buf_append(out, "\\\"", 2);
	case '\\': return buf_append(out, "\\\\", 2);
	case '\b': return buf_append(out, "\\b", 2);
	case '\f': return buf_append(out, "\\f", 2);
	case '\n': return buf_append(out, "\\n", 2);
	case '\r': return buf_append(out, "\\r", 2);
	case '\t': return buf_append(out, "\\t", 2);
	default: return buf_format(out, "\\u%04X", byte);
	}
}

static int string_format(const char *at, size_t len, struct buf *out)
{
	size_t done = 0;

	if (buf_append(out, "\"", 1) == -1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)at[i];

		if (byte >= 0x20 && byte != '"' && byte != '\\')
			continue;
		if (buf_append(out, at + done, i - done) == -1 || escape_format(byte, out) == -1)
			return -1;
		done = i + 1;
	}
	return buf_append(out, at + done, len - done) == -1 ? -1 : buf_append(out, "\"", 1);
}

static int object_format(const json_t *object, struct buf *out)
{
	json_t *unconst = (json_t *)(uintptr_t)object; /* jansson's iterators are for both */
	bool is_first = true;

	if (buf_append(out, "{", 1) == -1)
		return -1;
	for (void *at = json_object_iter(unconst); at != NULL; at = json_object_iter_next(unconst, at)) {
		const char *key = json_object_iter_key(at);

		if ((!is_first && buf_append(out, ",", 1) == -1) || string_format(key, strlen(key), out) == -1 ||
			buf_append(out, ":", 1) == -1 || value_format(json_object_iter_value(at), out) == -1)
			return -1;
		is_first = false;
	}
	return buf_append(out, "}", 1);
}

static int array_format(const json_t *array, struct buf *out)
{
	if (buf_append(out, "[", 1) == -1)
		return -1;
	for (size_t i = 0; i < json_array_size(array); i++) {
		if ((i > 0 && buf_append(out, ",", 1) == -1) || value_format(json_array_get(array, i), out) == -1)
			return -1;
	}
	return buf_append(out, "]", 1);
}

static int value_format(const json_t *value, struct buf *out)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return object_format(value, out);
	case JSON_ARRAY: return array_format(value, out);
	case JSON_STRING: return string_format(json_string_value(value), json_string_length(value), out);
	case JSON_INTEGER: return buf_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL: return json_dump_callback(value, append_bytes, out, JSON_ENCODE_ANY);
	case JSON_TRUE: return buf_append(out, "true", 4);
	case JSON_FALSE: return buf_append(out, "false", 5);
	case JSON_NULL: return buf_append(out, "null", 4);
	}
	return -1;
}

void json_release(struct json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

struct json_t *json_parse(struct text text, struct err *err)
{
	json_error_t error;
	json_t *value = json_loadb(text.len == 0 ? "" : text.at, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (value == NULL)
		(void)err_set(err, ERR_INVALID, "JSON at line %d, column %d: %s", error.line, error.column, error.text);
	return value;
}

int json_format(const struct json_t *value, struct buf *out)
{
	size_t before = buf_len(out);

	if (value_format(value, out) == 0)
		return 0;
	buf_truncate(out, before);
	return -1;
}

struct json_t *json_at(const struct json_t *root, const char *pointer)
{
	struct text rest = text_of(pointer);
	char step[STEP_BYTES];
	json_t *at = (json_t *)(uintptr_t)root; /* borrowed from the root, whose owner may change it */

	while (at != NULL && step_take(&rest, step))
		at = child_get(at, step);
	return at;
}

const char *json_text_at(const struct json_t *root, const char *pointer)
{
	return json_string_value(json_at(root, pointer));
}

int64_t json_int_at(const struct json_t *root, const char *pointer, int64_t fallback)
{
	const json_t *value = json_at(root, pointer);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool json_bool_at(const struct json_t *root, const char *pointer, bool fallback)
{
	const json_t *value = json_at(root, pointer);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

int64_t json_instant_at(const struct json_t *root, const char *pointer, int64_t fallback)
{
	int64_t wall_ms;

	return instant_parse(text_of(json_text_at(root, pointer)), &wall_ms) == -1 ? fallback : wall_ms;
}

void json_put(struct json_t *root, const char *pointer, struct json_t *value)
{
	struct text rest = text_of(pointer);
	char step[STEP_BYTES], next[STEP_BYTES];
	json_t *at = root;

	if (value == NULL)
		return;
	BUG_ON(!step_take(&rest, step));
	while (step_take(&rest, next)) {
		json_t *child = child_get(at, step);

		if (!json_is_object(child) && !json_is_array(child)) {
			child = is_append(next) ? json_array() : json_object();
			child_set(at, step, child);
		}
		at = child;
		(void)memcpy(step, next, sizeof(step));
	}
	child_set(at, step, value);
}

void json_put_text(struct json_t *root, const char *pointer, const char *text)
{
	if (text != NULL)
		json_put(root, pointer, text_value(text));
}

void json_setup(void)
{
	json_set_alloc_funcs(mem_alloc, mem_release);
}
