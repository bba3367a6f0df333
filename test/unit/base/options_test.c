/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/json.h"
#include "test/unit/base/test.h"

struct settings {
	const char *listen, *mode, *token, *database;
	int64_t concurrency, held_bytes, idle_ms, offset;
	bool elect, webhooks;
	enum { LIGHT, DARK } theme;
};

static const char *const themes[] = { [LIGHT] = "light", [DARK] = "dark", NULL };

static const struct option table[] = {
	{ .name = "listen-address",
		.env = "TEST_LISTEN",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, listen),
		.fallback = ":8080",
		.sentence = "where it listens" },
	{ .name = "mode", .type = OPTION_TEXT, .offset = offsetof(struct settings, mode), .sentence = "how it runs" },
	{ .name = "max-held-bytes",
		.type = OPTION_BYTES,
		.offset = offsetof(struct settings, held_bytes),
		.fallback = "64Mi",
		.sentence = "what it holds" },
	{ .name = "idle-timeout",
		.env = "TEST_IDLE",
		.type = OPTION_DURATION,
		.offset = offsetof(struct settings, idle_ms),
		.fallback = "1h",
		.min = 1000,
		.max = 86400000,
		.sentence = "how long silence may last" },
	{ .name = "concurrency",
		.env = "TEST_CONCURRENCY",
		.type = OPTION_INT,
		.offset = offsetof(struct settings, concurrency),
		.fallback = "8",
		.min = 1,
		.max = 1000,
		.sentence = "how many at once" },
	{ .name = "offset",
		.type = OPTION_INT,
		.offset = offsetof(struct settings, offset),
		.min = -5,
		.max = 5,
		.sentence = "either way" },
	{ .name = "leader-elect",
		.type = OPTION_BOOL,
		.offset = offsetof(struct settings, elect),
		.fallback = "true",
		.sentence = "one at a time" },
	{ .name = "enable-webhooks",
		.type = OPTION_BOOL,
		.offset = offsetof(struct settings, webhooks),
		.sentence = "serves admission" },
	{ .name = "theme",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct settings, theme),
		.choices = themes,
		.fallback = "dark",
		.sentence = "how it looks" },
	{ .name = "database-url",
		.env = "TEST_DATABASE",
		.type = OPTION_TEXT,
		.offset = offsetof(struct settings, database),
		.sentence = "where it mirrors to",
		.secret = true },
	{ .env = "TEST_TOKEN",
		.type = OPTION_TEXT,
		.offset = offsetof(struct settings, token),
		.sentence = "its key",
		.secret = true },
};

static const char *const variables[] = { "TEST_LISTEN", "TEST_IDLE", "TEST_CONCURRENCY", "TEST_DATABASE", "TEST_TOKEN" };

static enum options_result parse(struct settings *settings, struct err *err, char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return options_parse(table, ARRAY_LEN(table), settings, "gateway", "0.1.0", "routes requests", argc, argv, err);
}

#define ARGV(...) ((char *[]){ (char[]){ "gateway" }, __VA_ARGS__ __VA_OPT__(, ) NULL })
#define ARG(text) ((char[]){ text })

static int no_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		(void)unsetenv(variables[i]);
	return 0;
}

static void fallbacks_hold_where_nothing_is_said(void **state)
{
	struct settings settings;
	struct err err = { 0 };

	(void)state;
	memset(&settings, 0xff, sizeof(settings));
	assert_int_equal(parse(&settings, &err, ARGV()), OPTIONS_RUN);
	assert_string_equal(settings.listen, ":8080");
	assert_null(settings.mode);
	assert_null(settings.token);
	assert_int_equal(settings.concurrency, 8);
	assert_int_equal(settings.held_bytes, 64 << 20);
	assert_int_equal(settings.idle_ms, 3600000);
	assert_int_equal(settings.offset, 0);
	assert_true(settings.elect);
	assert_false(settings.webhooks);
	assert_int_equal(settings.theme, DARK);
}

static void flags_are_read_in_either_form(void **state)
{
	struct settings settings;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		parse(&settings, &err,
			ARGV(ARG("--listen-address=[::1]:9090"), ARG("--mode"), ARG("a=b"), ARG("--concurrency=1"),
				ARG("--idle-timeout"), ARG("1m30s"), ARG("--max-held-bytes=512Ki"), ARG("--leader-elect=false"),
				ARG("--enable-webhooks"), ARG("--offset"), ARG("-5"), ARG("--theme=light"))),
		OPTIONS_RUN);
	assert_string_equal(settings.listen, "[::1]:9090");
	assert_string_equal(settings.mode, "a=b");
	assert_int_equal(settings.concurrency, 1);
	assert_int_equal(settings.idle_ms, 90000);
	assert_int_equal(settings.held_bytes, 512 << 10);
	assert_int_equal(settings.offset, -5);
	assert_false(settings.elect);
	assert_true(settings.webhooks);
	assert_int_equal(settings.theme, LIGHT);
}

