/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <string.h>

#include "base/json.h"
#include "test/unit/base/test.h"

static const struct text kubeconfig = TEXT("apiVersion: v1\n"
					   "kind: Config\n"
					   "current-context: dev\n"
					   "clusters:\n"
					   "- name: dev\n"
					   "  cluster:\n"
					   "    server: https://127.0.0.1:6443\n"
					   "    certificate-authority-data: LS0t\n"
					   "users:\n"
					   "  - name: 'admin'\n"
					   "    user: {token: \"1234\"}\n"
					   "preferences: {}\n");

static void a_kubeconfig_becomes_its_json(void **state)
{
	static const char expected[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"current-context\":\"dev\",\"clusters\":[{\"name\":\"dev\","
		"\"cluster\":{\"server\":\"https://127.0.0.1:6443\",\"certificate-authority-data\":\"LS0t\"}}],"
		"\"users\":[{\"name\":\"admin\",\"user\":{\"token\":\"1234\"}}],\"preferences\":{}}";
	struct err err = { 0 };
	scoped_json root = yaml_parse(kubeconfig, &err);
	scoped_buf out;

	(void)state;
	assert_non_null(root);
	buf_init(&out, 1000);
	assert_int_equal(json_format(root, &out), 0);
	assert_string_equal(buf_terminated(&out), expected);
}

static void scalars_follow_the_core_schema(void **state)
{
	static const char *const rows[][2] = {
		{ "a: ", "{\"a\":null}" },
		{ "a: ~", "{\"a\":null}" },
		{ "a: null", "{\"a\":null}" },
		{ "a: NULL", "{\"a\":null}" },
		{ "a: nuLL", "{\"a\":\"nuLL\"}" },
		{ "a: true", "{\"a\":true}" },
		{ "a: False", "{\"a\":false}" },
		{ "a: yes", "{\"a\":\"yes\"}" },
		{ "a: on", "{\"a\":\"on\"}" },
		{ "a: 0", "{\"a\":0}" },
		{ "a: -12", "{\"a\":-12}" },
		{ "a: +12", "{\"a\":12}" },
		{ "a: 012", "{\"a\":12}" },
		{ "a: 0o14", "{\"a\":12}" },
		{ "a: 0xC", "{\"a\":12}" },
		{ "a: 0o18", "{\"a\":\"0o18\"}" },
		{ "a: 0xG", "{\"a\":\"0xG\"}" },
		{ "a: 0x", "{\"a\":\"0x\"}" },
		{ "a: 9223372036854775807", "{\"a\":9223372036854775807}" },
		{ "a: 0.5", "{\"a\":0.5}" },
		{ "a: .5", "{\"a\":0.5}" },
		{ "a: 5.", "{\"a\":5.0}" },
		{ "a: -5e-1", "{\"a\":-0.5}" },
		{ "a: 1e2", "{\"a\":100.0}" },
		{ "a: .", "{\"a\":\".\"}" },
		{ "a: 1e", "{\"a\":\"1e\"}" },
		{ "a: 1e+", "{\"a\":\"1e+\"}" },
		{ "a: 1.2.3", "{\"a\":\"1.2.3\"}" },
		{ "a: 1_000", "{\"a\":\"1_000\"}" },
		{ "a: 2026-05-01", "{\"a\":\"2026-05-01\"}" },
		{ "a: 'true'", "{\"a\":\"true\"}" },
		{ "a: \"12\"", "{\"a\":\"12\"}" },
		{ "a: \"\"", "{\"a\":\"\"}" },
		{ "a: !!str 12", "{\"a\":\"12\"}" },
		{ "a: ! 12", "{\"a\":\"12\"}" },
		{ "a: |\n  1\n  2\n", "{\"a\":\"1\\n2\\n\"}" },
		{ "a: >-\n  1\n  2\n", "{\"a\":\"1 2\"}" },
		{ "'12': x", "{\"12\":\"x\"}" },
		{ "- 1\n- [2, {b: 3}]\n", "[1,[2,{\"b\":3}]]" },
		{ "--- plain\n...\n", "\"plain\"" },
		{ "# a comment\n{}", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		scoped_json value = yaml_parse(text_of(rows[i][0]), &err);
		scoped_buf out;

		assert_string_equal(err.message, "");
		buf_init(&out, 1000);
		assert_int_equal(json_format(value, &out), 0);
		assert_string_equal(buf_terminated(&out), rows[i][1]);
	}
}

static void what_is_refused_is_refused_with_line_and_column(void **state)
{
	static const struct {
		struct text text;
		const char *message;
	} rows[] = {
		{ TEXT(""), "YAML at line 1, column 1: there is no document" },
		{ TEXT("# nothing\n"), "YAML at line 2, column 1: there is no document" },
		{ TEXT("a: &x 1\nb: *x\n"), "YAML at line 1, column 4: an anchor or alias; write the value out" },
		{ TEXT("a: [&x 1]\n"), "YAML at line 1, column 5: an anchor or alias; write the value out" },
		{ TEXT("a: *x\n"), "YAML at line 1, column 4: an anchor or alias; write the value out" },
		{ TEXT("a: &x {}\n"), "YAML at line 1, column 4: an anchor or alias; write the value out" },
		{ TEXT("&x a: 1\n"), "YAML at line 1, column 1: an anchor or alias; write the value out" },
		{ TEXT("a: 1\n---\nb: 2\n"), "YAML at line 2, column 1: a second document" },
		{ TEXT("a: 1\nb: 2\na: 3\n"), "YAML at line 3, column 1: the key stands here twice" },
		{ TEXT("1: x\n"), "YAML at line 1, column 1: a key must be text (quote it)" },
		{ TEXT("true: x\n"), "YAML at line 1, column 1: a key must be text (quote it)" },
		{ TEXT("? [a]\n: x\n"), "YAML at line 1, column 3: a key must be text (quote it)" },
		{ TEXT("a: !!int \"1\"\n"), "YAML at line 1, column 4: tags other than !!str are not read" },
		{ TEXT("a: !!set {}\n"), "YAML at line 1, column 4: tags other than !!str are not read" },
		{ TEXT("a: !mine []\n"), "YAML at line 1, column 4: tags other than !!str are not read" },
		{ TEXT("a: .inf\n"), "YAML at line 1, column 4: JSON has no such number" },
		{ TEXT("a: 1e999\n"), "YAML at line 1, column 4: the number does not fit a double" },
		{ TEXT("a: 9223372036854775808\n"), "YAML at line 1, column 4: the integer does not fit 64 bits" },
		{ TEXT("a: \"x\\0y\"\n"), "YAML at line 1, column 4: text holds a NUL" },
		{ TEXT("a: b: c\n"), "YAML at line 1, column 5: mapping values are not allowed in this context" },
		{ TEXT("a: 'x\n"), "YAML at line 2, column 1: found unexpected end of stream" },
		{ TEXT("a:\n\t- b\n"), "YAML at line 2, column 1: found character that cannot start any token" },
		{ TEXT("a: [1, 2\n"), "YAML at line 2, column 1: did not find expected ',' or ']'" },
		{ TEXT("a: \xff\n"), "YAML at byte 4: invalid leading UTF-8 octet" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		assert_null(yaml_parse(rows[i].text, &err));
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(err.code, ERR_INVALID);
	}
}

static void nesting_past_64_is_refused(void **state)
{
	(void)state;
	for (size_t depth = 60; depth < 70; depth++) {
		char text[200];
		struct err err = { 0 };

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		scoped_json value = yaml_parse((struct text){ .at = text, .len = 2 * depth }, &err);
		if (depth <= 64)
			assert_non_null(value);
		else
			assert_string_equal(err.message, "YAML at line 1, column 65: nested too deep");
	}
}

static void a_file_cut_at_any_byte_is_a_value_or_an_error(void **state)
{
	(void)state;
	for (size_t len = 0; len <= kubeconfig.len; len++) {
		struct err err = { 0 };
		scoped_json value = yaml_parse((struct text){ .at = kubeconfig.at, .len = len }, &err);

		assert_int_equal(value == NULL, err.code == ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kubeconfig_becomes_its_json),
		cmocka_unit_test(scalars_follow_the_core_schema),
		cmocka_unit_test(what_is_refused_is_refused_with_line_and_column),
		cmocka_unit_test(nesting_past_64_is_refused),
		cmocka_unit_test(a_file_cut_at_any_byte_is_a_value_or_an_error),
	};

	return cmocka_run_group_tests_name("base/yaml", tests, NULL, NULL);
}
