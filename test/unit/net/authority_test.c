/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made here, and what is read from them. */
#include "net/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/pem_file.h"

#define DAY_MS INT64_C(86400000)
#define BEGIN  (INT64_C(20000) * DAY_MS)

static const char *const names[] = { "krypton-webhook.krypton-system.svc", "krypton-webhook.krypton-system.svc.cluster.local" };

struct made {
	struct buf authority, certificate, key;
};

static void made_fini(struct made *made)
{
	buf_fini(&made->authority);
	buf_fini(&made->certificate);
	buf_fini(&made->key);
}
#define scoped_made __attribute__((cleanup(made_fini))) struct made

static void make(struct made *made, int64_t begins_ms, int64_t ends_ms)
{
	const struct authority_options options = {
		.name = "krypton-webhook", .dns_names = names, .dns_name_count = 2, .life = { begins_ms, ends_ms }
	};
	struct err err = { 0 };

	buf_init(&made->authority, 16384);
	buf_init(&made->certificate, 16384);
	buf_init(&made->key, 16384);
	if (authority_issue(&options, &made->authority, &made->certificate, &made->key, &err) == -1)
		fail_msg("%s", err.message);
}

static void what_is_made_is_valid_for_its_names_and_its_time(void **state)
{
	static const char *const other[] = { "krypton-webhook.elsewhere.svc" };
	const struct {
		int64_t at_ms;
		const char *const *names;
		size_t count;
		const char *complaint; /* NULL: none */
	} rows[] = {
		{ BEGIN, names, 2, NULL },
		{ BEGIN + 90 * DAY_MS - 1, names, 2, NULL },
		{ BEGIN - 1, names, 2, "not valid yet" },
		{ BEGIN + 90 * DAY_MS, names, 2, "it has ended" },
		{ BEGIN, other, 1, "not for krypton-webhook.elsewhere.svc" },
	};
	struct err err = { 0 };
	scoped_made made;

	(void)state;
	make(&made, BEGIN, BEGIN + 90 * DAY_MS);
	assert_int_equal(pem_check_pair(buf_terminated(&made.certificate), buf_terminated(&made.key), &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int result = certificate_check(buf_terminated(&made.certificate), buf_terminated(&made.authority), rows[i].names,
			rows[i].count, rows[i].at_ms, &err);

		assert_int_equal(result, rows[i].complaint == NULL ? 0 : -1);
		if (rows[i].complaint != NULL)
			assert_non_null(strstr(err.message, rows[i].complaint));
	}
}

static void its_life_can_be_read(void **state)
{
	struct certificate_life life;
	struct err err = { 0 };
	scoped_made made;

	(void)state;
	make(&made, BEGIN, BEGIN + DAY_MS);
	assert_int_equal(certificate_read_life(buf_terminated(&made.certificate), &life, &err), 0);
	assert_true(life.begins_ms == BEGIN && life.ends_ms == BEGIN + DAY_MS);
	assert_int_equal(certificate_read_life("no certificate", &life, &err), -1);
	assert_int_equal(certificate_read_life("", &life, &err), -1);
}

static void another_authority_does_not_vouch_for_it_and_a_bundle_of_both_does(void **state)
{
	struct err err = { 0 };
	scoped_made old, new;
	scoped_buf both;

	(void)state;
	make(&old, BEGIN, BEGIN + DAY_MS);
	make(&new, BEGIN, BEGIN + 2 * DAY_MS);
	buf_init(&both, 32768);
	assert_int_equal(buf_append_text(&both, buf_text(&new.authority)), 0);
	assert_int_equal(
		certificate_check(buf_terminated(&old.certificate), buf_terminated(&new.authority), names, 2, BEGIN, &err), -1);
	assert_non_null(strstr(err.message, "not signed by the authority beside it"));
	assert_int_equal(authorities_keep(buf_terminated(&old.authority), BEGIN, 3, &both, &err), 0);
	assert_int_equal(certificate_check(buf_terminated(&old.certificate), buf_terminated(&both), names, 2, BEGIN, &err), 0);
	assert_int_equal(certificate_check(buf_terminated(&new.certificate), buf_terminated(&both), names, 2, BEGIN, &err), 0);
}

static void authorities_that_have_ended_are_not_kept(void **state)
{
	struct err err = { 0 };
	scoped_made old, new;
	scoped_buf both, left, first;

	(void)state;
	make(&old, BEGIN, BEGIN + DAY_MS);
	make(&new, BEGIN, BEGIN + 2 * DAY_MS);
	buf_init(&both, 32768);
	buf_init(&left, 32768);
	buf_init(&first, 32768);
	assert_int_equal(buf_append_text(&both, buf_text(&old.authority)), 0);
	assert_int_equal(buf_append_text(&both, buf_text(&new.authority)), 0);
	assert_int_equal(authorities_keep(buf_terminated(&both), BEGIN + DAY_MS, 3, &left, &err), 0);
	assert_true(text_equal(buf_text(&left), buf_text(&new.authority)));
	assert_int_equal(authorities_keep(buf_terminated(&both), BEGIN, 1, &first, &err), 0);
	assert_true(text_equal(buf_text(&first), buf_text(&old.authority)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_is_valid_for_its_names_and_its_time),
		cmocka_unit_test(its_life_can_be_read),
		cmocka_unit_test(another_authority_does_not_vouch_for_it_and_a_bundle_of_both_does),
		cmocka_unit_test(authorities_that_have_ended_are_not_kept),
	};

	return cmocka_run_group_tests_name("net/authority", tests, NULL, NULL);
}
