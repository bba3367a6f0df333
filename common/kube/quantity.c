/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/quantity.c — pure: a quantity as digits times a power of ten, so that
 * two spellings of one value become the same pair. Exact, without floating
 * point: 20 digits times 2^60 fit into 128 bits. Longer ones count as text.
 */
#include "kube/quantity.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"

#define MAX_DIGITS 20

struct quantity {
	bool is_negative;
	unsigned __int128 digits; /* no factor of ten left in it, unless it is 0 */
	int64_t exponent;
};

static const struct {
	const char *suffix;
	int tens, twos;
} SUFFIXES[] = {
	{ "", 0, 0 },
	{ "n", -9, 0 },
	{ "u", -6, 0 },
	{ "m", -3, 0 },
	{ "k", 3, 0 },
	{ "M", 6, 0 },
	{ "G", 9, 0 },
	{ "T", 12, 0 },
	{ "P", 15, 0 },
	{ "E", 18, 0 },
	{ "Ki", 0, 10 },
	{ "Mi", 0, 20 },
	{ "Gi", 0, 30 },
	{ "Ti", 0, 40 },
	{ "Pi", 0, 50 },
	{ "Ei", 0, 60 },
};

/* "1.50" → 150 with exponent -2. Leaves *at behind the number; -1 where there is none or it is too long. */
static int number_parse(const char **at, struct quantity *ret_quantity)
{
	struct quantity quantity = { .is_negative = **at == '-' };
	int digits = 0;
	bool is_fraction = false, has_digit = false;

	if (**at == '-' || **at == '+')
		(*at)++;
	for (;; (*at)++) {
		if (**at == '.' && !is_fraction) {
			is_fraction = true;
			continue;
		}
		if (**at < '0' || **at > '9')
			break;
		has_digit = true;
		quantity.digits = quantity.digits * 10 + (unsigned)(**at - '0');
		if (quantity.digits != 0 && ++digits > MAX_DIGITS)
			return -1;
		if (is_fraction)
			quantity.exponent--;
		if (quantity.exponent < -1000)
			return -1;
	}
	if (!has_digit)
		return -1;
	*ret_quantity = quantity;
	return 0;
}

/* "e3", "E-6": a decimal exponent. "E" alone is the suffix exa. */
static int exponent_parse(const char *suffix, int64_t *ret_tens)
{
	if (*suffix != 'e' && *suffix != 'E')
		return -1;
	suffix += suffix[1] == '+' ? 2 : 1;
	return text_to_int(text_of(suffix), -100, 100, ret_tens);
}

static int suffix_apply(const char *suffix, struct quantity *quantity)
{
	int64_t tens;

	for (size_t i = 0; i < ARRAY_LEN(SUFFIXES); i++) {
		if (strcmp(suffix, SUFFIXES[i].suffix) == 0) {
			quantity->exponent += SUFFIXES[i].tens;
			quantity->digits <<= SUFFIXES[i].twos;
			return 0;
		}
	}
	if (exponent_parse(suffix, &tens) == -1)
		return -1;
	quantity->exponent += tens;
	return 0;
}

static int quantity_parse(const char *text, struct quantity *ret_quantity)
{
	struct quantity quantity;

	if (number_parse(&text, &quantity) == -1 || suffix_apply(text, &quantity) == -1)
		return -1;
	if (quantity.digits == 0) {
		*ret_quantity = (struct quantity){ 0 };
		return 0;
	}
	while (quantity.digits % 10 == 0) {
		quantity.digits /= 10;
		quantity.exponent++;
	}
	*ret_quantity = quantity;
	return 0;
}

bool kube_quantity_equal(const char *a, const char *b)
{
	struct quantity left, right;

	if (quantity_parse(a, &left) == -1 || quantity_parse(b, &right) == -1)
		return strcmp(a, b) == 0;
	return left.is_negative == right.is_negative && left.digits == right.digits && left.exponent == right.exponent;
}
