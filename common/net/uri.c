/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Paths and queries as they stand on the wire. Nothing is normalised here: what is passed on keeps its bytes. */
#include "net/uri.h"

#include <string.h>

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* The byte that text starts with, decoded once where it is a valid %XX; *ret_used says how many bytes it took. */
static char first_decoded(struct text text, size_t *ret_used)
{
	if (text.at[0] == '%' && text.len >= 3) {
		int high = hex_value(text.at[1]), low = hex_value(text.at[2]);

		if (high != -1 && low != -1) {
			*ret_used = 3;
			return (char)(high << 4 | low);
		}
	}
	*ret_used = 1;
	return text.at[0];
}

bool uri_has_dot_dot(struct text path)
{
	size_t dots = 0; /* leading dots of the segment at hand */
	bool is_only_dots = true;

	/* An encoded slash and a backslash part segments too: an agent that decodes before it splits would see them so. */
	for (size_t used; path.len > 0; path.at += used, path.len -= used) {
		char byte = first_decoded(path, &used);

		if (byte == '/' || byte == '\\') {
			if (is_only_dots && dots == 2)
				return true;
			dots = 0;
			is_only_dots = true;
		} else if (byte == '.') {
			dots++;
		} else {
			is_only_dots = false;
		}
	}
	return is_only_dots && dots == 2;
}

struct text uri_query_get(struct text query, const char *name)
{
	while (query.at != NULL) {
		struct text value = text_cut(&query, '&');
		struct text key = text_cut(&value, '=');

		if (!text_is(key, name))
			continue;
		return value.at != NULL ? value : (struct text){ key.at + key.len, 0 };
	}
	return (struct text){ NULL, 0 };
}

int uri_decode(struct text encoded, bool plus_is_space, char *out, size_t out_bytes)
{
	size_t len = 0;

	for (size_t used; encoded.len > 0; encoded.at += used, encoded.len -= used) {
		char byte = first_decoded(encoded, &used);

		if (encoded.at[0] == '%' && used == 1)
			return -1;
		if (byte == '\0' || len + 1 >= out_bytes)
			return -1;
		out[len++] = plus_is_space && encoded.at[0] == '+' ? ' ' : byte;
	}
	if (len >= out_bytes)
		return -1;
	out[len] = '\0';
	return (int)len;
}
