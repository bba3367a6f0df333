/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_object.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "kube/recorder.h"
#include "test/unit/base/test.h"

#define NOW_MS 1777636800000 /* 2026-05-01T12:00:00Z */

static const struct kube_reference agent = { "krypton.ai/v1alpha1", "Agent", "team", "hello", "u-1", "7" };
static const struct kube_event_text scaled = { "Normal", "Scaled", "to 2" };
static const struct kube_event_source source = { "krypton-controller", "pod-0" };

static void an_event_is_spelled_as_kubectl_describe_wants_it(void **state)
{
	scoped_json event = kube_event_object(&agent, &scaled, &source, "hello.17", NOW_MS);

	(void)state;
	assert_string_equal(json_text_at(event, "/metadata/name"), "hello.17");
	assert_string_equal(json_text_at(event, "/metadata/namespace"), "team");
	assert_string_equal(json_text_at(event, "/involvedObject/kind"), "Agent");
	assert_string_equal(json_text_at(event, "/involvedObject/uid"), "u-1");
	assert_string_equal(json_text_at(event, "/involvedObject/namespace"), "team");
	assert_string_equal(json_text_at(event, "/type"), "Normal");
	assert_string_equal(json_text_at(event, "/reason"), "Scaled");
	assert_string_equal(json_text_at(event, "/message"), "to 2");
	assert_string_equal(json_text_at(event, "/source/component"), "krypton-controller");
	assert_string_equal(json_text_at(event, "/reportingComponent"), "krypton-controller");
	assert_string_equal(json_text_at(event, "/reportingInstance"), "pod-0");
	assert_string_equal(json_text_at(event, "/firstTimestamp"), "2026-05-01T12:00:00Z");
	assert_string_equal(json_text_at(event, "/lastTimestamp"), "2026-05-01T12:00:00Z");
	assert_int_equal(json_int_at(event, "/count", -1), 1);
}

static void a_repetition_patches_count_and_last_time_alone(void **state)
{
	scoped_json patch = kube_event_again(3, NOW_MS);

	(void)state;
	assert_int_equal(json_object_size(patch), 2);
	assert_int_equal(json_int_at(patch, "/count", -1), 3);
	assert_string_equal(json_text_at(patch, "/lastTimestamp"), "2026-05-01T12:00:00Z");
}

static void events_about_cluster_scoped_objects_live_in_default(void **state)
{
	const struct kube_reference node = { .api_version = "v1", .kind = "Node", .name = "n" };
	scoped_json event = kube_event_object(&node, &scaled, &source, "n.1", NOW_MS);

	(void)state;
	assert_string_equal(json_text_at(event, "/metadata/namespace"), "default");
	assert_null(json_at(event, "/involvedObject/namespace"));
}

static void a_long_message_is_cut_between_characters(void **state)
{
	char message[1100];
	struct kube_event_text text = { "Warning", "Long", message };

	(void)state;
	memset(message, 'x', sizeof(message));
	memcpy(message + 1022, "\xe2\x82\xac", 3); /* a euro sign across the limit */
	message[sizeof(message) - 1] = '\0';
	scoped_json event = kube_event_object(&agent, &text, &source, "n", NOW_MS);
	assert_int_equal(strlen(json_text_at(event, "/message")), 1022);
	message[1022] = message[1023] = message[1024] = 'x';
	scoped_json plain = kube_event_object(&agent, &text, &source, "n", NOW_MS);
	assert_int_equal(strlen(json_text_at(plain, "/message")), 1024);
}

static void events_are_equal_by_object_type_reason_and_message(void **state)
{
	const struct kube_reference again = { "krypton.ai/v1alpha1", "Agent", "team", "hello", "u-1", "8" };
	const struct kube_reference reborn = { "krypton.ai/v1alpha1", "Agent", "team", "hello", "u-2", "7" };
	const struct kube_event_text other = { "Normal", "Scaled", "to 3" };
	scoped_buf a, b;

	(void)state;
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	assert_int_equal(kube_event_key(&agent, &scaled, &a), 0);
	assert_int_equal(kube_event_key(&again, &scaled, &b), 0);
	assert_string_equal(buf_terminated(&a), buf_terminated(&b));
	buf_clear(&b);
	assert_int_equal(kube_event_key(&reborn, &scaled, &b), 0);
	assert_string_not_equal(buf_terminated(&a), buf_terminated(&b));
	buf_clear(&b);
	assert_int_equal(kube_event_key(&agent, &other, &b), 0);
	assert_string_not_equal(buf_terminated(&a), buf_terminated(&b));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_spelled_as_kubectl_describe_wants_it),
		cmocka_unit_test(a_repetition_patches_count_and_last_time_alone),
		cmocka_unit_test(events_about_cluster_scoped_objects_live_in_default),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(events_are_equal_by_object_type_reason_and_message),
	};

	return cmocka_run_group_tests_name("kube/event_object", tests, NULL, NULL);
}
