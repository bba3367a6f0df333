/* SPDX-License-Identifier: Apache-2.0 */
/* controller/quote.c — pure: cuts and searches, nothing is read as a grammar: the words are those of many versions and vendors. */
#include "controller/quote.h"

#include <string.h>

#define ID_DIGITS_MIN 32 /* of what is a container's id, and no address or date */

const char *quote_words(const char *text)
{
	return text == NULL || text[0] == '\0' ? "no reason was given" : text;
}

const char *quote_pull_cause(const char *message)
{
	static const char *const leads[] = { "ErrImagePull: ", "ErrImageNeverPull: ", "failed to resolve reference \"" };
	const char *cause = message;

	for (size_t i = 0; message != NULL && i < ARRAY_LEN(leads); i++) {
		const char *at = strstr(cause, leads[i]);
		const char *behind = at == NULL ? NULL : at + strlen(leads[i]);

		if (behind != NULL && leads[i][strlen(leads[i]) - 1] == '"')
			behind = strstr(behind, "\": ") == NULL ? NULL : strstr(behind, "\": ") + strlen("\": ");
		if (behind != NULL)
			cause = behind;
	}
	return cause;
}

void quote_sandbox_cause(const char *message, char *ret_words, size_t size)
{
	static const char lead[] = "desc = ";
	const char *behind = message == NULL ? NULL : strstr(message, lead);
	const char *at = behind != NULL ? behind + strlen(lead) : message != NULL ? message : "";
	size_t len = 0;

	BUG_ON(strlen(at) >= size);
	while (*at != '\0') {
		size_t digits = strspn(at, "0123456789abcdef"), used = digits == 0 ? 1 : digits;
		struct text part = digits < ID_DIGITS_MIN ? (struct text){ at, used } : text_of("…");

		memcpy(ret_words + len, part.at, part.len);
		len += part.len;
		at += used;
	}
	ret_words[len] = '\0';
}

/* Where words of that many bytes are cut so that at most most stay. */
static size_t cut_at(const char *words, size_t most)
{
	size_t cut = most;

	for (size_t i = most; i > most / 2; i--) {
		if ((words[i - 1] == ',' || words[i - 1] == ';') && words[i] == ' ')
			return i;
	}
	while (cut > 0 && ((unsigned char)words[cut] & 0xc0) == 0x80)
		cut--;
	return cut;
}

void quote_list(const char *words, char *ret_words, size_t size)
{
	static const char rest[] = " …";
	const char *from = quote_words(words);
	size_t len = strlen(from);

	BUG_ON(size < sizeof(rest));
	if (len < size) {
		memcpy(ret_words, from, len + 1);
		return;
	}
	len = cut_at(from, size - sizeof(rest));
	memcpy(ret_words, from, len);
	memcpy(ret_words + len, rest, sizeof(rest));
}

bool quote_is_about_absence(const char *message)
{
	return message != NULL &&
		(strstr(message, "not found") != NULL || strstr(message, "couldn't find key") != NULL ||
			strstr(message, "non-existent") != NULL);
}

bool quote_is_about_credentials(const char *cause)
{
	static const char *const signs[] = { "unauthorized", "forbidden", "authentication", "authoriz", "basic auth",
		"access denied", "denied: " };

	for (size_t i = 0; cause != NULL && i < ARRAY_LEN(signs); i++) {
		if (strcasestr(cause, signs[i]) != NULL)
			return true;
	}
	return false;
}
