/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/instant.c — reading the clocks, and turning wall time into RFC 3339 and
 * back, and into HTTP's dates. The calendar is the proleptic Gregorian one, UTC, without leap seconds;
 * no time zone database, no libc calendar.
 */
#include "base/instant.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define DAY_MS       INT64_C(86400000)
#define ERA_DAYS     146097 /* 400 years */
#define DAYS_TO_1970 719468 /* from 0000-03-01, where the eras begin */

struct date {
	int64_t year;
	int month, day; /* from 1 */
};

static int64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	BUG_ON(clock_gettime(clock, &now) != 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Years begin in March here, so that the leap day is the last day of one. */
static int64_t days_from_date(struct date date)
{
	int64_t year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
	int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * ERA_DAYS + day_of_era - DAYS_TO_1970;
}

static struct date date_from_days(int64_t days)
{
	int64_t since = days + DAYS_TO_1970;
	int64_t era = (since >= 0 ? since : since - (ERA_DAYS - 1)) / ERA_DAYS;
	int64_t day_of_era = since - era * ERA_DAYS;
	int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	return (struct date){
		.year = year + era * 400 + (month >= 10 ? 1 : 0),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
	};
}

static int days_in_month(struct date date)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;

	return date.month == 2 && is_leap ? 29 : days[date.month - 1];
}

/* Whole days since 1970. */
static int64_t days_of(int64_t wall_ms)
{
	return wall_ms / DAY_MS - (wall_ms % DAY_MS < 0 ? 1 : 0);
}

/* Writes without the zone; years past 9999 are held there, as RFC 3339 has four digits. */
static int write_seconds(int64_t wall_ms, char *out, size_t size)
{
	int64_t days = days_of(wall_ms);
	int second = (int)((wall_ms - days * DAY_MS) / 1000);
	struct date date = date_from_days(days);

	return snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d", (int)date.year, date.month, date.day, second / 3600,
		second / 60 % 60, second % 60);
}

static int64_t held_in_four_digit_years(int64_t wall_ms)
{
	const int64_t first = INT64_C(-62167219200000); /* 0000-01-01T00:00:00Z */
	const int64_t last = INT64_C(253402300799999);  /* 9999-12-31T23:59:59.999Z */

	return wall_ms < first ? first : wall_ms > last ? last : wall_ms;
}

/* Takes exactly `digits` digits and, unless it is NUL, the mark behind them. */
static int take_number(struct text *rest, size_t digits, char mark, int min, int max, int *ret_value)
{
	size_t len = digits + (mark == '\0' ? 0 : 1);
	int64_t value;

	if (rest->len < len || rest->at[0] == '-' || (mark != '\0' && rest->at[digits] != mark))
		return -1;
	if (text_to_int((struct text){ .at = rest->at, .len = digits }, min, max, &value) == -1)
		return -1;
	rest->at += len;
	rest->len -= len;
	*ret_value = (int)value;
	return 0;
}

static int take_fraction_ms(struct text *rest, int *ret_ms)
{
	int ms = 0, weight = 100;
	size_t digits = 0;

	*ret_ms = 0;
	if (rest->len == 0 || rest->at[0] != '.')
		return 0;
	while (digits + 1 < rest->len && rest->at[digits + 1] >= '0' && rest->at[digits + 1] <= '9') {
		ms += (rest->at[digits + 1] - '0') * weight;
		weight /= 10;
		digits++;
	}
	if (digits == 0)
		return -1;
	rest->at += digits + 1;
	rest->len -= digits + 1;
	*ret_ms = ms;
	return 0;
}

static int take_offset_minutes(struct text *rest, int *ret_minutes)
{
	int hours, minutes;

	if (text_is_folded(*rest, "z")) {
		*ret_minutes = 0;
		return 0;
	}
	if (rest->len != 6 || (rest->at[0] != '+' && rest->at[0] != '-'))
		return -1;
	int sign = rest->at[0] == '-' ? -1 : 1;
	rest->at++;
	rest->len--;
	if (take_number(rest, 2, ':', 0, 23, &hours) == -1 || take_number(rest, 2, '\0', 0, 59, &minutes) == -1)
		return -1;
	*ret_minutes = sign * (hours * 60 + minutes);
	return 0;
}

int64_t instant_monotonic_ms(void)
{
	return clock_read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t instant_wall_ms(void)
{
	return clock_read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t instant_wall_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

void instant_format(int64_t wall_ms, char out[INSTANT_TEXT_BYTES])
{
	int len = write_seconds(held_in_four_digit_years(wall_ms), out, INSTANT_TEXT_BYTES);

	(void)snprintf(out + len, (size_t)(INSTANT_TEXT_BYTES - len), "Z");
}

void instant_format_micro(int64_t wall_ms, char out[INSTANT_TEXT_BYTES])
{
	int64_t held = held_in_four_digit_years(wall_ms);
	int len = write_seconds(held, out, INSTANT_TEXT_BYTES);

	(void)snprintf(out + len, (size_t)(INSTANT_TEXT_BYTES - len), ".%03d000Z", (int)((held % 1000 + 1000) % 1000));
}

void instant_format_http(int64_t wall_ms, char out[INSTANT_TEXT_BYTES])
{
	static const char *const names_of_days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue",
		"Wed" }; /* 1970 began on a Thursday */
	static const char *const names_of_months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		"Dec" };
	int64_t held = held_in_four_digit_years(wall_ms);
	int64_t days = days_of(held);
	int second = (int)((held - days * DAY_MS) / 1000);
	struct date date = date_from_days(days);

	(void)snprintf(out, INSTANT_TEXT_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT", names_of_days[(days % 7 + 7) % 7], date.day,
		names_of_months[date.month - 1], (int)date.year, second / 3600, second / 60 % 60, second % 60);
}

int instant_parse(struct text text, int64_t *ret_wall_ms)
{
	int year, month, day, hour, minute, second, ms, offset;
	struct text rest = text;

	if (take_number(&rest, 4, '-', 0, 9999, &year) == -1 || take_number(&rest, 2, '-', 1, 12, &month) == -1 ||
		take_number(&rest, 2, '\0', 1, 31, &day) == -1)
		return -1;
	struct date date = { .year = year, .month = month, .day = day };
	if (day > days_in_month(date) || rest.len == 0 || (rest.at[0] != 'T' && rest.at[0] != 't'))
		return -1;
	rest.at++;
	rest.len--;
	if (take_number(&rest, 2, ':', 0, 23, &hour) == -1 || take_number(&rest, 2, ':', 0, 59, &minute) == -1 ||
		take_number(&rest, 2, '\0', 0, 60, &second) == -1 || /* 60: a leap second is the next one */
		take_fraction_ms(&rest, &ms) == -1 || take_offset_minutes(&rest, &offset) == -1)
		return -1;
	*ret_wall_ms = days_from_date(date) * DAY_MS + ((hour * 60 + minute - offset) * INT64_C(60) + second) * 1000 + ms;
	return 0;
}
