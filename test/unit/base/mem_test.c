/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <string.h>

#include "test/unit/base/test.h"

static void new_memory_is_zeroed(void **state)
{
	(void)state;
	unsigned char *block = mem_alloc(100);
	unsigned char *array = mem_alloc_array(10, 10);

	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(block[i], 0);
		assert_int_equal(array[i], 0);
	}
	mem_release(block);
	mem_release(array);
}

static void nothing_can_be_asked_for(void **state)
{
	(void)state;
	void *blocks[] = { mem_alloc(0), mem_alloc_array(0, 8), mem_resize(NULL, 0), mem_copy_bytes(NULL, 0) };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		assert_non_null(blocks[i]);
		mem_release(blocks[i]);
	}
	mem_release(NULL);
}

static void copies_end_in_a_nul(void **state)
{
	(void)state;
	scoped_text char *text = mem_copy_text("agent");
	scoped_text char *bytes = mem_copy_bytes("agents", 5);

	assert_string_equal(text, "agent");
	assert_string_equal(bytes, "agent");
	assert_null(mem_copy_text(NULL));
}

static void a_scope_owns_its_text(void **state)
{
	(void)state;
	char *text = mem_copy_text("agent");

	mem_release_text(&text);
	assert_null(text);
	mem_release_text(&text);
}

static void overflow_act(void *arg)
{
	(void)arg;
	mem_release(mem_alloc_array(SIZE_MAX / 2, 3));
}

static void an_overflowing_array_ends_the_process(void **state)
{
	(void)state;
	assert_int_not_equal(child_status(overflow_act, NULL), 0); /* ASan's calloc ends it in its own way */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_memory_is_zeroed),
		cmocka_unit_test(nothing_can_be_asked_for),
		cmocka_unit_test(copies_end_in_a_nul),
		cmocka_unit_test(a_scope_owns_its_text),
		cmocka_unit_test(an_overflowing_array_ends_the_process),
	};

	return cmocka_run_group_tests_name("base/mem", tests, NULL, NULL);
}
