/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/duration.c — pure: Go's duration strings, to the letter where it matters:
 * what the API server's CEL and Go tools accept, we accept with the same value.
 */
#include "base/duration.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_MAX    ((uint64_t)INT64_MAX)

struct unit {
	const char *name;
	int64_t ns;
};

/* Go tells "m" from "ms" by taking all letters up to the next digit or point. */
static const struct unit units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* U+00B5 micro sign */
	{ "\xce\xbcs", 1000 }, /* U+03BC Greek mu */
	{ "ms", NS_PER_MS },
	{ "s", 1000 * NS_PER_MS },
	{ "m", 60000 * NS_PER_MS },
	{ "h", 3600000 * NS_PER_MS },
};

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

static void skip(struct text *rest, size_t len)
{
	rest->at += len;
	rest->len -= len;
}

static int take_whole(struct text *rest, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (; rest->len > 0 && is_digit(rest->at[0]); skip(rest, 1)) {
		value = value * 10 + (uint64_t)(rest->at[0] - '0');
		if (value > NS_MAX)
			return -1;
		if (value > (NS_MAX - 9) / 10 && rest->len > 1 && is_digit(rest->at[1]))
			return -1;
	}
	*ret_value = value;
	return 0;
}

/* Digits past what 63 bits hold are read and have no weight, as in Go. */
static double take_fraction(struct text *rest)
{
	uint64_t value = 0;
	double scale = 1;

	for (; rest->len > 0 && is_digit(rest->at[0]); skip(rest, 1)) {
		if (value > (NS_MAX - 9) / 10)
			continue;
		value = value * 10 + (uint64_t)(rest->at[0] - '0');
		scale *= 10;
	}
	return (double)value / scale;
}

static const struct unit *take_unit(struct text *rest)
{
	struct text name = { .at = rest->at };

	while (name.len < rest->len && rest->at[name.len] != '.' && !is_digit(rest->at[name.len]))
		name.len++;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (text_is(name, units[i].name)) {
			skip(rest, name.len);
			return &units[i];
		}
	}
	return NULL;
}

/* One "1.5h". */
static int take_term(struct text *rest, uint64_t *ret_ns)
{
	struct text begin = *rest;
	uint64_t whole;
	double fraction = 0;

	if (take_whole(rest, &whole) == -1)
		return -1;
	size_t digits = begin.len - rest->len;
	if (rest->len > 0 && rest->at[0] == '.') {
		skip(rest, 1);
		size_t before = rest->len;
		fraction = take_fraction(rest);
		digits += before - rest->len;
	}
	const struct unit *unit = digits == 0 ? NULL : take_unit(rest);
	if (unit == NULL || whole > NS_MAX / (uint64_t)unit->ns)
		return -1;
	*ret_ns = whole * (uint64_t)unit->ns + (uint64_t)(fraction * (double)unit->ns);
	return *ret_ns > NS_MAX ? -1 : 0;
}

int duration_parse(struct text text, int64_t *ret_ms)
{
	uint64_t total = 0;

	if (text.len > 0 && text.at[0] == '+')
		skip(&text, 1);
	if (text_is(text, "0")) {
		*ret_ms = 0;
		return 0;
	}
	if (text.len == 0)
		return -1;
	while (text.len > 0) {
		uint64_t ns;

		if (take_term(&text, &ns) == -1)
			return -1;
		total += ns;
		if (total > NS_MAX)
			return -1;
	}
	*ret_ms = (int64_t)total / NS_PER_MS;
	return 0;
}

void duration_format(int64_t ms, char out[DURATION_TEXT_BYTES])
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	unsigned long long hours = size / 3600000;
	unsigned minutes = (unsigned)(size / 60000 % 60), seconds = (unsigned)(size / 1000 % 60);
	unsigned rest_ms = (unsigned)(size % 1000);
	char hour_text[24] = "", minute_text[8] = "", second_text[16] = "";

	if (hours > 0)
		(void)snprintf(hour_text, sizeof(hour_text), "%lluh", hours);
	if (minutes > 0)
		(void)snprintf(minute_text, sizeof(minute_text), "%um", minutes);
	if (rest_ms > 0 && size < 1000) {
		(void)snprintf(second_text, sizeof(second_text), "%ums", rest_ms);
	} else if (rest_ms > 0) {
		int len = snprintf(second_text, sizeof(second_text), "%u.%03u", seconds, rest_ms);

		while (second_text[len - 1] == '0')
			len--;
		(void)snprintf(second_text + len, sizeof(second_text) - (size_t)len, "s");
	} else if (seconds > 0 || size == 0) {
		(void)snprintf(second_text, sizeof(second_text), "%us", seconds);
	}
	(void)snprintf(out, DURATION_TEXT_BYTES, "%s%s%s%s", ms < 0 ? "-" : "", hour_text, minute_text, second_text);
}
