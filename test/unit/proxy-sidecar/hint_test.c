/* SPDX-License-Identifier: Apache-2.0 */
/* Hints are commands of the agent at hand. */
#include "proxy-sidecar/hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_hint_names_the_agent_at_hand(void **state)
{
	static const struct {
		const char *words, *wanted;
	} rows[] = {
		{ HINT_LOGS, "kubectl -n shop logs -l krypton.ai/agent=hello -c agent --tail=50" },
		{ HINT_EDIT "; then try again", "kubectl -n shop edit agent hello; then try again" },
		{ HINT_PATCH "'{\"spec\":{\"port\":1}}'",
			"kubectl -n shop patch agent hello --type=merge -p '{\"spec\":{\"port\":1}}'" },
		{ "try again", "try again" },
		{ "{agent", "{agent" },
		{ "{}{agent}{", "{}hello{" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_buf hint;

		buf_init(&hint, HINT_BYTES);
		assert_int_equal(hint_append(rows[i].words, "shop", "hello", &hint), 0);
		assert_string_equal(buf_terminated(&hint), rows[i].wanted);
	}
}

static void a_hint_stays_within_its_bound(void **state)
{
	scoped_buf hint;

	(void)state;
	buf_init(&hint, 20);
	assert_int_equal(hint_append(HINT_EDIT, "shop", "hello", &hint), -1);
	assert_true(buf_len(&hint) <= 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hint_names_the_agent_at_hand),
		cmocka_unit_test(a_hint_stays_within_its_bound),
	};

	return cmocka_run_group_tests_name("proxy-sidecar/hint", tests, NULL, NULL);
}
