/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h — pure: a borrowed run of bytes, and looking at it. */
#ifndef KRYPTON_BASE_TEXT_H
#define KRYPTON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"

/* Borrowed bytes, not NUL-terminated. at == NULL: there is none (differs from empty where a caller says so). */
struct text {
	const char *at;
	size_t len;
};

#define TEXT(literal)   ((struct text){ .at = "" literal, .len = sizeof(literal) - 1 })
#define TEXT_ARGS(text) (int)(text).len, (text).at /* for "%.*s" */

#define TEXT_INT_BYTES 21 /* "-9223372036854775808" and its NUL */

bool text_equal(struct text a, struct text b);
/* Equal where ASCII letters differ in case alone (header names, RFC 9110 section 5.1). */
bool text_equal_folded(struct text a, struct text b);

/* These stand here for their literals, whose length is then no work: most names that are compared differ by it. */
static inline struct text text_of(const char *terminated) /* NULL gives { NULL, 0 } */
{
	return (struct text){ .at = terminated, .len = terminated == NULL ? 0 : strlen(terminated) };
}

static inline bool text_is(struct text text, const char *terminated)
{
	return text_equal(text, text_of(terminated));
}

static inline bool text_is_folded(struct text text, const char *terminated)
{
	struct text other = text_of(terminated);

	return text.len == other.len && text_equal_folded(text, other);
}

/* An ASCII letter in lower case, any other byte as it is. */
char text_fold(char letter);
/* ASCII letters, digits and those marks, and at least one. */
bool text_holds_only(struct text text, const char *marks);
bool text_has_prefix(struct text text, const char *prefix);
bool text_has_prefix_folded(struct text text, const char *prefix);
/* Without spaces and tabs at both ends. */
struct text text_trim(struct text text);
/* Cuts at the first separator: returns what is before it, leaves what is behind it in *rest ({NULL,0} at the end). */
struct text text_cut(struct text *rest, char separator);
/* Whole text as a decimal in [min, max]; no sign but '-', no spaces, no leading '+'. */
int text_to_int(struct text text, int64_t min, int64_t max, int64_t *ret_value) must_check;
/* Writes a decimal and a NUL, TEXT_INT_BYTES at the most, and returns where the NUL is. For each request's path, where printf would
   be half of the cost of a log line. */
char *text_put_int(char *at, int64_t value);
/* Constant time for equal lengths: for comparing secrets. */
bool text_equal_secret(struct text a, struct text b);

#endif
