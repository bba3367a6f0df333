/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/quantity.h"

#include "base/attributes.h"
#include "test/unit/base/test.h"

static void spellings_of_one_value_are_equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
	} rows[] = {
		{ "1", "1000m", true },
		{ "0.5", "500m", true },
		{ "100m", "0.1", true },
		{ ".5", "500m", true },
		{ "5.", "5", true },
		{ "1Gi", "1024Mi", true },
		{ "1Gi", "1073741824", true },
		{ "1.5Gi", "1536Mi", true },
		{ "1k", "1000", true },
		{ "1e3", "1k", true },
		{ "1E3", "1000", true },
		{ "1E", "1000P", true },
		{ "12e-1", "1200m", true },
		{ "+5", "5", true },
		{ "0", "0Gi", true },
		{ "-0", "0", true },
		{ "1Ei", "1152921504606846976", true },
		{ "999999999999999999Ei", "999999999999999999Ei", true },
		{ "1000000u", "1", true },
		{ "1n", "0.000000001", true },
		{ "007", "7", true },
		{ "1", "2", false },
		{ "1", "-1", false },
		{ "1Gi", "1G", false },
		{ "1M", "1m", false },
		{ "1024", "1k", false },
		/* no quantities: by text */
		{ "", "", true },
		{ "abc", "abc", true },
		{ "abc", "ABC", false },
		{ "", "0", false },
		{ ".", "0", false },
		{ "1 Gi", "1Gi", false },
		{ "1e", "1", false },
		{ "1e999", "1e999", true },
		{ "123456789012345678901", "123456789012345678901", true },
		{ "123456789012345678901", "123456789012345678902", false },
		{ "0.00000000000000000000000000000001", "0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (kube_quantity_equal(rows[i].a, rows[i].b) != rows[i].is_equal ||
			kube_quantity_equal(rows[i].b, rows[i].a) != rows[i].is_equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_one_value_are_equal),
	};

	return cmocka_run_group_tests_name("kube/quantity", tests, NULL, NULL);
}
