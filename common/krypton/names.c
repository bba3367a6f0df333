/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/names.c — pure: the grammars of RFC 1035 and RFC 1123 names as the API server applies them. */
#include "krypton/names.h"

static bool is_letter(char byte)
{
	return byte >= 'a' && byte <= 'z';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? */
static bool is_segment(struct text name)
{
	if (name.len == 0 || name.at[0] == '-' || name.at[name.len - 1] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (!is_letter(name.at[i]) && !is_digit(name.at[i]) && name.at[i] != '-')
			return false;
	}
	return true;
}

bool name_is_dns1035(struct text name)
{
	return name_is_dns1123_label(name) && is_letter(name.at[0]);
}

bool name_is_dns1123_label(struct text name)
{
	return name.len <= NAME_LABEL_BYTES && is_segment(name);
}

bool name_is_dns1123_subdomain(struct text name)
{
	struct text rest = name;

	if (name.len == 0 || name.len > NAME_SUBDOMAIN_BYTES)
		return false;
	while (rest.at != NULL) {
		if (!is_segment(text_cut(&rest, '.')))
			return false;
	}
	return true;
}
