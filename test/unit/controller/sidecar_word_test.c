/* SPDX-License-Identifier: Apache-2.0 */
/* What sidecars answer, and what is made of it. */
#include "controller/sidecar_word.h"

#include "objects.h"

static struct sidecar_word word_of(const char *text)
{
	scoped_text char *quoted = mem_copy_text(text);

	for (char *at = quoted; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	return sidecar_word_parse(text_of(quoted));
}

/* As krypton-proxy writes it. */
#define WHOLE(draining, retired, agent, ports)                                                                       \
	"{'inflight': 0, 'lastActivity': 1767225600000000000, 'concurrency': 8, 'streams': 0, 'draining': " draining \
	", 'retired': " retired ", 'agent': '" agent "', 'ports': [" ports "]}\n"

static void each_answer_of_a_sidecar_is_understood(void **state)
{
	static const struct {
		const char *body;
		struct sidecar_word word;
	} rows[] = {
		{ WHOLE("false", "false", "listening", "3000"), { .says = SIDECAR_LISTENING } },
		{ WHOLE("false", "false", "not-listening", ""), { .says = SIDECAR_NOT_LISTENING } },
		{ WHOLE("false", "false", "probe-failing", "8080"), { .says = SIDECAR_PROBE_FAILING } },
		{ WHOLE("false", "false", "port-mismatch", "3000"),
			{ .says = SIDECAR_PORT_MISMATCH, .ports = { 3000 }, .port_count = 1 } },
		{ WHOLE("false", "false", "port-mismatch", "1, 65535"),
			{ .says = SIDECAR_PORT_MISMATCH, .ports = { 1, 65535 }, .port_count = 2 } },
		{ WHOLE("false", "true", "listening", "3000"), { .says = SIDECAR_RETIRED } },
		{ WHOLE("true", "false", "listening", "3000"), { .says = SIDECAR_DRAINING } },
		{ WHOLE("true", "true", "not-listening", ""), { .says = SIDECAR_DRAINING } },
		{ "{'agent': 'listening'}", { .says = SIDECAR_LISTENING } }, /* an earlier release */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sidecar_word word = word_of(rows[i].body);

		if (!sidecar_word_equal(&word, &rows[i].word))
			fail_msg("row %zu: %d with %zu ports", i, (int)word.says, word.port_count);
	}
}

static void what_is_not_understood_is_unknown(void **state)
{
	static const char *const bodies[] = {
		"",
		"ok\n",
		"[]",
		"'listening'",
		"{}",
		"{'agent': null}",
		"{'agent': 'Listening'}",
		"{'agent': 'listening '}",
		"{'agent': 'listening', 'agent': 'listening'}",
		"{'agent': 'listening', 'retired': 1}",
		"{'agent': 'listening', 'draining': 'false'}",
		"{'agent': 'listening'} {}",
		"{'agent': 'port-mismatch'}",
		"{'agent': 'port-mismatch', 'ports': 3000}",
		"{'agent': 'port-mismatch', 'ports': []}",
		"{'agent': 'port-mismatch', 'ports': ['3000']}",
		"{'agent': 'port-mismatch', 'ports': [0]}",
		"{'agent': 'port-mismatch', 'ports': [65536]}",
		"{'agent': 'port-mismatch', 'ports': [3000.5]}",
		"{'agent': 'port-mismatch', 'ports': [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		if (word_of(bodies[i]).says != SIDECAR_UNKNOWN)
			fail_msg("row %zu is understood: %s", i, bodies[i]);
	}
}

static void an_answer_that_is_cut_is_unknown(void **state)
{
	static const char whole[] = "{\"agent\": \"port-mismatch\", \"retired\": true, \"ports\": [3000]}";

	(void)state;
	for (size_t len = 0; len < strlen(whole); len++)
		assert_int_equal(sidecar_word_parse((struct text){ whole, len }).says, SIDECAR_UNKNOWN);
	assert_int_equal(sidecar_word_parse(text_of(whole)).says, SIDECAR_RETIRED);
}

static void other_ports_are_another_word(void **state)
{
	struct sidecar_word a = word_of(WHOLE("false", "false", "port-mismatch", "3000, 3001"));
	struct sidecar_word b = word_of(WHOLE("false", "false", "port-mismatch", "3000, 3002"));
	struct sidecar_word c = word_of(WHOLE("false", "false", "port-mismatch", "3000"));

	(void)state;
	assert_true(sidecar_word_equal(&a, &a));
	assert_false(sidecar_word_equal(&a, &b));
	assert_false(sidecar_word_equal(&a, &c));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_of_a_sidecar_is_understood),
		cmocka_unit_test(what_is_not_understood_is_unknown),
		cmocka_unit_test(an_answer_that_is_cut_is_unknown),
		cmocka_unit_test(other_ports_are_another_word),
	};

	return cmocka_run_group_tests_name("controller/sidecar_word", tests, NULL, NULL);
}
