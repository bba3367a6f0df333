/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/options.c — a table of settings read from its fallbacks, the environment
 * and the command line, in this order. A row's target is written only with a
 * value that passed its checks; a fallback that does not pass is a bug.
 */
#include "base/options.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"

#define CHOICES_BYTES 128

struct range {
	int64_t min, max;
};

static struct range option_range(const struct option *option)
{
	if (option->min == 0 && option->max == 0)
		return (struct range){ .min = 0, .max = INT64_MAX };
	return (struct range){ .min = option->min, .max = option->max };
}

static int parse_bytes(struct text text, int64_t *ret_bytes)
{
	static const char units[] = "KMGT"; /* each 1024 times the one before */
	int64_t unit = 1;

	if (text.len > 2 && text.at[text.len - 1] == 'i') {
		const char *found = strchr(units, text.at[text.len - 2]);

		if (found == NULL)
			return -1;
		unit = INT64_C(1024) << (10 * (found - units));
		text.len -= 2;
	}
	int64_t count;
	if (text_to_int(text, 0, INT64_MAX / unit, &count) == -1)
		return -1;
	*ret_bytes = count * unit;
	return 0;
}

/* "HOST:PORT" with HOST empty, an IPv4 address or an IPv6 address in brackets. */
static bool is_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	unsigned char binary[16];
	int64_t port;

	if (colon == NULL || text_to_int(text_of(colon + 1), 0, 65535, &port) == -1)
		return false;
	size_t len = (size_t)(colon - text);
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (len == 0)
		return true;
	if (host[0] != '[' || host[len - 1] != ']')
		return inet_pton(AF_INET, host, binary) == 1;
	host[len - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, binary) == 1;
}

static const char *type_name(enum option_type type)
{
	switch (type) {
	case OPTION_TEXT: return "text";
	case OPTION_INT: return "an integer";
	case OPTION_BOOL: return "true or false";
	case OPTION_BYTES: return "a size like 64Mi";
	case OPTION_DURATION: return "a duration like 90s";
	case OPTION_CHOICE: return "one of the choices";
	case OPTION_ADDRESS: return "an address like :8080, 127.0.0.1:8080 or [::1]:8080";
	}
	return "";
}

static void range_format(enum option_type type, struct range range, char *out, size_t size)
{
	char min[DURATION_TEXT_BYTES], max[DURATION_TEXT_BYTES];

	if (type == OPTION_DURATION) {
		duration_format(range.min, min);
		duration_format(range.max, max);
	} else {
		(void)snprintf(min, sizeof(min), "%lld", (long long)range.min);
		(void)snprintf(max, sizeof(max), "%lld", (long long)range.max);
	}
	if (range.max == INT64_MAX)
		(void)snprintf(out, size, "at least %s", min);
	else
		(void)snprintf(out, size, "from %s to %s", min, max);
}

/* label is what the user typed: "--name" or "NAME". */
static int refuse(const struct option *option, const char *label, const char *text, const char *expected, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s: \"%s\" is not %s", label, option->secret ? "***" : text, expected);
}

static int parse_number(const struct option *option, const char *text, int64_t *ret_value)
{
	switch (option->type) {
	case OPTION_INT: return text_to_int(text_of(text), INT64_MIN, INT64_MAX, ret_value);
	case OPTION_BYTES: return parse_bytes(text_of(text), ret_value);
	case OPTION_DURATION: return duration_parse(text_of(text), ret_value);
	case OPTION_TEXT:
	case OPTION_BOOL:
	case OPTION_CHOICE:
	case OPTION_ADDRESS: break;
	}
	return -1;
}

static int set_number(const struct option *option, void *target, const char *label, const char *text, struct err *err)
{
	struct range range = option_range(option);
	char expected[2 * DURATION_TEXT_BYTES + 16];
	int64_t value;

	if (parse_number(option, text, &value) == -1)
		return refuse(option, label, text, type_name(option->type), err);
	if (value < range.min || value > range.max) {
		range_format(option->type, range, expected, sizeof(expected));
		return refuse(option, label, text, expected, err);
	}
	*(int64_t *)target = value;
	return 0;
}

