/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch_event.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "test/unit/base/test.h"

static const struct text added = TEXT("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"}}}");

static void an_event_has_type_object_and_version(void **state)
{
	static const struct {
		const char *name;
		enum kube_watch_type type;
	} rows[] = {
		{ "ADDED", KUBE_WATCH_ADDED },
		{ "MODIFIED", KUBE_WATCH_MODIFIED },
		{ "DELETED", KUBE_WATCH_DELETED },
		{ "BOOKMARK", KUBE_WATCH_BOOKMARK },
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		scoped(kube_watch_event) event = NULL;

		(void)snprintf(line, sizeof(line),
			"{\"type\":\"%s\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"}}}", rows[i].name);
		event = kube_watch_event_parse(text_of(line), &err);
		assert_non_null(event);
		assert_int_equal(event->type, rows[i].type);
		assert_string_equal(event->resource_version, "7");
		assert_string_equal(json_text_at(event->object, "/metadata/name"), "a");
		assert_false(event->is_initial_end);
	}
}

static void the_end_of_the_initial_events_is_a_marked_bookmark(void **state)
{
	static const struct {
		const char *line;
		bool is_end;
	} rows[] = {
		{ "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\",\"annotations\":"
		  "{\"k8s.io/initial-events-end\":\"true\"}}}}",
			true },
		{ "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\",\"annotations\":"
		  "{\"k8s.io/initial-events-end\":\"false\"}}}}",
			false },
		{ "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}", false },
		/* anybody may annotate an object so */
		{ "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\",\"annotations\":"
		  "{\"k8s.io/initial-events-end\":\"true\"}}}}",
			false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		scoped(kube_watch_event) event = kube_watch_event_parse(text_of(rows[i].line), &err);

		assert_non_null(event);
		assert_int_equal(event->is_initial_end, rows[i].is_end);
	}
}

static void an_error_event_is_an_error_with_the_code_of_its_status(void **state)
{
	static const struct {
		const char *status;
		enum err_code code;
		int64_t retry_after_ms;
	} rows[] = {
		{ "{\"code\":410,\"message\":\"too old resource version\"}", ERR_GONE, 0 },
		{ "{\"code\":429,\"message\":\"busy\",\"details\":{\"retryAfterSeconds\":3}}", ERR_RETRY, 3000 },
		{ "{\"code\":500}", ERR_RETRY, 0 },
		{ "{}", ERR_RETRY, 0 },
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		(void)snprintf(line, sizeof(line), "{\"type\":\"ERROR\",\"object\":%s}", rows[i].status);
		assert_null(kube_watch_event_parse(text_of(line), &err));
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(err.retry_after_ms, rows[i].retry_after_ms);
	}
}

static void what_is_no_event_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"null",
		"7",
		"[]",
		"{}",
		"{\"type\":\"ADDED\"}",
		"{\"object\":{}}",
		"{\"type\":7,\"object\":{}}",
		"{\"type\":\"ADDED\",\"object\":{}}",
		"{\"type\":\"ADDED\",\"object\":[]}",
		"{\"type\":\"added\",\"object\":{}}",
		"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"\"}}}",
		"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}",
		"{\"type\":\"OTHER\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}",
		"{\"type\":\"ERROR\",\"object\":null}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct err err = { 0 };

		assert_null(kube_watch_event_parse(text_of(lines[i]), &err));
		assert_int_equal(err.code, ERR_INVALID);
		assert_null(kube_watch_event_parse(text_of(lines[i]), NULL));
	}
}

static void a_line_cut_at_any_byte_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < added.len; len++) {
		struct err err = { 0 };

		assert_null(kube_watch_event_parse((struct text){ added.at, len }, &err));
		assert_int_equal(err.code, ERR_INVALID);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_type_object_and_version),
		cmocka_unit_test(the_end_of_the_initial_events_is_a_marked_bookmark),
		cmocka_unit_test(an_error_event_is_an_error_with_the_code_of_its_status),
		cmocka_unit_test(what_is_no_event_is_refused),
		cmocka_unit_test(a_line_cut_at_any_byte_is_refused),
	};

	return cmocka_run_group_tests_name("kube/watch_event", tests, NULL, NULL);
}
