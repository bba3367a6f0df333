/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "base/options.h"
#include "test/unit/base/test.h"

static char captured[1 << 20];
static int capture_fd = -1, stdout_fd = -1;

static void capture_start(void)
{
	(void)fflush(stdout);
	stdout_fd = dup(STDOUT_FILENO);
	capture_fd = memfd_create("log_test", MFD_CLOEXEC);
	assert_int_not_equal(dup2(capture_fd, STDOUT_FILENO), -1);
}

/* What was written since capture_start(). */
static struct text capture_stop(void)
{
	assert_int_not_equal(dup2(stdout_fd, STDOUT_FILENO), -1);
	ssize_t len = pread(capture_fd, captured, sizeof(captured) - 1, 0);
	assert_true(len >= 0);
	captured[len] = '\0';
	(void)close(stdout_fd);
	(void)close(capture_fd);
	return (struct text){ .at = captured, .len = (size_t)len };
}

/* The one line of text as JSON: it ends in the only newline and is at most PIPE_BUF long. Yours. */
static struct json_t *line_json(struct text line)
{
	struct err err = { 0 };

	assert_true(line.len > 0 && line.len <= PIPE_BUF);
	assert_ptr_equal(memchr(line.at, '\n', line.len), line.at + line.len - 1);
	struct json_t *value = json_parse(line, &err);
	assert_string_equal(err.message, "");
	return value;
}

static int log_as_gateway(void **state)
{
	(void)state;
	log_setup("gateway", LOG_LEVEL_INFO);
	return 0;
}

static void a_line_has_its_fields_in_order(void **state)
{
	(void)state;
	capture_start();
	log_info("invocation.ended", LOG_STR("agent", "echo"), LOG_INT("status", -200), LOG_BOOL("woken", true),
		LOG_BOOL("cut_off", false), LOG_DOUBLE("seconds", 0.25), LOG_DOUBLE("nothing", NAN), LOG_TEXT("path", TEXT("/x")),
		LOG_STR("reason", NULL));
	struct text line = capture_stop();
	scoped_json value = line_json(line);

	assert_true(json_instant_at(value, "/ts", -1) > 1700000000000);
	assert_true(text_has_prefix(line, "{\"ts\":\"20"));
	assert_string_equal(strstr(captured, "\",\"level\""),
		"\",\"level\":\"info\",\"component\":\"gateway\",\"event\":\"invocation.ended\",\"agent\":\"echo\",\"status\":-200,"
		"\"woken\":true,\"cut_off\":false,\"seconds\":0.25,\"nothing\":null,\"path\":\"/x\",\"reason\":null}\n");
}

static void an_event_needs_no_fields(void **state)
{
	(void)state;
	capture_start();
	log_error("table.lost");
	scoped_json value = line_json(capture_stop());

	assert_string_equal(json_text_at(value, "/level"), "error");
}

