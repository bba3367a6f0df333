/* SPDX-License-Identifier: Apache-2.0 */
/* net/forwarded.c — pure: writes elements of Forwarded and reads the first one, which is the outermost proxy's. Whom to believe is
   the caller's matter. */
#include "net/forwarded.h"

#include <string.h>

#include "net/h1_head.h"

static int append_value(struct text value, struct buf *out)
{
	if (h1_is_token(value))
		return buf_append_text(out, value);
	if (buf_append(out, "\"", 1) < 0)
		return -1;
	for (size_t i = 0; i < value.len; i++) {
		bool is_special = value.at[i] == '"' || value.at[i] == '\\';

		if ((is_special && buf_append(out, "\\", 1) < 0) || buf_append(out, &value.at[i], 1) < 0)
			return -1;
	}
	return buf_append(out, "\"", 1);
}

/* Section 6: an IPv6 address stands in brackets. An address with a port has one colon, or its brackets already. */
static bool is_bare_ipv6(struct text peer)
{
	const char *first = memchr(peer.at, ':', peer.len);

	return first != NULL && peer.at[0] != '[' && memchr(first + 1, ':', (size_t)(peer.at + peer.len - first - 1)) != NULL &&
		peer.len < 64;
}

static int append_peer(struct text peer, struct buf *out)
{
	char brackets[80];

	if (peer.len == 0)
		return buf_append_terminated(out, "unknown");
	if (!is_bare_ipv6(peer))
		return append_value(peer, out);
	brackets[0] = '[';
	memcpy(brackets + 1, peer.at, peer.len);
	brackets[peer.len + 1] = ']';
	return append_value((struct text){ brackets, peer.len + 2 }, out);
}

static int append_parameter(const char *lead, struct text value, struct buf *out)
{
	if (value.len == 0)
		return 0;
	return buf_append_terminated(out, lead) < 0 ? -1 : append_value(value, out);
}

int forwarded_append(const struct forwarded_element *element, struct buf *out)
{
	if (buf_append_terminated(out, "for=") < 0 || append_peer(element->peer, out) < 0 ||
		append_parameter(";host=", element->host, out) < 0)
		return -1;
	return append_parameter(";proto=", element->scheme, out);
}

/* Up to the separator outside of quotes; *rest is left behind it. */
static struct text cut_outside_quotes(struct text *rest, char separator)
{
	bool is_quoted = false;
	struct text whole = *rest;

	for (size_t i = 0; i < whole.len; i++) {
		if (is_quoted && whole.at[i] == '\\')
			i++;
		else if (whole.at[i] == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && whole.at[i] == separator) {
			*rest = (struct text){ whole.at + i + 1, whole.len - i - 1 };
			return (struct text){ whole.at, i };
		}
	}
	*rest = (struct text){ NULL, 0 };
	return whole;
}

static struct text without_quotes(struct text value)
{
	const struct text none = { NULL, 0 };

	if (value.len < 2 || value.at[0] != '"')
		return h1_is_token(value) ? value : none;
	if (value.at[value.len - 1] != '"')
		return none;
	value = (struct text){ value.at + 1, value.len - 2 };
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == '\\' || value.at[i] == '"')
			return none;
	return value;
}

struct text forwarded_get(struct text field, const char *parameter)
{
	struct text element = cut_outside_quotes(&field, ',');

	while (element.at != NULL) {
		struct text value = cut_outside_quotes(&element, ';');
		struct text name = text_trim(text_cut(&value, '='));

		if (value.at != NULL && text_is_folded(name, parameter))
			return without_quotes(text_trim(value));
	}
	return (struct text){ NULL, 0 };
}
