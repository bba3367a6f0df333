/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test/unit/base/test.h"

enum { INVOCATIONS, DEPTH, SECONDS, READY, PLAIN_SECONDS };

static const double buckets[] = { .025, .1, 1, 30 };

static const struct metric_spec specs[] = {
	[INVOCATIONS] = { "krypton_invocations_total", METRIC_COUNTER, "Invocations that ended.", "agent,namespace,status", NULL,
		0 },
	[DEPTH] = { "krypton_buffer_depth", METRIC_GAUGE, "Requests held.", "agent,namespace", NULL, 0 },
	[SECONDS] = { "krypton_invocation_duration_seconds", METRIC_HISTOGRAM, "From admission to the end.", "agent,namespace",
		buckets, ARRAY_LEN(buckets) },
	[READY] = { "krypton_ready", METRIC_GAUGE, "Whether it serves.", NULL, NULL, 0 },
	[PLAIN_SECONDS] = { "krypton_pass_seconds", METRIC_HISTOGRAM, "One pass.", NULL, buckets, 1 },
};

/* What is rendered, less what changes by itself: up to the process figures. */
static const char *rendered(struct metrics *metrics, struct buf *out)
{
	assert_int_equal(metrics_render(metrics, out), 0);
	const char *text = buf_terminated(out);
	const char *end = strstr(text, "# HELP process_");

	assert_non_null(end);
	buf_truncate(out, (size_t)(end - text));
	return buf_terminated(out);
}

#define TAIL                                                                                                         \
	"# HELP krypton_metrics_dropped_total Updates that were not counted: too many series, or labels too long.\n" \
	"# TYPE krypton_metrics_dropped_total counter\n"                                                             \
	"krypton_metrics_dropped_total 0\n"                                                                          \
	"# HELP krypton_build_info Always 1; the version that runs is the label.\n"                                  \
	"# TYPE krypton_build_info gauge\n"                                                                          \
	"krypton_build_info{version=\"0.1.0\"} 1\n"

static void the_exposition_is_as_prometheus_wants_it(void **state)
{
	static const char expected[] =
		"# HELP krypton_invocations_total Invocations that ended.\n"
		"# TYPE krypton_invocations_total counter\n"
		"krypton_invocations_total{agent=\"echo\",namespace=\"default\",status=\"200\"} 3\n"
		"krypton_invocations_total{agent=\"echo\",namespace=\"default\",status=\"502\"} 1\n"
		"# HELP krypton_buffer_depth Requests held.\n"
		"# TYPE krypton_buffer_depth gauge\n"
		"krypton_buffer_depth{agent=\"echo\",namespace=\"default\"} -2.5\n"
		"# HELP krypton_invocation_duration_seconds From admission to the end.\n"
		"# TYPE krypton_invocation_duration_seconds histogram\n"
		"krypton_invocation_duration_seconds_bucket{agent=\"echo\",namespace=\"default\",le=\"0.025\"} 1\n"
		"krypton_invocation_duration_seconds_bucket{agent=\"echo\",namespace=\"default\",le=\"0.1\"} 2\n"
		"krypton_invocation_duration_seconds_bucket{agent=\"echo\",namespace=\"default\",le=\"1\"} 2\n"
		"krypton_invocation_duration_seconds_bucket{agent=\"echo\",namespace=\"default\",le=\"30\"} 2\n"
		"krypton_invocation_duration_seconds_bucket{agent=\"echo\",namespace=\"default\",le=\"+Inf\"} 3\n"
		"krypton_invocation_duration_seconds_sum{agent=\"echo\",namespace=\"default\"} 100.125\n"
		"krypton_invocation_duration_seconds_count{agent=\"echo\",namespace=\"default\"} 3\n"
		"# HELP krypton_ready Whether it serves.\n"
		"# TYPE krypton_ready gauge\n"
		"krypton_ready 1\n"
		"# HELP krypton_pass_seconds One pass.\n"
		"# TYPE krypton_pass_seconds histogram\n"
		"krypton_pass_seconds_bucket{le=\"0.025\"} 0\n"
		"krypton_pass_seconds_bucket{le=\"+Inf\"} 0\n"
		"krypton_pass_seconds_sum 0\n"
		"krypton_pass_seconds_count 0\n" TAIL;
	scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");
	scoped_buf out;

	(void)state;
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS("echo", "default", "200"), 1);
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS("echo", "default", "502"), 1);
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS("echo", "default", "200"), 2);
	metrics_set(metrics, DEPTH, METRIC_LABELS("echo", "default"), 7);
	metrics_set(metrics, DEPTH, METRIC_LABELS("echo", "default"), -3);
	metrics_add(metrics, DEPTH, METRIC_LABELS("echo", "default"), .5);
	metrics_observe(metrics, SECONDS, METRIC_LABELS("echo", "default"), .025);
	metrics_observe(metrics, SECONDS, METRIC_LABELS("echo", "default"), .1);
	metrics_observe(metrics, SECONDS, METRIC_LABELS("echo", "default"), 100);
	metrics_set(metrics, READY, NULL, 1);
	buf_init(&out, 10000);
	assert_string_equal(rendered(metrics, &out), expected);
}

