/* SPDX-License-Identifier: Apache-2.0 */
/* The small pure rooms: tokens, names, reasons, phases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "krypton/internal_token.h"
#include "krypton/names.h"
#include "krypton/phase.h"
#include "krypton/reasons.h"

static void a_token_is_hmac_sha256_of_the_uid(void **state)
{
	struct err err = { 0 };
	char token[INTERNAL_TOKEN_BYTES];

	(void)state;
	/* As `printf uid-1 | openssl dgst -sha256 -hmac KEY` prints it. */
	assert_int_equal(internal_token_make(TEXT("0123456789abcdef0123456789abcdef"), "uid-1", token, &err), 0);
	assert_string_equal(token, "a38b05c84b4db759d3874232fdf18d967b120dfd2f2a0536fc568d93d96c5c75");
	char with_newline[INTERNAL_TOKEN_BYTES];
	assert_int_equal(internal_token_make(TEXT(" 0123456789abcdef0123456789abcdef\r\n"), "uid-1", with_newline, &err), 0);
	assert_string_equal(token, with_newline);
	assert_int_equal(internal_token_make(TEXT("0123456789abcdef0123456789abcdef"), "uid-2", with_newline, &err), 0);
	assert_string_not_equal(token, with_newline);
}

static void a_short_key_makes_no_token(void **state)
{
	struct err err = { 0 };
	char token[INTERNAL_TOKEN_BYTES];

	(void)state;
	assert_int_equal(internal_token_make(TEXT("0123456789abcde\n"), "uid-1", token, &err), -1);
	assert_string_equal(err.message, "the internal key has 15 bytes, at least 16 are needed");
	assert_int_equal(internal_token_make(TEXT("0123456789abcdef"), "", token, &err), -1);
	assert_int_equal(internal_token_make(TEXT("0123456789abcdef"), NULL, token, &err), -1);
}

static void names_follow_the_grammars(void **state)
{
	static const struct {
		const char *name;
		bool is_1035, is_label, is_subdomain;
	} rows[] = {
		{ "a", true, true, true },
		{ "my-agent-2", true, true, true },
		{ "2fast", false, true, true },
		{ "", false, false, false },
		{ "-a", false, false, false },
		{ "a-", false, false, false },
		{ "A", false, false, false },
		{ "a_b", false, false, false },
		{ "a.b", false, false, true },
		{ "a.", false, false, false },
		{ ".a", false, false, false },
		{ "a..b", false, false, false },
		{ "a.-b", false, false, false },
		{ "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc", true, true, true },
		{ "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcd", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(name_is_dns1035(text_of(rows[i].name)), rows[i].is_1035);
		assert_int_equal(name_is_dns1123_label(text_of(rows[i].name)), rows[i].is_label);
		assert_int_equal(name_is_dns1123_subdomain(text_of(rows[i].name)), rows[i].is_subdomain);
	}
}

static void a_subdomain_of_254_bytes_is_too_long(void **state)
{
	char name[NAME_SUBDOMAIN_BYTES + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_true(name_is_dns1123_subdomain((struct text){ name, NAME_SUBDOMAIN_BYTES }));
	assert_false(name_is_dns1123_subdomain((struct text){ name, NAME_SUBDOMAIN_BYTES + 1 }));
}

static void every_reason_is_camel_case_and_found_again(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *name = reason_name((enum reason)i);
		enum reason found;

		assert_true(name[0] >= 'A' && name[0] <= 'Z');
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), strlen(name));
		assert_int_equal(reason_parse(name, &found), 0);
		assert_int_equal(found, i);
		assert_int_equal(reason_sentence((enum reason)i)[strlen(reason_sentence((enum reason)i)) - 1], '.');
	}
	enum reason found;
	assert_int_equal(reason_parse("imagePullFailed", &found), -1);
	assert_int_equal(reason_parse(NULL, &found), -1);
}

static void a_phase_follows_from_counts_and_verdict(void **state)
{
	static const struct {
		struct phase_facts facts;
		enum phase phase;
	} rows[] = {
		{ { .wanted = 1 }, PHASE_PENDING }, { { .wanted = 1, .replicas = 1, .updated = 1 }, PHASE_PENDING },
		{ { .wanted = 1, .replicas = 1, .updated = 1, .is_lasting = true }, PHASE_FAILED },
		{ { .wanted = 1, .replicas = 1, .updated = 1, .ready = 1 }, PHASE_READY },
		{ { .wanted = 3, .replicas = 3, .updated = 3, .ready = 3 }, PHASE_READY },
		{ { .wanted = 3, .replicas = 3, .updated = 3, .ready = 2 }, PHASE_SCALING },
		{ { .wanted = 3, .replicas = 3, .updated = 3, .ready = 2, .retired = 1 }, PHASE_READY },
		{ { .wanted = 3, .replicas = 3, .updated = 3, .ready = 1, .retired = 1 }, PHASE_SCALING },
		{ { .wanted = 1, .replicas = 1, .updated = 1, .retired = 1 }, PHASE_PENDING },
		{ { .wanted = 3, .replicas = 1, .updated = 1, .ready = 1 }, PHASE_SCALING },
		{ { .wanted = 1, .replicas = 3, .updated = 3, .ready = 3 }, PHASE_SCALING },
		{ { .wanted = 1, .replicas = 2, .updated = 1, .ready = 1 }, PHASE_SCALING }, /* a rollout */
		{ { .wanted = 1, .replicas = 1, .updated = 0, .ready = 1 }, PHASE_SCALING },
		{ { .wanted = 2, .replicas = 3, .updated = 1, .ready = 2, .is_lasting = true },
			PHASE_SCALING }, /* a bad rollout still serves */
		{ { .wanted = 0 }, PHASE_READY }, { { .wanted = 0, .replicas = 1, .updated = 1, .ready = 1 }, PHASE_SCALING },
		{ { .wanted = 0, .is_lasting = true }, PHASE_FAILED }, /* refused: nobody could wake it */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(phase_name(phase_of(&rows[i].facts)), phase_name(rows[i].phase));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_hmac_sha256_of_the_uid),
		cmocka_unit_test(a_short_key_makes_no_token),
		cmocka_unit_test(names_follow_the_grammars),
		cmocka_unit_test(a_subdomain_of_254_bytes_is_too_long),
		cmocka_unit_test(every_reason_is_camel_case_and_found_again),
		cmocka_unit_test(a_phase_follows_from_counts_and_verdict),
	};

	return cmocka_run_group_tests_name("krypton/words", tests, NULL, NULL);
}
