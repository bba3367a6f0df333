/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/lease_rules.h"

#include <jansson.h>
#include <stdio.h>

#include "base/json.h"
#include "test/unit/base/test.h"

#define NOW_MS 1777636800000 /* 2026-05-01T12:00:00Z */

static const struct kube_lease_self self = { .identity = "us", .ttl_ms = 15000, .renew_ms = 5000 };

static json_t *lease(const char *version, const char *holder, int ttl_s)
{
	struct err err = { 0 };
	char text[512];

	(void)snprintf(text, sizeof(text),
		"{\"metadata\":{\"name\":\"l\",\"resourceVersion\":\"%s\",\"labels\":{\"k\":\"v\"}},\"spec\":{\"holderIdentity\":"
		"\"%s\","
		"\"leaseDurationSeconds\":%d,\"leaseTransitions\":4,\"acquireTime\":\"2026-01-01T00:00:00.000000Z\"}}",
		version, holder, ttl_s);
	return json_parse(text_of(text), &err);
}

static void who_may_hold_it_is_a_table(void **state)
{
	static const struct {
		const char *holder;
		int ttl_s;
		int64_t age_ms;
		enum kube_lease_move move;
	} rows[] = {
		{ "us", 15, 0, KUBE_LEASE_RENEW },
		{ "us", 15, 60000, KUBE_LEASE_RENEW },
		{ "", 1, 0, KUBE_LEASE_TAKE },
		{ "them", 15, 0, KUBE_LEASE_WAIT },
		{ "them", 15, 15000, KUBE_LEASE_WAIT },
		{ "them", 15, 15001, KUBE_LEASE_TAKE },
		{ "them", 30, 15001, KUBE_LEASE_WAIT },       /* the holder's own ttl counts */
		{ "them", 1000000, 600001, KUBE_LEASE_TAKE }, /* but not without a bound */
		{ "them", 0, 1001, KUBE_LEASE_TAKE },
		{ "us2", 15, 0, KUBE_LEASE_WAIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct kube_lease_record record = { 0 };
		scoped_json object = lease("7", rows[i].holder, rows[i].ttl_s);

		kube_lease_record_see(&record, object, 100);
		assert_int_equal(kube_lease_next_move(&record, &self, 100 + rows[i].age_ms), rows[i].move);
	}
}

static void without_a_lease_one_is_created(void **state)
{
	struct kube_lease_record record = { 0 };

	(void)state;
	kube_lease_record_see(&record, NULL, 5);
	assert_int_equal(kube_lease_next_move(&record, &self, 5), KUBE_LEASE_CREATE);
	scoped_json written = kube_lease_object(&record, &self, NULL, false, NOW_MS);
	assert_string_equal(json_text_at(written, "/spec/holderIdentity"), "us");
	assert_string_equal(json_text_at(written, "/spec/renewTime"), "2026-05-01T12:00:00.000000Z");
	assert_int_equal(json_int_at(written, "/spec/leaseDurationSeconds", -1), 15);
	assert_int_equal(json_int_at(written, "/spec/leaseTransitions", -1), 0);
	assert_null(json_text_at(written, "/metadata/resourceVersion"));
}

static void age_counts_from_when_we_saw_the_change(void **state)
{
	struct kube_lease_record record = { 0 };
	scoped_json first = lease("7", "them", 15);
	scoped_json renewed = lease("8", "them", 15);

	(void)state;
	kube_lease_record_see(&record, first, 1000);
	kube_lease_record_see(&record, first, 15000); /* unchanged */
	assert_int_equal(kube_lease_next_move(&record, &self, 16001), KUBE_LEASE_TAKE);
	kube_lease_record_see(&record, renewed, 16001);
	assert_int_equal(kube_lease_next_move(&record, &self, 16001), KUBE_LEASE_WAIT);
}

static void taking_it_counts_a_transition_and_keeps_the_rest(void **state)
{
	struct kube_lease_record record = { 0 };
	scoped_json object = lease("7", "them", 15);

	(void)state;
	kube_lease_record_see(&record, object, 0);
	scoped_json taken = kube_lease_object(&record, &self, object, false, NOW_MS);
	assert_string_equal(json_text_at(taken, "/spec/holderIdentity"), "us");
	assert_string_equal(json_text_at(taken, "/spec/acquireTime"), "2026-05-01T12:00:00.000000Z");
	assert_int_equal(json_int_at(taken, "/spec/leaseTransitions", -1), 5);
	assert_string_equal(json_text_at(taken, "/metadata/resourceVersion"), "7");
	assert_string_equal(json_text_at(taken, "/metadata/labels/k"), "v");
}

static void renewing_keeps_the_acquire_time(void **state)
{
	struct kube_lease_record record = { 0 };
	scoped_json object = lease("7", "us", 15);

	(void)state;
	kube_lease_record_see(&record, object, 0);
	scoped_json renewed = kube_lease_object(&record, &self, object, false, NOW_MS);
	assert_string_equal(json_text_at(renewed, "/spec/acquireTime"), "2026-01-01T00:00:00.000000Z");
	assert_int_equal(json_int_at(renewed, "/spec/leaseTransitions", -1), 4);
	scoped_json released = kube_lease_object(&record, &self, object, true, NOW_MS);
	assert_string_equal(json_text_at(released, "/spec/holderIdentity"), "");
	assert_int_equal(json_int_at(released, "/spec/leaseDurationSeconds", -1), 1);
}

static void we_stop_before_anybody_else_may_begin(void **state)
{
	(void)state;
	assert_int_equal(kube_lease_held_until_ms(&self, 1000), 11000);
}

static void odd_leases_break_nothing(void **state)
{
	static const char *const texts[] = { "{}", "[]", "null", "{\"spec\":null,\"metadata\":null}", "{\"spec\":7}",
		"{\"spec\":{\"leaseDurationSeconds\":9223372036854775807,\"leaseTransitions\":\"x\",\"holderIdentity\":7}}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = { 0 };
		struct kube_lease_record record = { 0 };
		scoped_json object = json_parse(text_of(texts[i]), &err);

		kube_lease_record_see(&record, object, 0);
		(void)kube_lease_next_move(&record, &self, 1);
		if (json_is_object(object)) {
			scoped_json written = kube_lease_object(&record, &self, object, false, NOW_MS);

			assert_string_equal(json_text_at(written, "/spec/holderIdentity"), "us");
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_hold_it_is_a_table),
		cmocka_unit_test(without_a_lease_one_is_created),
		cmocka_unit_test(age_counts_from_when_we_saw_the_change),
		cmocka_unit_test(taking_it_counts_a_transition_and_keeps_the_rest),
		cmocka_unit_test(renewing_keeps_the_acquire_time),
		cmocka_unit_test(we_stop_before_anybody_else_may_begin),
		cmocka_unit_test(odd_leases_break_nothing),
	};

	return cmocka_run_group_tests_name("kube/lease_rules", tests, NULL, NULL);
}
