/* SPDX-License-Identifier: Apache-2.0 */
/* Keys alone: what a cache does is proven against scripted and real API servers (test/wire/kube_*, test/api/kube). */
#include "kube/cache.h"

#include <string.h>

#include "base/json.h"
#include "test/unit/base/test.h"

static void keys_are_namespace_and_name(void **state)
{
	struct err err = { 0 };
	scoped_json pod = json_parse(TEXT("{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\"}}"), &err);
	scoped_json node = json_parse(TEXT("{\"metadata\":{\"name\":\"n\"}}"), &err);
	scoped_json nothing = json_parse(TEXT("{}"), &err);
	char key[KUBE_KEY_BYTES];

	(void)state;
	kube_key_of(pod, key);
	assert_string_equal(key, "ns/a");
	kube_key_of(node, key);
	assert_string_equal(key, "n");
	kube_key_of(nothing, key);
	assert_string_equal(key, "");
	kube_key_format("ns", "a", key);
	assert_string_equal(key, "ns/a");
}

static void keys_can_be_split(void **state)
{
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES], longest[KUBE_KEY_BYTES + 1];

	(void)state;
	assert_int_equal(kube_key_split("ns/a", name_space, name), 0);
	assert_string_equal(name_space, "ns");
	assert_string_equal(name, "a");
	assert_int_equal(kube_key_split("n", name_space, name), -1);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(kube_key_split(longest, name_space, name), -1);
}

static void versions_count_up(void **state)
{
	(void)state;
	assert_true(kube_version_is_newer("100", "99"));
	assert_false(kube_version_is_newer("99", "100"));
	assert_true(kube_version_is_newer("101", "100"));
	assert_false(kube_version_is_newer("100", "100"));
	assert_true(kube_version_is_newer("1", ""));
	assert_false(kube_version_is_newer("", ""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_namespace_and_name),
		cmocka_unit_test(keys_can_be_split),
		cmocka_unit_test(versions_count_up),
	};

	return cmocka_run_group_tests_name("kube/cache", tests, NULL, NULL);
}
