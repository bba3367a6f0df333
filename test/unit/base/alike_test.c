/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alike.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "test/unit/base/test.h"

#define SAME "\"template\":{\"containers\":[{\"name\":\"agent\",\"image\":\"registry.example/agents/one:1.0\",\"ports\":[8080]}]},"

/* What comes back, beside what was kept. */
static void assert_kept(struct alike *alike, struct text text)
{
	struct alike_text *kept = alike_keep(alike, text);
	scoped_text char *read = alike_read(alike, kept);

	assert_memory_equal(read, text.at == NULL ? "" : text.at, text.len);
	assert_int_equal(read[text.len], '\0');
	alike_text_free(&kept);
	assert_null(kept);
}

static void a_text_comes_back_as_it_was(void **state)
{
	static unsigned char noise[200 * 1024];
	scoped(alike) alike = alike_new();

	(void)state;
	assert_kept(alike, TEXT(""));
	assert_kept(alike, TEXT(SAME "\"replicas\":1"));
	assert_kept(alike, TEXT(SAME "\"replicas\":2"));
	assert_kept(alike, TEXT("x"));
	random_bytes(noise, sizeof(noise));
	for (size_t len = 1; len <= sizeof(noise); len = len * 3 + 1)
		assert_kept(alike, (struct text){ (const char *)noise, len });
}

static void the_first_text_may_be_longer_than_the_window(void **state)
{
	static char longest[300 * 1024];
	scoped(alike) alike = alike_new();

	(void)state;
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = (char)('a' + i * i % 23);
	assert_kept(alike, (struct text){ longest, sizeof(longest) });
	assert_kept(alike, (struct text){ longest + 7, sizeof(longest) - 7 });
	assert_kept(alike, TEXT("short"));
}

static void what_is_like_the_first_takes_little_room(void **state)
{
	scoped(alike) alike = alike_new();
	struct alike_text *first = alike_keep(alike, TEXT(SAME "\"uid\":\"0a1b\",\"replicas\":1"));
	struct alike_text *second = alike_keep(alike, TEXT(SAME "\"uid\":\"9f8e\",\"replicas\":7"));

	(void)state;
	assert_true(alike_text_bytes(second) < 64);
	alike_text_free(&first); /* what it was is needed still, it is not */
	scoped_text char *read = alike_read(alike, second);
	assert_string_equal(read, SAME "\"uid\":\"9f8e\",\"replicas\":7");
	alike_text_free(&second);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_comes_back_as_it_was),
		cmocka_unit_test(the_first_text_may_be_longer_than_the_window),
		cmocka_unit_test(what_is_like_the_first_takes_little_room),
	};

	return cmocka_run_group_tests_name("base/alike", tests, NULL, NULL);
}