static void a_metric_without_series_is_not_named(void **state)
{
	static const char expected[] = "# HELP krypton_ready Whether it serves.\n"
				       "# TYPE krypton_ready gauge\n"
				       "krypton_ready 0\n" TAIL;
	scoped(metrics) metrics = metrics_new(specs, READY + 1, "0.1.0");
	scoped_buf out;

	(void)state;
	buf_init(&out, 10000);
	assert_string_equal(rendered(metrics, &out), expected);
}

static void label_values_are_escaped(void **state)
{
	static const struct {
		const char *value, *escaped;
	} rows[] = {
		{ "a\"b\\c\nd", "a\\\"b\\\\c\\nd" },
		{ "\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80" },
		{ "\xff.\xe2\x82", "\xef\xbf\xbd.\xef\xbf\xbd\xef\xbf\xbd" },
		{ "", "" },
		{ "\t\r,{}=", "\t\r,{}=" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");
		scoped_buf out;
		char expected[200];

		buf_init(&out, 10000);
		metrics_set(metrics, DEPTH, METRIC_LABELS(rows[i].value, "n"), 1);
		(void)snprintf(
			expected, sizeof(expected), "\nkrypton_buffer_depth{agent=\"%s\",namespace=\"n\"} 1\n", rows[i].escaped);
		assert_non_null(strstr(rendered(metrics, &out), expected));
	}
}

static void numbers_are_written_shortly_and_exactly(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = { { 0, "0" }, { 1, "1" }, { 123456789012, "123456789012" }, { .1, "0.1" }, { 1777636800.25, "1777636800.25" },
		{ NAN, "NaN" }, { INFINITY, "+Inf" }, { -INFINITY, "-Inf" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");
		scoped_buf out;
		char expected[100];

		buf_init(&out, 10000);
		metrics_set(metrics, READY, NULL, rows[i].value);
		(void)snprintf(expected, sizeof(expected), "\nkrypton_ready %s\n", rows[i].text);
		assert_non_null(strstr(rendered(metrics, &out), expected));
	}
}

static void the_series_of_an_agent_that_is_gone_are_forgotten(void **state)
{
	scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");
	scoped_buf out;

	(void)state;
	metrics_set(metrics, DEPTH, METRIC_LABELS("echo", "default"), 1);
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS("echo", "default", "200"), 1);
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS("echo", "default", "502"), 1);
	metrics_observe(metrics, SECONDS, METRIC_LABELS("echo", "default"), 1);
	metrics_set(metrics, DEPTH, METRIC_LABELS("echo", "other"), 2);
	metrics_set(metrics, DEPTH, METRIC_LABELS("echo2", "default"), 3);
	metrics_set(metrics, DEPTH, METRIC_LABELS("2echo", "default"), 4);
	metrics_set(metrics, DEPTH, METRIC_LABELS("default", "echo"), 5);
	metrics_set(metrics, READY, NULL, 1);
	metrics_forget_agent(metrics, "echo", "default");
	buf_init(&out, 10000);
	const char *text = rendered(metrics, &out);
	assert_null(strstr(text, "agent=\"echo\",namespace=\"default\""));
	assert_null(strstr(text, "krypton_invocations_total"));
	assert_non_null(strstr(text, "{agent=\"echo\",namespace=\"other\"} 2"));
	assert_non_null(strstr(text, "{agent=\"echo2\",namespace=\"default\"} 3"));
	assert_non_null(strstr(text, "{agent=\"2echo\",namespace=\"default\"} 4"));
	assert_non_null(strstr(text, "{agent=\"default\",namespace=\"echo\"} 5"));
	assert_non_null(strstr(text, "krypton_ready 1"));
}

