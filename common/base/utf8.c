/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/utf8.c — pure: one character at a time, for those who write text where
 * only UTF-8 may stand (JSON lines, metric labels). No tables, no case, no width.
 */
#include "base/utf8.h"

size_t utf8_first(struct text text, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* by length: less is overlong */

	if (text.len == 0)
		return 0;
	unsigned char lead = (unsigned char)text.at[0];
	if (lead < 0x80) {
		*ret_point = lead;
		return 1;
	}
	size_t len = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc0 && lead < 0xe0 ? 2 : 0;
	if (len == 0 || len > text.len)
		return 0;
	uint32_t point = lead & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)text.at[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (next & 0x3fU);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}

bool utf8_is_valid(struct text text)
{
	uint32_t point;

	while (text.len > 0) {
		size_t len = utf8_first(text, &point);

		if (len == 0)
			return false;
		text.at += len;
		text.len -= len;
	}
	return true;
}
