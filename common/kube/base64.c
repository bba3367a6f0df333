/* SPDX-License-Identifier: Apache-2.0 */
/* kube/base64.c — pure: base64 with padding. The URL alphabet is refused: Kubernetes does not use it here. */
#include "kube/base64.h"

#include <stdint.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char letter)
{
	const char *at = letter == '\0' ? NULL : strchr(ALPHABET, letter);

	return at == NULL ? -1 : (int)(at - ALPHABET);
}

/* A group of four: `used` letters of it are no padding. */
static int group_append(uint32_t bits, int used, struct buf *out)
{
	unsigned char bytes[3] = { (unsigned char)(bits >> 16), (unsigned char)(bits >> 8), (unsigned char)bits };

	if (used < 2 || (used == 2 && (bits & 0xffff) != 0) || (used == 3 && (bits & 0xff) != 0))
		return -1;
	return buf_append(out, bytes, (size_t)used - 1);
}

int kube_base64_decode(struct text encoded, struct buf *out)
{
	uint32_t bits = 0;
	int letters = 0, used = 0;
	bool is_over = false;

	for (size_t i = 0; i < encoded.len; i++) {
		char letter = encoded.at[i];
		int value = value_of(letter);

		if (letter == '\n' || letter == '\r')
			continue;
		if (is_over || (letter != '=' && (value == -1 || used < letters)))
			return -1;
		bits = bits << 6 | (uint32_t)(letter == '=' ? 0 : value);
		used += letter == '=' ? 0 : 1;
		if (++letters < 4)
			continue;
		if (group_append(bits, used, out) == -1)
			return -1;
		is_over = used < 4;
		bits = 0;
		letters = used = 0;
	}
	return letters == 0 ? 0 : -1;
}

int kube_base64_encode(struct text bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t bits = 0;
		char group[4];

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (j < left ? (unsigned char)bytes.at[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			group[j] = j <= left ? ALPHABET[bits >> (18 - 6 * j) & 63] : '=';
		if (buf_append(out, group, sizeof(group)) == -1)
			return -1;
	}
	return 0;
}
