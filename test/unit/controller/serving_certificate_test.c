/* SPDX-License-Identifier: Apache-2.0 */
/* The webhooks' certificate in its Secret: judged, made, renewed, at times of the test's own. */
#include "controller/serving_certificate.h"

#include "objects.h"

#define DAY_MS INT64_C(86400000)
#define NOW    (INT64_C(20000) * DAY_MS)
#define LIFE   (90 * DAY_MS)

static const char *const names[] = { "krypton-webhook.krypton-system.svc", "krypton-webhook.krypton-system.svc.cluster.local" };
static const char *const other_names[] = { "other-webhook.krypton-system.svc" };
static const struct serving_terms terms = { .dns_names = names, .dns_name_count = 2, .life_ms = LIFE };

static json_t *secret_made_at(int64_t wall_ms, struct serving_certificate *ret_certificate)
{
	scoped_serving_certificate none;
	struct err err = { 0 };

	serving_certificate_init(&none);
	if (serving_certificate_issue(&terms, &none, wall_ms, ret_certificate, &err) == -1)
		fail_msg("%s", err.message);
	return serving_certificate_to_secret(ret_certificate);
}

static void it_is_good_then_due_then_bad_by_its_age(void **state)
{
	static const struct {
		int64_t age_ms;
		enum serving_verdict verdict;
	} rows[] = {
		{ -DAY_MS, SERVING_BAD },
		{ -1800000, SERVING_GOOD }, /* a clock half an hour behind */
		{ 0, SERVING_GOOD },
		{ 59 * DAY_MS, SERVING_GOOD },
		{ 60 * DAY_MS, SERVING_DUE },
		{ 89 * DAY_MS, SERVING_DUE },
		{ 90 * DAY_MS, SERVING_BAD },
	};
	scoped_serving_certificate made, found;

	(void)state;
	serving_certificate_init(&made);
	serving_certificate_init(&found);
	scoped_json secret = secret_made_at(NOW, &made);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		enum serving_verdict verdict = serving_certificate_judge(secret, &terms, NOW + rows[i].age_ms, &found, &err);

		if (verdict != rows[i].verdict)
			fail_msg("row %zu: %d %s", i, (int)verdict, err.message);
	}
	assert_true(serving_certificate_is_same(&made, &found));
}

static void what_cannot_be_served_is_bad(void **state)
{
	static const struct {
		const char *pointer, *value, *complaint;
	} rows[] = {
		{ "/data/tls.crt", "", "tls.crt" },
		{ "/data/tls.key", "!", "no usable tls.key" },
		{ "/data/ca.crt", "bm8=", "certificate" },
		{ "/data/tls.key", "bm8=", "certificate and key" },
	};
	scoped_serving_certificate made, found;

	(void)state;
	serving_certificate_init(&made);
	serving_certificate_init(&found);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		scoped_json secret = secret_made_at(NOW, &made);

		json_put_text(secret, rows[i].pointer, rows[i].value);
		assert_int_equal(serving_certificate_judge(secret, &terms, NOW, &found, &err), SERVING_BAD);
		if (i > 0 && strstr(err.message, rows[i].complaint) == NULL)
			fail_msg("row %zu: %s", i, err.message);
		assert_true(serving_certificate_is_empty(&found));
	}
}

static void one_for_other_names_is_bad_and_one_that_lives_too_long_is_due(void **state)
{
	const struct serving_terms elsewhere = { .dns_names = other_names, .dns_name_count = 1, .life_ms = LIFE };
	const struct serving_terms shorter = { .dns_names = names, .dns_name_count = 2, .life_ms = 3 * DAY_MS };
	scoped_serving_certificate made, found;
	struct err err = { 0 };

	(void)state;
	serving_certificate_init(&made);
	serving_certificate_init(&found);
	scoped_json secret = secret_made_at(NOW, &made);
	assert_int_equal(serving_certificate_judge(secret, &elsewhere, NOW, &found, &err), SERVING_BAD);
	assert_non_null(strstr(err.message, "not for other-webhook.krypton-system.svc"));
	assert_int_equal(serving_certificate_judge(secret, &shorter, NOW + DAY_MS, &found, &err), SERVING_GOOD);
	assert_int_equal(serving_certificate_judge(secret, &shorter, NOW + 2 * DAY_MS, &found, &err), SERVING_DUE);
}