static void series_past_the_most_are_dropped_and_counted(void **state)
{
	scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");
	scoped_buf out;
	char agent[32], label[2000];

	(void)state;
	for (int i = 0; i < 20010; i++) {
		(void)snprintf(agent, sizeof(agent), "a%d", i);
		metrics_set(metrics, DEPTH, METRIC_LABELS(agent, "n"), i);
	}
	metrics_set(metrics, DEPTH, METRIC_LABELS("a7", "n"), -7); /* one that is there still counts */
	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS(label, "n", "200"), 1);
	buf_init(&out, 4 << 20);
	const char *text = rendered(metrics, &out);
	assert_non_null(strstr(text, "\nkrypton_metrics_dropped_total 11\n"));
	assert_non_null(strstr(text, "{agent=\"a19999\",namespace=\"n\"} 19999\n"));
	assert_null(strstr(text, "a20000"));
	assert_non_null(strstr(text, "{agent=\"a7\",namespace=\"n\"} -7\n"));
	assert_null(strstr(text, "xxxx"));
}

static void a_scrape_that_does_not_fit_is_nothing(void **state)
{
	scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");

	(void)state;
	for (size_t cap = 1; cap < 1300; cap += 37) {
		scoped_buf out;

		buf_init(&out, cap);
		assert_int_equal(buf_append(&out, "x", 1), 0);
		assert_int_equal(metrics_render(metrics, &out), -1);
		assert_string_equal(buf_terminated(&out), "x");
	}
}

static void count_backwards(void *arg)
{
	metrics_add(arg, INVOCATIONS, METRIC_LABELS("a", "n", "200"), -1);
}

static void set_a_counter(void *arg)
{
	metrics_set(arg, INVOCATIONS, METRIC_LABELS("a", "n", "200"), 1);
}

static void leave_labels_out(void *arg)
{
	metrics_add(arg, INVOCATIONS, NULL, 1);
}

static void observe_a_gauge(void *arg)
{
	metrics_observe(arg, READY, NULL, 1);
}

static void a_use_against_the_table_is_a_bug(void **state)
{
	void (*const acts[])(void *arg) = { count_backwards, set_a_counter, leave_labels_out, observe_a_gauge };
	scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		assert_aborts(acts[i], metrics);
}

static void promtool_has_nothing_to_say(void **state)
{
	scoped(metrics) metrics = metrics_new(specs, ARRAY_LEN(specs), "0.1.0");
	scoped_buf out;
	int fds[2];

	(void)state;
	metrics_add(metrics, INVOCATIONS, METRIC_LABELS("a\"\\\n\xff", "default", "200"), 1);
	metrics_set(metrics, DEPTH, METRIC_LABELS("echo", "default"), 7);
	metrics_observe(metrics, SECONDS, METRIC_LABELS("echo", "default"), 1);
	buf_init(&out, 10000);
	assert_int_equal(metrics_render(metrics, &out), 0);
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(fds[0], STDIN_FILENO);
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)close(fds[1]);
		(void)execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
		perror("promtool (package prometheus)");
		_exit(127);
	}
	(void)close(fds[0]);
	assert_int_equal(write(fds[1], buf_text(&out).at, buf_len(&out)), buf_len(&out)); /* fits a pipe */
	(void)close(fds[1]);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exposition_is_as_prometheus_wants_it),
		cmocka_unit_test(a_metric_without_series_is_not_named),
		cmocka_unit_test(label_values_are_escaped),
		cmocka_unit_test(numbers_are_written_shortly_and_exactly),
		cmocka_unit_test(the_series_of_an_agent_that_is_gone_are_forgotten),
		cmocka_unit_test(series_past_the_most_are_dropped_and_counted),
		cmocka_unit_test(a_scrape_that_does_not_fit_is_nothing),
		cmocka_unit_test(a_use_against_the_table_is_a_bug),
		cmocka_unit_test(promtool_has_nothing_to_say),
	};

	return cmocka_run_group_tests_name("base/metrics", tests, NULL, NULL);
}
