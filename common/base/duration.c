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
		if (value > NS_MAX / 10)
			return -1;
		value = value * 10 + (uint64_t)(rest->at[0] - '0');
		if (value > NS_MAX)
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

/* Seconds as "1s", "1.5s" or, where nothing stands before them, "500ms"; nothing where there are none. */
static void format_seconds(uint64_t ms, bool is_alone, char *out, size_t size)
{
	unsigned seconds = (unsigned)(ms / 1000), rest_ms = (unsigned)(ms % 1000);
	int digits = 3;

	out[0] = '\0';
	if (rest_ms == 0) {
		if (seconds > 0 || is_alone)
			(void)snprintf(out, size, "%us", seconds);
		return;
	}
	if (is_alone && seconds == 0) {
		(void)snprintf(out, size, "%ums", rest_ms);
		return;
	}
	for (; rest_ms % 10 == 0; rest_ms /= 10)
		digits--;
	(void)snprintf(out, size, "%u.%0*us", seconds, digits, rest_ms);
}

void duration_format(int64_t ms, char out[DURATION_TEXT_BYTES])
{
	uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	uint64_t hours = size / 3600000, minutes = size / 60000 % 60;
	int len = 0;

	if (ms < 0)
		len += snprintf(out + len, (size_t)(DURATION_TEXT_BYTES - len), "-");
	if (hours > 0)
		len += snprintf(out + len, (size_t)(DURATION_TEXT_BYTES - len), "%lluh", (unsigned long long)hours);
	if (minutes > 0)
		len += snprintf(out + len, (size_t)(DURATION_TEXT_BYTES - len), "%um", (unsigned)minutes);
	format_seconds(size % 60000, size < 60000, out + len, (size_t)(DURATION_TEXT_BYTES - len));
}
