/* SPDX-License-Identifier: Apache-2.0 */
/* base/json.h — reading and building jansson values without ceremony, by JSON pointer (RFC 6901). */
#ifndef KRYPTON_BASE_JSON_H
#define KRYPTON_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

struct json_t;

/* One value for a scope: `scoped_json pod = …;` */
void json_release(struct json_t **value);
#define scoped_json __attribute__((cleanup(json_release))) struct json_t *

/* Duplicate keys, trailing bytes, NUL in strings and nesting past jansson's limit are refused. Yours. */
struct json_t *json_parse(struct text text, struct err *err);
/* Compact; -1 where out's cap is too small. */
int json_format(const struct json_t *value, struct buf *out) must_check;

/* Borrowed value at pointer ("/spec/template/spec/containers/0"; "~1" is a slash in a key); NULL: not there. */
struct json_t *json_at(const struct json_t *root, const char *pointer);
const char *json_text_at(const struct json_t *root, const char *pointer); /* NULL: not there, or no string */
int64_t json_int_at(const struct json_t *root, const char *pointer, int64_t fallback);
bool json_bool_at(const struct json_t *root, const char *pointer, bool fallback);
/* An RFC 3339 time in ms since 1970; fallback where absent or malformed. */
int64_t json_instant_at(const struct json_t *root, const char *pointer, int64_t fallback);

/*
 * Takes over value (NULL: nothing is put), makes the objects on the way, replacing a scalar there. In an array the step
 * "-" or the index one past the end appends; past that is a bug. Where nothing is before a "-", an array is made.
 */
void json_put(struct json_t *root, const char *pointer, struct json_t *value);
/* NULL text: nothing is put; a byte that is not UTF-8 becomes '?'. */
void json_put_text(struct json_t *root, const char *pointer, const char *text);

/* jansson allocates through base/mem.h from here on: once, at start. */
void json_setup(void);

#endif
