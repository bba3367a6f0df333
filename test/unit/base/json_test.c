/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <jansson.h>
#include <string.h>

#include "base/mem.h"
#include "test/unit/base/test.h"

static const struct text pod =
	TEXT("{\"metadata\":{\"labels\":{\"krypton.ai/agent\":\"a\",\"x~y\":\"tilde\",\"\":\"empty\"},"
	     "\"creationTimestamp\":\"2026-05-01T12:00:00Z\"},"
	     "\"spec\":{\"containers\":[{\"name\":\"agent\"},{\"name\":\"proxy\",\"port\":8888}],\"host\":false,"
	     "\"none\":null,\"half\":0.5}}");

static void a_pointer_finds_its_value(void **state)
{
	static const struct {
		const char *pointer, *text;
	} rows[] = {
		{ "/metadata/labels/krypton.ai~1agent", "a" },
		{ "/metadata/labels/x~0y", "tilde" },
		{ "/metadata/labels/", "empty" },
		{ "/spec/containers/0/name", "agent" },
		{ "/spec/containers/1/name", "proxy" },
		{ "/spec/containers/2/name", NULL },
		{ "/spec/containers/-1/name", NULL },
		{ "/spec/containers/-/name", NULL },
		{ "/spec/containers/x/name", NULL },
		{ "/spec/containers/name", NULL },
		{ "/spec/none/name", NULL },
		{ "/spec/containers/0/name/x", NULL },
		{ "/spec/host", NULL },
		{ "/nothing", NULL },
		{ "", NULL },
	};
	struct err err = { 0 };
	scoped_json root = json_parse(pod, &err);

	(void)state;
	assert_non_null(root);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *found = json_text_at(root, rows[i].pointer);

		if (rows[i].text == NULL)
			assert_null(found);
		else
			assert_string_equal(found, rows[i].text);
	}
	assert_ptr_equal(json_at(root, ""), root);
	assert_null(json_at(NULL, "/x"));
	assert_null(json_at(NULL, ""));
}

static void a_value_of_another_type_is_not_there(void **state)
{
	struct err err = { 0 };
	scoped_json root = json_parse(pod, &err);

	(void)state;
	assert_int_equal(json_int_at(root, "/spec/containers/1/port", -1), 8888);
	assert_int_equal(json_int_at(root, "/spec/host", -1), -1);
	assert_int_equal(json_int_at(root, "/spec/half", -1), -1);
	assert_int_equal(json_int_at(root, "/spec/none", -1), -1);
	assert_false(json_bool_at(root, "/spec/host", true));
	assert_true(json_bool_at(root, "/spec/none", true));
	assert_true(json_bool_at(root, "/nothing", true));
	assert_int_equal(json_instant_at(root, "/metadata/creationTimestamp", -1), 1777636800000);
	assert_int_equal(json_instant_at(root, "/spec/containers/0/name", -1), -1);
	assert_int_equal(json_instant_at(root, "/nothing", -1), -1);
}

static void what_could_mean_two_things_is_refused(void **state)
{
	static const struct text rows[] = { TEXT(""), TEXT(" "), TEXT("{"), TEXT("{}x"), TEXT("{} {}"), TEXT("{\"a\":1,\"a\":2}"),
		TEXT("\"a\\u0000b\""), TEXT("{\"a\\u0000\":1}"), TEXT("\"\xff\""), TEXT("'a'"), TEXT("[1,]"), TEXT("01"),
		TEXT("NaN"), TEXT("{a:1}"), TEXT("\"\n\""), TEXT("1e999"), TEXT("99999999999999999999"), TEXT("\xef\xbb\xbf{}"),
		TEXT("{}\0") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		assert_null(json_parse(rows[i], &err));
		assert_int_equal(err.code, ERR_INVALID);
		assert_memory_equal(err.message, "JSON at line ", 13);
	}
	assert_null(json_parse((struct text){ 0 }, NULL));
}

static void nesting_has_an_end(void **state)
{
	static char deep[20000];
	struct err err = { 0 };

	(void)state;
	memset(deep, '[', sizeof(deep) / 2);
	memset(deep + sizeof(deep) / 2, ']', sizeof(deep) / 2);
	assert_null(json_parse((struct text){ .at = deep, .len = sizeof(deep) }, &err));
	assert_int_equal(err.code, ERR_INVALID);
}

static void a_document_cut_at_any_byte_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < pod.len; len++)
		assert_null(json_parse((struct text){ .at = pod.at, .len = len }, NULL));
}

static void any_json_value_is_a_document(void **state)
{
	static const struct text rows[] = { TEXT("{}"), TEXT("[]"), TEXT("null"), TEXT("true"), TEXT("-7"), TEXT("\"a\"") };
	scoped_buf out;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_json value = json_parse(rows[i], NULL);

		assert_non_null(value);
		buf_clear(&out);
		assert_int_equal(json_format(value, &out), 0);
		assert_true(text_equal(buf_text(&out), rows[i]));
	}
}

