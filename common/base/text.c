/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/text.c — pure: looking at borrowed bytes without copying them. Owns
 * nothing and knows no encoding; for UTF-8 see base/utf8.h.
 */
#include "base/text.h"

#include <string.h>

char text_fold(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool is_blank(char letter)
{
	return letter == ' ' || letter == '\t';
}

bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool text_equal_folded(struct text a, struct text b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	while (i < a.len && text_fold(a.at[i]) == text_fold(b.at[i]))
		i++;
	return i == a.len;
}

bool text_holds_only(struct text text, const char *marks)
{
	for (size_t i = 0; i < text.len; i++) {
		char letter = text_fold(text.at[i]);
		bool is_word = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z');

		if (!is_word && (letter == '\0' || strchr(marks, letter) == NULL))
			return false;
	}
	return text.len > 0;
}

bool text_has_prefix(struct text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && (len == 0 || memcmp(text.at, prefix, len) == 0);
}

bool text_has_prefix_folded(struct text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && text_is_folded((struct text){ .at = text.at, .len = len }, prefix);
}

struct text text_trim(struct text text)
{
	while (text.len > 0 && is_blank(text.at[0])) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

struct text text_cut(struct text *rest, char separator)
{
	struct text whole = *rest;
	const char *found = whole.len == 0 ? NULL : memchr(whole.at, separator, whole.len);

	if (found == NULL) {
		*rest = (struct text){ 0 };
		return whole;
	}
	size_t before = (size_t)(found - whole.at);
	*rest = (struct text){ .at = found + 1, .len = whole.len - before - 1 };
	return (struct text){ .at = whole.at, .len = before };
}

int text_to_int(struct text text, int64_t min, int64_t max, int64_t *ret_value)
{
	bool is_negative = text.len > 0 && text.at[0] == '-';
	size_t first = is_negative ? 1 : 0;
	int64_t value = 0;

	if (text.len == first)
		return -1;
	for (size_t i = first; i < text.len; i++) {
		int digit = text.at[i] - '0';

		if (digit < 0 || digit > 9)
			return -1;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, is_negative ? -digit : digit, &value))
			return -1;
	}
	if (value < min || value > max)
		return -1;
	*ret_value = value;
	return 0;
}

char *text_put_int(char *at, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[TEXT_INT_BYTES];
	size_t count = 0;

	if (value < 0)
		*at++ = '-';
	do {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at = '\0';
	return at;
}

bool text_equal_secret(struct text a, struct text b)
{
	unsigned char difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference |= (unsigned char)(a.at[i] ^ b.at[i]);
	__asm__ volatile("" : "+r"(difference)); /* keeps the compiler from leaving the loop early */
	return difference == 0;
}
