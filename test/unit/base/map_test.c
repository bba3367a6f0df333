/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/mem.h"
#include "test/unit/base/test.h"

static int releases;

static void count_release(void *value)
{
	releases++;
	mem_release(value);
}

static bool append_key(void *arg, const char *key, void *value)
{
	char *keys = arg;
	size_t len = strlen(keys);

	(void)value;
	(void)snprintf(keys + len, 100 - len, "%s ", key);
	return true;
}

static void iteration_follows_insertion(void **state)
{
	scoped(map) map = map_new(NULL);
	char keys[100] = "";
	int value;

	(void)state;
	map_put(map, "zebra", &value);
	map_put(map, "ant", &value);
	map_put(map, "mole", &value);
	map_put(map, "zebra", &value); /* replacing keeps the place */
	map_remove(map, "ant");
	map_put(map, "ant", &value);
	map_each(map, append_key, keys);
	assert_string_equal(keys, "zebra mole ant ");
}

static void values_are_released_once(void **state)
{
	struct map *map = map_new(count_release);

	(void)state;
	releases = 0;
	map_put(map, "a", mem_copy_text("1"));
	map_put(map, "a", mem_copy_text("2"));
	assert_int_equal(releases, 1);
	map_put(map, "a", map_get(map, "a")); /* the same value again */
	assert_int_equal(releases, 1);
	map_put(map, "b", mem_copy_text("3"));
	map_remove(map, "b");
	assert_int_equal(releases, 2);
	map_remove(map, "b");
	assert_int_equal(releases, 2);
	map_put(map, "c", mem_copy_text("4"));
	char *taken = map_take(map, "c");
	assert_string_equal(taken, "4");
	assert_int_equal(releases, 2);
	mem_release(taken);
	assert_null(map_take(map, "c"));
	map_free(&map);
	assert_int_equal(releases, 3);
	assert_null(map);
	map_free(&map);
}

static void keys_are_copied_and_compared_whole(void **state)
{
	scoped(map) map = map_new(NULL);
	char key[] = "agent";
	int value;

	(void)state;
	map_put(map, key, &value);
	key[0] = 'A';
	assert_ptr_equal(map_get(map, "agent"), &value);
	assert_null(map_get(map, "agen"));
	assert_null(map_get(map, "agents"));
	assert_null(map_get(map, ""));
	map_put(map, "", &value);
	assert_ptr_equal(map_get(map, ""), &value);
	assert_int_equal(map_count(map), 2);
}

struct removal {
	struct map *map;
	int visits, stop_after;
};

static bool remove_own(void *arg, const char *key, void *value)
{
	struct removal *removal = arg;

	(void)value;
	map_remove(removal->map, key);
	return ++removal->visits != removal->stop_after;
}

static void a_visit_may_remove_its_own_entry(void **state)
{
	scoped(map) map = map_new(count_release);
	struct removal removal = { .map = map };
	char key[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		map_put(map, key, mem_copy_text(key));
	}
	map_each(map, remove_own, &removal);
	assert_int_equal(removal.visits, 1000);
	assert_int_equal(map_count(map), 0);
	map_each(map, remove_own, &removal);
	assert_int_equal(removal.visits, 1000);
}

static void a_visit_that_says_false_is_the_last(void **state)
{
	scoped(map) map = map_new(NULL);
	struct removal removal = { .map = map, .stop_after = 2 };
	int value;

	(void)state;
	map_put(map, "a", &value);
	map_put(map, "b", &value);
	map_put(map, "c", &value);
	map_each(map, remove_own, &removal);
	assert_int_equal(removal.visits, 2);
	assert_int_equal(map_count(map), 1);
}

static void many_entries_are_found_again(void **state)
{
	scoped(map) map = map_new(NULL);
	static int values[20000];
	char key[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		(void)snprintf(key, sizeof(key), "namespace/agent-%zu", i);
		map_put(map, key, &values[i]);
	}
	assert_int_equal(map_count(map), ARRAY_LEN(values));
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		(void)snprintf(key, sizeof(key), "namespace/agent-%zu", i);
		assert_ptr_equal(map_get(map, key), &values[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iteration_follows_insertion),
		cmocka_unit_test(values_are_released_once),
		cmocka_unit_test(keys_are_copied_and_compared_whole),
		cmocka_unit_test(a_visit_may_remove_its_own_entry),
		cmocka_unit_test(a_visit_that_says_false_is_the_last),
		cmocka_unit_test(many_entries_are_found_again),
	};

	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