static int set_bool(const struct option *option, void *target, const char *label, const char *text, struct err *err)
{
	bool is_true = strcmp(text, "true") == 0;

	if (!is_true && strcmp(text, "false") != 0)
		return refuse(option, label, text, type_name(option->type), err);
	*(bool *)target = is_true;
	return 0;
}

/* "debug, info or warn", "debug|info|warn"; bounded by out. */
static void choices_format(const char *const *choices, const char *joint, const char *last_joint, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; choices[i] != NULL && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s",
			i == 0                           ? ""
				: choices[i + 1] == NULL ? last_joint
							 : joint,
			choices[i]);
}

static int set_choice(const struct option *option, void *target, const char *label, const char *text, struct err *err)
{
	char expected[CHOICES_BYTES];

	for (int i = 0; option->choices[i] != NULL; i++) {
		if (strcmp(text, option->choices[i]) == 0) {
			*(int *)target = i;
			return 0;
		}
	}
	choices_format(option->choices, ", ", " or ", expected, sizeof(expected));
	return refuse(option, label, text, expected, err);
}

static int set_value(const struct option *option, void *options, const char *label, const char *text, struct err *err)
{
	void *target = (char *)options + option->offset;

	switch (option->type) {
	case OPTION_ADDRESS:
		if (!is_address(text))
			return refuse(option, label, text, type_name(option->type), err);
		*(const char **)target = text;
		return 0;
	case OPTION_TEXT: *(const char **)target = text; return 0;
	case OPTION_BOOL: return set_bool(option, target, label, text, err);
	case OPTION_CHOICE: return set_choice(option, target, label, text, err);
	case OPTION_INT:
	case OPTION_BYTES:
	case OPTION_DURATION: return set_number(option, target, label, text, err);
	}
	return -1;
}

int option_check(const struct option *option, const char *text, struct err *err)
{
	struct option alone = *option;
	union {
		const char *text;
		int64_t number;
		bool is_true;
		int choice;
	} target;

	alone.offset = 0;
	return set_value(&alone, &target, option->name != NULL ? option->name : option->env, text, err);
}

static void set_fallback(const struct option *option, void *options)
{
	void *target = (char *)options + option->offset;
	struct err err = { 0 };

	if (option->fallback != NULL)
		BUG_ON(set_value(option, options, "fallback", option->fallback, &err) == -1);
	else if (option->type == OPTION_TEXT || option->type == OPTION_ADDRESS)
		*(const char **)target = NULL;
	else if (option->type == OPTION_BOOL)
		*(bool *)target = false;
	else if (option->type == OPTION_CHOICE)
		*(int *)target = 0;
	else
		*(int64_t *)target = 0;
}

/* An empty variable is an unset one, as manifests cannot leave a variable out conditionally. */
static int set_from_environment(const struct option *option, void *options, struct err *err)
{
	const char *text = option->env == NULL ? NULL : getenv(option->env);

	return text == NULL || text[0] == '\0' ? 0 : set_value(option, options, option->env, text, err);
}

static const struct option *option_by_name(const struct option *table, size_t count, struct text name)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].name != NULL && text_is(name, table[i].name))
			return &table[i];
	}
	return NULL;
}

/* Reads argv[*at] and, where its value stands apart, the argument behind it. */
static int set_from_flag(const struct option *table, size_t count, void *options, char **argv, int *at, struct err *err)
{
	const char *argument = argv[*at];
	char label[128];

	if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
		return err_set(err, ERR_INVALID, "\"%s\" is not a flag; see --help", argument);
	struct text rest = text_of(argument + 2);
	struct text name = text_cut(&rest, '=');
	const struct option *option = option_by_name(table, count, name);
	if (option == NULL)
		return err_set(err, ERR_INVALID, "--%.*s: there is no such flag; see --help", TEXT_ARGS(name));
	(void)snprintf(label, sizeof(label), "--%s", option->name);
	if (rest.at != NULL)
		return set_value(option, options, label, rest.at, err);
	if (option->type == OPTION_BOOL)
		return set_value(option, options, label, "true", err);
	if (argv[*at + 1] == NULL)
		return err_set(err, ERR_INVALID, "%s: its value is missing", label);
	(*at)++;
	return set_value(option, options, label, argv[*at], err);
}