static void the_last_of_two_flags_wins(void **state)
{
	struct settings settings;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse(&settings, &err, ARGV(ARG("--mode=a"), ARG("--mode="))), OPTIONS_RUN);
	assert_string_equal(settings.mode, "");
}

static void a_flag_wins_over_its_variable(void **state)
{
	struct settings settings;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(setenv("TEST_CONCURRENCY", "3", 1), 0);
	assert_int_equal(setenv("TEST_TOKEN", "hush", 1), 0);
	assert_int_equal(setenv("TEST_IDLE", "", 1), 0); /* empty is unset */
	assert_int_equal(parse(&settings, &err, ARGV()), OPTIONS_RUN);
	assert_int_equal(settings.concurrency, 3);
	assert_string_equal(settings.token, "hush");
	assert_int_equal(settings.idle_ms, 3600000);
	assert_int_equal(parse(&settings, &err, ARGV(ARG("--concurrency=4"))), OPTIONS_RUN);
	assert_int_equal(settings.concurrency, 4);
}

static void a_wrong_setting_is_named_with_its_value(void **state)
{
	static const struct {
		const char *flag, *message;
	} rows[] = {
		{ "--colour=red", "--colour: there is no such flag; see --help" },
		{ "--colour", "--colour: there is no such flag; see --help" },
		{ "--mod=x", "--mod: there is no such flag; see --help" },
		{ "--modes=x", "--modes: there is no such flag; see --help" },
		{ "--Mode=x", "--Mode: there is no such flag; see --help" },
		{ "--TEST_TOKEN=x", "--TEST_TOKEN: there is no such flag; see --help" },
		{ "--=x", "--: there is no such flag; see --help" },
		{ "--", "\"--\" is not a flag; see --help" },
		{ "-mode=x", "\"-mode=x\" is not a flag; see --help" },
		{ "run", "\"run\" is not a flag; see --help" },
		{ "", "\"\" is not a flag; see --help" },
		{ "--mode", "--mode: its value is missing" },
		{ "--concurrency=", "--concurrency: \"\" is not an integer" },
		{ "--concurrency=eight", "--concurrency: \"eight\" is not an integer" },
		{ "--concurrency=8.0", "--concurrency: \"8.0\" is not an integer" },
		{ "--concurrency=99999999999999999999", "--concurrency: \"99999999999999999999\" is not an integer" },
		{ "--concurrency=0", "--concurrency: \"0\" is not from 1 to 1000" },
		{ "--concurrency=1001", "--concurrency: \"1001\" is not from 1 to 1000" },
		{ "--offset=-6", "--offset: \"-6\" is not from -5 to 5" },
		{ "--idle-timeout=300", "--idle-timeout: \"300\" is not a duration like 90s" },
		{ "--idle-timeout=1d", "--idle-timeout: \"1d\" is not a duration like 90s" },
		{ "--idle-timeout=999ms", "--idle-timeout: \"999ms\" is not from 1s to 24h" },
		{ "--idle-timeout=25h", "--idle-timeout: \"25h\" is not from 1s to 24h" },
		{ "--theme=blue", "--theme: \"blue\" is not light or dark" },
		{ "--theme=", "--theme: \"\" is not light or dark" },
		{ "--max-held-bytes=64M", "--max-held-bytes: \"64M\" is not a size like 64Mi" },
		{ "--max-held-bytes=Mi", "--max-held-bytes: \"Mi\" is not a size like 64Mi" },
		{ "--max-held-bytes=1.5Mi", "--max-held-bytes: \"1.5Mi\" is not a size like 64Mi" },
		{ "--max-held-bytes=-1", "--max-held-bytes: \"-1\" is not a size like 64Mi" },
		{ "--max-held-bytes=9999999999Gi", "--max-held-bytes: \"9999999999Gi\" is not a size like 64Mi" },
		{ "--max-held-bytes=1Xi", "--max-held-bytes: \"1Xi\" is not a size like 64Mi" },
		{ "--leader-elect=yes", "--leader-elect: \"yes\" is not true or false" },
		{ "--leader-elect=", "--leader-elect: \"\" is not true or false" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings settings;
		struct err err = { 0 };
		char flag[100];

		(void)snprintf(flag, sizeof(flag), "%s", rows[i].flag);
		assert_int_equal(parse(&settings, &err, ARGV(flag)), OPTIONS_WRONG);
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(err.code, ERR_INVALID);
	}
}

static void a_wrong_variable_is_named_as_the_variable(void **state)
{
	struct settings settings;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(setenv("TEST_CONCURRENCY", "many", 1), 0);
	assert_int_equal(parse(&settings, &err, ARGV()), OPTIONS_WRONG);
	assert_string_equal(err.message, "TEST_CONCURRENCY: \"many\" is not an integer");
}

static void addresses_are_numeric(void **state)
{
	static const struct {
		const char *flag;
		enum options_result result;
	} rows[] = {
		{ "--listen-address=:8080", OPTIONS_RUN },
		{ "--listen-address=:0", OPTIONS_RUN },
		{ "--listen-address=0.0.0.0:65535", OPTIONS_RUN },
		{ "--listen-address=[::]:1", OPTIONS_RUN },
		{ "--listen-address=[::ffff:127.0.0.1]:1", OPTIONS_RUN },
		{ "--listen-address=:65536", OPTIONS_WRONG },
		{ "--listen-address=8080", OPTIONS_WRONG },
		{ "--listen-address=", OPTIONS_WRONG },
		{ "--listen-address=:", OPTIONS_WRONG },
		{ "--listen-address=:-1", OPTIONS_WRONG },
		{ "--listen-address=:80a", OPTIONS_WRONG },
		{ "--listen-address=localhost:80", OPTIONS_WRONG },
		{ "--listen-address=1.2.3:80", OPTIONS_WRONG },
		{ "--listen-address=::1:80", OPTIONS_WRONG },
		{ "--listen-address=[::1]", OPTIONS_WRONG },
		{ "--listen-address=[::1:80", OPTIONS_WRONG },
		{ "--listen-address=[]:80", OPTIONS_WRONG },
		{ "--listen-address=[:80", OPTIONS_WRONG },
		{ "--listen-address=[127.0.0.1]:80", OPTIONS_WRONG },
		{ "--listen-address=[11111111111111111111111111111111111111111111111111111]:80", OPTIONS_WRONG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings settings;
		struct err err = { 0 };
		char flag[100];

		(void)snprintf(flag, sizeof(flag), "%s", rows[i].flag);
		assert_int_equal(parse(&settings, &err, ARGV(flag)), rows[i].result);
	}
}

/* Standard output of parsing argv, in out. */
static enum options_result parse_printing(char **argv, char *out, size_t size)
{
	struct settings settings;
	struct err err = { 0 };

	(void)fflush(stdout);
	int stdout_fd = dup(STDOUT_FILENO), fd = memfd_create("options_test", MFD_CLOEXEC);
	assert_int_not_equal(dup2(fd, STDOUT_FILENO), -1);
	enum options_result result = parse(&settings, &err, argv);
	(void)fflush(stdout);
	assert_int_not_equal(dup2(stdout_fd, STDOUT_FILENO), -1);
	ssize_t len = pread(fd, out, size - 1, 0);
	out[len < 0 ? 0 : len] = '\0';
	(void)close(fd);
	(void)close(stdout_fd);
	return result;
}

static void help_names_every_row(void **state)
{
	static const char expected[] = "gateway: routes requests\n"
				       "\n"
				       "usage: gateway [--flag=value ...]\n"
				       "\n"
				       "  --listen-address=ADDRESS\n"
				       "        where it listens (default :8080) [also TEST_LISTEN]\n"
				       "  --mode=TEXT\n"
				       "        how it runs\n"
				       "  --max-held-bytes=SIZE\n"
				       "        what it holds (default 64Mi)\n"
				       "  --idle-timeout=DURATION\n"
				       "        how long silence may last (default 1h) [also TEST_IDLE]\n"
				       "  --concurrency=N\n"
				       "        how many at once (default 8) (1 to 1000) [also TEST_CONCURRENCY]\n"
				       "  --offset=N\n"
				       "        either way (-5 to 5)\n"
				       "  --leader-elect\n"
				       "        one at a time (default true)\n"
				       "  --enable-webhooks\n"
				       "        serves admission\n"
				       "  --theme=light|dark\n"
				       "        how it looks (default dark)\n"
				       "  --database-url=TEXT\n"
				       "        where it mirrors to [also TEST_DATABASE]\n"
				       "  --help\n"
				       "        this page\n"
				       "  --version\n"
				       "        the version\n"
				       "\n"
				       "environment:\n"
				       "  TEST_TOKEN=TEXT\n"
				       "        its key\n";
	char printed[4096];

	(void)state;
	assert_int_equal(parse_printing(ARGV(ARG("--help")), printed, sizeof(printed)), OPTIONS_DONE);
	assert_string_equal(printed, expected);
	assert_int_equal(parse_printing(ARGV(ARG("--wrong"), ARG("--help")), printed, sizeof(printed)), OPTIONS_DONE);
	assert_string_equal(printed, expected);
}

static void version_is_printed_alone(void **state)
{
	char printed[100];

	(void)state;
	assert_int_equal(parse_printing(ARGV(ARG("--version")), printed, sizeof(printed)), OPTIONS_DONE);
	assert_string_equal(printed, "gateway 0.1.0\n");
}

static void secrets_are_masked_in_settings_and_errors(void **state)
{
	static const struct option secret_number[] = { { .name = "pin", .type = OPTION_INT, .secret = true, .sentence = "a pin" } };
	struct settings settings;
	struct err err = { 0 };
	scoped_buf out;
	int64_t pin;

	(void)state;
	assert_int_equal(setenv("TEST_TOKEN", "hush", 1), 0);
	assert_int_equal(parse(&settings, &err, ARGV(ARG("--mode=x"))), OPTIONS_RUN);
	scoped_json json = options_to_json(table, ARRAY_LEN(table), &settings);
	buf_init(&out, 1000);
	assert_int_equal(json_format(json, &out), 0);
	assert_string_equal(buf_terminated(&out),
		"{\"listen-address\":\":8080\",\"mode\":\"x\",\"max-held-bytes\":67108864,\"idle-timeout\":\"1h\",\"concurrency\":"
		"8,"
		"\"offset\":0,\"leader-elect\":true,\"enable-webhooks\":false,\"theme\":\"dark\",\"database-url\":null,\"TEST_"
		"TOKEN\":\"***\"}");
	assert_int_equal(
		options_parse(secret_number, 1, &pin, "gateway", "0.1.0", "", 2, ARGV(ARG("--pin=12x4")), &err), OPTIONS_WRONG);
	assert_string_equal(err.message, "--pin: \"***\" is not an integer");
}

static void secret_numbers_are_masked_in_settings(void **state)
{
	static const struct option secret_number[] = { { .name = "pin", .type = OPTION_INT, .secret = true, .sentence = "a pin" } };
	int64_t pin = 1234;
	scoped_json json = options_to_json(secret_number, 1, &pin);

	(void)state;
	assert_string_equal(json_text_at(json, "/pin"), "***");
}

static void parse_wrong_fallback(void *arg)
{
	static const struct option wrong[] = { { .name = "n", .type = OPTION_INT, .fallback = "many", .sentence = "" } };
	struct err err;
	int64_t number;

	(void)arg;
	(void)options_parse(wrong, 1, &number, "gateway", "0.1.0", "", 1, ARGV(), &err);
}

static void a_row_says_whether_it_would_take_a_value(void **state)
{
	static const struct option wait = { .env = "WAIT", .type = OPTION_DURATION, .offset = 4096, .min = 100, .max = 1000 };
	static const struct option address = { .name = "listen", .type = OPTION_ADDRESS, .offset = 4096 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(option_check(&wait, "1s", &err), 0);
	assert_int_equal(option_check(&address, ":80", &err), 0);
	assert_int_equal(option_check(&wait, "2s", &err), -1);
	assert_string_equal(err.message, "WAIT: \"2s\" is not from 100ms to 1s");
	assert_int_equal(option_check(&address, "80", &err), -1);
	assert_non_null(strstr(err.message, "listen: \"80\" is not an address"));
}

static void a_fallback_that_does_not_parse_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(parse_wrong_fallback, NULL);
}

#define OPTIONS_TEST(name) cmocka_unit_test_setup(name, no_variables)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(fallbacks_hold_where_nothing_is_said),
		OPTIONS_TEST(flags_are_read_in_either_form),
		OPTIONS_TEST(the_last_of_two_flags_wins),
		OPTIONS_TEST(a_flag_wins_over_its_variable),
		OPTIONS_TEST(a_wrong_setting_is_named_with_its_value),
		OPTIONS_TEST(a_wrong_variable_is_named_as_the_variable),
		OPTIONS_TEST(addresses_are_numeric),
		OPTIONS_TEST(help_names_every_row),
		OPTIONS_TEST(version_is_printed_alone),
		OPTIONS_TEST(secrets_are_masked_in_settings_and_errors),
		OPTIONS_TEST(secret_numbers_are_masked_in_settings),
		OPTIONS_TEST(a_fallback_that_does_not_parse_is_a_bug),
		OPTIONS_TEST(a_row_says_whether_it_would_take_a_value),
	};

	return cmocka_run_group_tests_name("base/options", tests, NULL, NULL);
}