static void what_is_written_is_what_jansson_writes(void **state)
{
	static const char *const documents[] = { "{}", "[]", "{\"b\":{\"c\":[]},\"a\":[{},1,-7,\"\"]}", "[true,false,null]",
		"9223372036854775807", "-9223372036854775808", "[1.5,-0.0,1e300,3.0]",
		"\"q \\\" b \\\\ / \\b\\f\\n\\r\\t \\u0001\\u001f\\u007f \\u00e9 \\u20ac \\ud83d\\ude00\"",
		"{\"a\\\"\\n\":\"\\n\"}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		struct err err = { 0 };
		scoped_json value = json_parse(text_of(documents[i]), &err);
		char *wanted = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		scoped_buf out;

		buf_init(&out, 256);
		assert_non_null(value);
		assert_int_equal(json_format(value, &out), 0);
		assert_string_equal(buf_terminated(&out), wanted);
		mem_release(wanted);
	}
}

static void a_value_that_does_not_fit_leaves_nothing_behind(void **state)
{
	scoped_json root = json_parse(pod, NULL);

	(void)state;
	for (size_t cap = 1; cap < pod.len; cap += 7) {
		scoped_buf out;

		buf_init(&out, cap);
		assert_int_equal(buf_append(&out, "x", 1), 0);
		assert_int_equal(json_format(root, &out), -1);
		assert_string_equal(buf_terminated(&out), "x");
	}
	scoped_buf out;
	buf_init(&out, pod.len);
	assert_int_equal(json_format(root, &out), 0);
	assert_true(text_equal(buf_text(&out), pod));
}

static void putting_makes_what_is_on_the_way(void **state)
{
	static const char expected[] =
		"{\"spec\":{\"replicas\":0,\"containers\":[{\"name\":\"agent\",\"port\":1},{\"name\":\"proxy\"}],"
		"\"args\":[\"-v\",\"-x\"]},\"metadata\":{\"labels\":{\"krypton.ai/agent\":\"a\"}}}";
	scoped_json root = json_object();
	scoped_buf out;

	(void)state;
	json_put(root, "/spec/replicas", json_integer(0));
	json_put(root, "/spec/containers", json_array());
	json_put_text(root, "/spec/containers/-/name", "agent");
	json_put_text(root, "/spec/containers/1/name", "proxy");
	json_put(root, "/spec/containers/0/port", json_integer(1));
	json_put_text(root, "/spec/args/-", "-v");
	json_put_text(root, "/spec/args/-", "-y");
	json_put_text(root, "/spec/args/1", "-x");
	json_put_text(root, "/metadata/labels/krypton.ai~1agent", "a");
	json_put_text(root, "/metadata/annotations/none", NULL);
	json_put(root, "/metadata/none", NULL);
	buf_init(&out, 1000);
	assert_int_equal(json_format(root, &out), 0);
	assert_string_equal(buf_terminated(&out), expected);
}

static void a_scalar_in_the_way_gives_way(void **state)
{
	scoped_json root = json_parse(TEXT("{\"a\":null,\"b\":\"text\"}"), NULL);

	(void)state;
	json_put(root, "/a/x", json_true());
	json_put(root, "/b/x", json_true());
	assert_true(json_bool_at(root, "/a/x", false));
	assert_true(json_bool_at(root, "/b/x", false));
}

static void bytes_that_are_not_utf8_become_question_marks(void **state)
{
	scoped_json root = json_object();

	(void)state;
	json_put_text(root, "/a",
		"\xff"
		"a\xc3\xa4\xe2\x82");
	assert_string_equal(json_text_at(root, "/a"), "?a\xc3\xa4??");
}

static void put_far_behind_the_end(void *arg)
{
	json_put(arg, "/list/1", json_true());
}

static void a_gap_in_an_array_is_a_bug(void **state)
{
	scoped_json root = json_parse(TEXT("{\"list\":[]}"), NULL);

	(void)state;
	assert_aborts(put_far_behind_the_end, root);
}

static int set_allocators(void **state)
{
	(void)state;
	json_setup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pointer_finds_its_value),
		cmocka_unit_test(a_value_of_another_type_is_not_there),
		cmocka_unit_test(what_could_mean_two_things_is_refused),
		cmocka_unit_test(nesting_has_an_end),
		cmocka_unit_test(a_document_cut_at_any_byte_is_refused),
		cmocka_unit_test(any_json_value_is_a_document),
		cmocka_unit_test(what_is_written_is_what_jansson_writes),
		cmocka_unit_test(a_value_that_does_not_fit_leaves_nothing_behind),
		cmocka_unit_test(putting_makes_what_is_on_the_way),
		cmocka_unit_test(a_scalar_in_the_way_gives_way),
		cmocka_unit_test(bytes_that_are_not_utf8_become_question_marks),
		cmocka_unit_test(a_gap_in_an_array_is_a_bug),
	};

	return cmocka_run_group_tests_name("base/json", tests, set_allocators, NULL);
}
