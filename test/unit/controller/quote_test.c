/* SPDX-License-Identifier: Apache-2.0 */
/* The words of others, as they are quoted. */
#include "controller/quote.h"

#include "controller/pod.h"
#include "objects.h"

#define ID "5b1e0c8d94f27a635b1e0c8d94f27a635b1e0c8d94f27a635b1e0c8d94f27a63"

static void the_same_sandbox_failure_reads_the_same_at_each_try(void **state)
{
	static const struct {
		const char *message, *words;
	} rows[] = {
		{ "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"" ID
		  "\": plugin type=\"bridge\" failed (add): failed to allocate for range 0: no IP addresses available in range "
		  "set: "
		  "10.60.28.1-10.60.28.254",
			"failed to setup network for sandbox \"…\": plugin type=\"bridge\" failed (add): failed to allocate for "
			"range 0: "
			"no IP addresses available in range set: 10.60.28.1-10.60.28.254" },
		{ "(combined from similar events): Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context "
		  "deadline "
		  "exceeded",
			"context deadline exceeded" },
		{ "rpc error: code = Unknown desc = Post \"http://127.0.0.1:6784/ip/" ID "\": connection refused",
			"Post \"http://127.0.0.1:6784/ip/…\": connection refused" },
		{ "no such runtime", "no such runtime" },
		{ "fe80::1 deadbeef 0123456789", "fe80::1 deadbeef 0123456789" },
		{ ID, "…" },
		{ "", "" },
		{ NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char words[POD_WORDS_BYTES + 1];

		quote_sandbox_cause(rows[i].message, words, sizeof(words));
		assert_string_equal(words, rows[i].words);
	}
}

static void a_list_is_cut_between_its_entries(void **state)
{
	static const struct {
		size_t size;
		const char *words, *wanted;
	} rows[] = {
		{ 22, "one (a), two (b), three", "one (a), two (b), …" },
		{ 24, "one (a), two (b), three", "one (a), two (b), three" },
		{ 21, "one; two; three; four; five", "one; two; three; …" },
		{ 16, "one, aaaaaaaaaaaaaa", "one, aaaaaa …" }, /* half of what fits would be lost */
		{ 12, "aaaaaa\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "aaaaaa …" },
		{ 13, "aaaaaa\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "aaaaaa\xc3\xa4 …" },
		{ 64, "short", "short" },
		{ 64, "", "no reason was given" },
		{ 64, NULL, "no reason was given" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char words[64];

		quote_list(rows[i].words, words, rows[i].size);
		assert_string_equal(words, rows[i].wanted);
		assert_true(strlen(words) < rows[i].size);
	}
}

static void credentials_are_known_by_the_words_of_any_registry(void **state)
{
	static const struct {
		const char *cause;
		bool is_about;
	} rows[] = {
		{ "unexpected status: 401 Unauthorized", true },
		{ "403 Forbidden", true },
		{ "unauthorized: authentication required", true },
		{ "pull access denied, repository does not exist or may require authorization", true },
		{ "denied: Your authorization token has expired", true },
		{ "no basic auth credentials", true },
		{ "manifest unknown", false },
		{ "dial tcp: lookup r: no such host", false },
		{ "dial udp 10.0.0.1:53: connect: permission denied", false },
		{ NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(quote_is_about_credentials(rows[i].cause), rows[i].is_about);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_sandbox_failure_reads_the_same_at_each_try),
		cmocka_unit_test(a_list_is_cut_between_its_entries),
		cmocka_unit_test(credentials_are_known_by_the_words_of_any_registry),
	};

	return cmocka_run_group_tests_name("controller/quote", tests, NULL, NULL);
}
