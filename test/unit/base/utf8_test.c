/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "test/unit/base/test.h"

static void only_well_formed_text_is_valid(void **state)
{
	static const struct {
		struct text text;
		bool is_valid;
	} rows[] = {
		{ TEXT(""), true }, { TEXT("plain"), true }, { TEXT("a\0b"), true }, { TEXT("\xc2\x80"), true },
		{ TEXT("\xdf\xbf"), true }, { TEXT("\xe0\xa0\x80"), true }, { TEXT("\xef\xbf\xbf"), true },
		{ TEXT("\xf0\x90\x80\x80"), true }, { TEXT("\xf4\x8f\xbf\xbf"), true },
		{ TEXT("\x80"), false },                               /* a continuation first */
		{ TEXT("\xc0\x80"), false },                           /* overlong NUL */
		{ TEXT("\xc1\xbf"), false },                           /* overlong */
		{ TEXT("\xe0\x9f\xbf"), false },                       /* overlong */
		{ TEXT("\xf0\x8f\xbf\xbf"), false },                   /* overlong */
		{ TEXT("\xed\xa0\x80"), false },                       /* surrogate */
		{ TEXT("\xed\xbf\xbf"), false },                       /* surrogate */
		{ TEXT("\xf4\x90\x80\x80"), false },                   /* past U+10FFFF */
		{ TEXT("\xf8\x88\x80\x80\x80"), false },               /* five bytes */
		{ TEXT("\xff"), false }, { TEXT("\xe2\x82("), false }, /* not a continuation */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(utf8_is_valid(rows[i].text), rows[i].is_valid);
}

static void a_character_cut_at_any_byte_is_malformed(void **state)
{
	static const struct text whole[] = { TEXT("\xc3\xa4"), TEXT("\xe2\x82\xac"), TEXT("\xf0\x9f\x98\x80") };
	static const uint32_t points[] = { 0xe4, 0x20ac, 0x1f600 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		uint32_t point = 0;

		for (size_t len = 0; len < whole[i].len; len++)
			assert_int_equal(utf8_first((struct text){ .at = whole[i].at, .len = len }, &point), 0);
		assert_int_equal(utf8_first(whole[i], &point), whole[i].len);
		assert_int_equal(point, points[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_well_formed_text_is_valid),
		cmocka_unit_test(a_character_cut_at_any_byte_is_malformed),
	};

	return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