static bool is_given(const char *flag, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], flag) == 0)
			return true;
	}
	return false;
}

static void help_print_option(const struct option *option)
{
	static const char *const values[] = {
		[OPTION_TEXT] = "=TEXT",
		[OPTION_INT] = "=N",
		[OPTION_BOOL] = "",
		[OPTION_BYTES] = "=SIZE",
		[OPTION_DURATION] = "=DURATION",
		[OPTION_CHOICE] = "=",
		[OPTION_ADDRESS] = "=ADDRESS",
	};

	char choices[CHOICES_BYTES] = "";

	if (option->type == OPTION_CHOICE)
		choices_format(option->choices, "|", "|", choices, sizeof(choices));
	printf("  %s%s%s%s\n", option->name != NULL ? "--" : "", option->name != NULL ? option->name : option->env,
		values[option->type], choices);
	printf("        %s", option->sentence);
	if (option->fallback != NULL && option->fallback[0] != '\0')
		printf(" (default %s)", option->fallback);
	if (option->type == OPTION_INT && option->max != 0)
		printf(" (%" PRId64 " to %" PRId64 ")", option->min, option->max);
	if (option->name != NULL && option->env != NULL)
		printf(" [also %s]", option->env);
	printf("\n");
}

static void help_print(const struct option *table, size_t count, const char *program, const char *purpose)
{
	bool has_variable = false;

	printf("%s: %s\n\nusage: %s [--flag=value ...]\n\n", program, purpose, program);
	for (size_t i = 0; i < count; i++) {
		if (table[i].name != NULL)
			help_print_option(&table[i]);
		else
			has_variable = true;
	}
	printf("  --help\n        this page\n  --version\n        the version\n");
	if (has_variable)
		printf("\nenvironment:\n");
	for (size_t i = 0; i < count; i++) {
		if (table[i].name == NULL)
			help_print_option(&table[i]);
	}
}

enum options_result options_parse(const struct option *table, size_t count, void *target, const char *program, const char *version,
	const char *purpose, int argc, char **argv, struct err *err)
{
	if (is_given("--help", argc, argv)) {
		help_print(table, count, program, purpose);
		return OPTIONS_DONE;
	}
	if (is_given("--version", argc, argv)) {
		printf("%s %s\n", program, version);
		return OPTIONS_DONE;
	}
	for (size_t i = 0; i < count; i++) {
		set_fallback(&table[i], target);
		if (set_from_environment(&table[i], target, err) == -1)
			return OPTIONS_WRONG;
	}
	for (int i = 1; i < argc; i++) {
		if (set_from_flag(table, count, target, argv, &i, err) == -1)
			return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

static json_t *text_json(const char *text, bool is_secret)
{
	if (text == NULL)
		return json_null();
	return json_string(is_secret && text[0] != '\0' ? "***" : text);
}

static json_t *value_json(const struct option *option, const void *options)
{
	const void *target = (const char *)options + option->offset;
	char duration[DURATION_TEXT_BYTES];

	if (option->type == OPTION_TEXT || option->type == OPTION_ADDRESS)
		return text_json(*(const char *const *)target, option->secret);
	if (option->secret)
		return json_string("***");
	if (option->type == OPTION_BOOL)
		return json_boolean(*(const bool *)target);
	if (option->type == OPTION_CHOICE)
		return json_string(option->choices[*(const int *)target]);
	if (option->type != OPTION_DURATION)
		return json_integer(*(const int64_t *)target);
	duration_format(*(const int64_t *)target, duration);
	return json_string(duration);
}

struct json_t *options_to_json(const struct option *table, size_t count, const void *target)
{
	json_t *settings = json_object();

	for (size_t i = 0; i < count; i++) {
		const char *key = table[i].name != NULL ? table[i].name : table[i].env;

		(void)json_object_set_new(settings, key, value_json(&table[i], target));
	}
	return settings;
}