static void a_secret_without_our_label_is_not_ours(void **state)
{
	scoped_serving_certificate found;
	struct err err = { 0 };
	scoped_json secret = object_of("{'metadata':{'labels':{'app.kubernetes.io/managed-by':'Helm'}},'data':{'tls.crt':'eA=='}}");

	(void)state;
	serving_certificate_init(&found);
	assert_int_equal(serving_certificate_judge(secret, &terms, NOW, &found, &err), SERVING_FOREIGN);
	assert_non_null(strstr(err.message, "--webhook-secret"));
}

static int authorities_in(struct serving_certificate *certificate)
{
	const char *at = buf_terminated(&certificate->pem[SERVING_AUTHORITIES]);
	int count = 0;

	while ((at = strstr(at, "BEGIN CERTIFICATE")) != NULL) {
		at++;
		count++;
	}
	return count;
}

static void a_renewal_vouches_for_the_one_before_until_it_has_ended(void **state)
{
	scoped_serving_certificate first, second, third;
	struct err err = { 0 };

	(void)state;
	serving_certificate_init(&first);
	serving_certificate_init(&second);
	serving_certificate_init(&third);
	scoped_json secret = secret_made_at(NOW, &first);
	assert_non_null(json_text_at(secret, "/data/ca.crt"));
	assert_int_equal(authorities_in(&first), 1);
	assert_int_equal(serving_certificate_issue(&terms, &first, NOW + 60 * DAY_MS, &second, &err), 0);
	assert_int_equal(authorities_in(&second), 2);
	assert_int_equal(certificate_check(buf_terminated(&first.pem[SERVING_CERTIFICATE]),
				 buf_terminated(&second.pem[SERVING_AUTHORITIES]), names, 2, NOW + 60 * DAY_MS, &err),
		0);
	assert_int_equal(serving_certificate_issue(&terms, &second, NOW + 120 * DAY_MS, &third, &err), 0);
	assert_int_equal(authorities_in(&third), 2);
	assert_int_equal(certificate_check(buf_terminated(&first.pem[SERVING_CERTIFICATE]),
				 buf_terminated(&third.pem[SERVING_AUTHORITIES]), names, 2, NOW + 60 * DAY_MS, &err),
		-1);
}

static void times_follow_the_life(void **state)
{
	const struct certificate_life life = { NOW, NOW + LIFE };

	(void)state;
	assert_int_equal(serving_certificate_due_ms(&life, LIFE) - NOW, 60 * DAY_MS);
	assert_int_equal(serving_certificate_due_ms(&life, 3 * DAY_MS) - NOW, 2 * DAY_MS);
	assert_int_equal(serving_certificate_due_ms(&life, 2 * LIFE) - NOW, 60 * DAY_MS);
	assert_int_equal(serving_certificate_settle_ms(LIFE), 10000);
	assert_int_equal(serving_certificate_settle_ms(12000), 1200);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_good_then_due_then_bad_by_its_age),
		cmocka_unit_test(what_cannot_be_served_is_bad),
		cmocka_unit_test(one_for_other_names_is_bad_and_one_that_lives_too_long_is_due),
		cmocka_unit_test(a_secret_without_our_label_is_not_ours),
		cmocka_unit_test(a_renewal_vouches_for_the_one_before_until_it_has_ended),
		cmocka_unit_test(times_follow_the_life),
	};

	return cmocka_run_group_tests_name("controller/serving_certificate", tests, NULL, NULL);
}