static void values_never_split_a_line(void **state)
{
	static const struct {
		struct text value;
		const char *escaped;
	} rows[] = {
		{ TEXT("a\nb"), "\"a\\nb\"" },
		{ TEXT("a\r\n\tb"), "\"a\\u000d\\n\\u0009b\"" },
		{ TEXT("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\"" },
		{ TEXT("\"}\\"), "\"\\\"}\\\\\"" },
		{ TEXT("\xc2\x85\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u0085\\u2028\\u2029\"" }, /* line ends of Unicode */
		{ TEXT("\x1b[31m"), "\"\\u001b[31m\"" },
		{ TEXT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ TEXT("\xff\xc3"), "\"\\\\xff\\\\xc3\"" },
		{ TEXT("\xe2\x82"), "\"\\\\xe2\\\\x82\"" },
		{ TEXT("\xed\xa0\x80"), "\"\\\\xed\\\\xa0\\\\x80\"" },
		{ TEXT(""), "\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char expected[100];

		capture_start();
		log_warn("peer.spoke", LOG_TEXT("value", rows[i].value));
		struct text line = capture_stop();
		(void)snprintf(expected, sizeof(expected), ",\"value\":%s}\n", rows[i].escaped);
		assert_string_equal(strstr(captured, ",\"value\""), expected);
		if (rows[i].value.len == 0 || rows[i].value.at[0] != '\0') { /* our reader refuses a NUL */
			scoped_json value = line_json(line);
			assert_non_null(value);
		}
	}
}

static void every_byte_makes_a_line_that_parses(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		char text[] = { 'a', (char)byte, 'b' };

		capture_start();
		log_info("byte.seen", LOG_TEXT("value", ((struct text){ .at = text, .len = sizeof(text) })));
		scoped_json value = line_json(capture_stop());
		assert_non_null(json_text_at(value, "/value"));
	}
}

static void a_long_value_is_cut_and_the_rest_stays(void **state)
{
	static char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (int round = 0; round < 2; round++, memset(text, '\x01', sizeof(text) - 1)) {
		capture_start();
		log_info("peer.spoke", LOG_STR("value", text), LOG_INT("after", 1));
		scoped_json value = line_json(capture_stop());
		const char *cut = json_text_at(value, "/value");

		assert_string_equal(cut + strlen(cut) - 4, round == 0 ? "x..." : "\x01...");
		assert_int_equal(json_int_at(value, "/after", 0), 1);
		assert_null(json_at(value, "/cut"));
	}
}

static void a_line_too_long_says_that_it_is_cut(void **state)
{
	static char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	capture_start();
	log_info("peer.spoke", LOG_STR("a", text), LOG_STR("b", text), LOG_STR("c", text), LOG_STR("d", text), LOG_INT("e", 1));
	scoped_json value = line_json(capture_stop());

	assert_non_null(json_text_at(value, "/c"));
	assert_null(json_at(value, "/d"));
	assert_true(json_bool_at(value, "/cut", false));
}

static void lines_below_the_level_are_dropped(void **state)
{
	(void)state;
	capture_start();
	log_debug("noise.made");
	assert_false(log_is_on(LOG_LEVEL_DEBUG));
	log_setup("gateway", LOG_LEVEL_ERROR);
	log_warn("noise.made");
	assert_int_equal(capture_stop().len, 0);
	log_setup("gateway", LOG_LEVEL_INFO);
}

static enum options_result parse_level(const struct option *row, const char *name, enum log_level *ret_level, struct err *err)
{
	char flag[32];
	char *argv[] = { flag, flag, NULL };

	(void)snprintf(flag, sizeof(flag), "--log-level=%s", name);
	return options_parse(row, 1, ret_level, "test", "0", "", 2, argv, err);
}

static void levels_have_four_names(void **state)
{
	static const struct option row[] = {
		{ .name = "log-level", .type = OPTION_CHOICE, .choices = LOG_LEVELS, .fallback = "error", .sentence = "" }
	};
	static const char *const wrong[] = { "", "INFO", "inf", "info ", "trace" };
	enum log_level level;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(parse_level(row, "debug", &level, &err), OPTIONS_RUN);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(parse_level(row, "warn", &level, &err), OPTIONS_RUN);
	assert_int_equal(level, LOG_LEVEL_WARN);
	assert_null(LOG_LEVELS[LOG_LEVEL_ERROR + 1]);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(parse_level(row, wrong[i], &level, &err), OPTIONS_WRONG);
}

static void an_error_is_a_field(void **state)
{
	struct err err = { 0 };

	(void)state;
	(void)err_set(&err, ERR_RETRY, "no answer");
	capture_start();
	log_warn("agent.reconcile_failed", LOG_ERR(&err));
	scoped_json value = line_json(capture_stop());
	assert_string_equal(json_text_at(value, "/error"), "no answer");
}

static size_t written_so_far(void)
{
	return (size_t)lseek(capture_fd, 0, SEEK_END);
}

static void held_lines_are_written_together_in_order(void **state)
{
	(void)state;
	capture_start();
	log_hold(true);
	log_info("first.said");
	log_info("second.said");
	assert_int_equal(written_so_far(), 0);
	log_flush();
	size_t flushed = written_so_far();
	log_info("third.said");
	log_hold(false);
	log_info("fourth.said");
	struct text text = capture_stop();
	const char *at = text.at;
	static const char *const EVENTS[] = { "first.said", "second.said", "third.said", "fourth.said" };
	for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++) {
		at = strstr(at, EVENTS[i]);
		assert_non_null(at);
		assert_int_equal((size_t)(at - text.at) >= flushed, i >= 2);
	}
}

static void a_warning_is_not_held_back(void **state)
{
	(void)state;
	capture_start();
	log_hold(true);
	log_info("first.said");
	log_warn("second.said");
	assert_true(written_so_far() > 0);
	log_hold(false);
	struct text text = capture_stop();
	assert_true(strstr(text.at, "first.said") < strstr(text.at, "second.said"));
}

static void no_more_is_held_than_32_kib_and_lines_stay_whole(void **state)
{
	int lines = 0;

	(void)state;
	capture_start();
	log_hold(true);
	for (int i = 0; i < 500; i++) {
		log_info("line.said", LOG_INT("number", i));
		assert_true((size_t)i * 80 < written_so_far() + 32768); /* a line of these has more than 80 bytes */
	}
	log_hold(false);
	struct text rest = capture_stop();
	while (rest.len > 0) {
		struct text line = text_cut(&rest, '\n');
		assert_int_equal(line.at[line.len - 1], '}');
		lines++;
	}
	assert_int_equal(lines, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_its_fields_in_order),
		cmocka_unit_test(an_event_needs_no_fields),
		cmocka_unit_test(values_never_split_a_line),
		cmocka_unit_test(every_byte_makes_a_line_that_parses),
		cmocka_unit_test(a_long_value_is_cut_and_the_rest_stays),
		cmocka_unit_test(a_line_too_long_says_that_it_is_cut),
		cmocka_unit_test(lines_below_the_level_are_dropped),
		cmocka_unit_test(levels_have_four_names),
		cmocka_unit_test(an_error_is_a_field),
		cmocka_unit_test(held_lines_are_written_together_in_order),
		cmocka_unit_test(a_warning_is_not_held_back),
		cmocka_unit_test(no_more_is_held_than_32_kib_and_lines_stay_whole),
	};

	return cmocka_run_group_tests_name("base/log", tests, log_as_gateway, NULL);
}
