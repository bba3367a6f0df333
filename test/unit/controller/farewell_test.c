/* SPDX-License-Identifier: Apache-2.0 */
/* Pods on their way out, as the kubelet writes them last. */
#include "controller/farewell.h"

#include "objects.h"

static void an_agent_that_is_killed_or_ended_by_sigterm_is_told_of(void **state)
{
	static const struct {
		const char *metadata, *ended, *words; /* NULL: nothing is told */
	} rows[] = {
		{ "'deletionTimestamp':'2026-01-01T00:00:00Z','deletionGracePeriodSeconds':60", "'exitCode':137,'reason':'Error'",
			"Pod hello-7d-x: the agent (image img:1) did not end on SIGTERM and was killed (exit code 137): each of "
			"its pods "
			"takes its whole grace of 60 s to go." },
		{ "'deletionTimestamp':'2026-01-01T00:00:00Z','deletionGracePeriodSeconds':60", "'exitCode':143,'reason':'Error'",
			"ended by it (exit code 143)" },
		{ "'deletionTimestamp':'2026-01-01T00:00:00Z','deletionGracePeriodSeconds':60", "'exitCode':0,'reason':'Completed'",
			NULL },
		{ "'deletionTimestamp':'2026-01-01T00:00:00Z','deletionGracePeriodSeconds':60", "'exitCode':1,'reason':'Error'",
			NULL },
		{ "'deletionTimestamp':'2026-01-01T00:00:00Z','deletionGracePeriodSeconds':60",
			"'exitCode':137,'reason':'OOMKilled'", NULL },
		{ "'deletionTimestamp':'2026-01-01T00:00:00Z','deletionGracePeriodSeconds':0", "'exitCode':137,'reason':'Error'",
			NULL },
		{ "'generation':1", "'exitCode':137,'reason':'Error'", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[2048], words[FAREWELL_BYTES] = "";

		(void)snprintf(text, sizeof(text),
			"{'metadata':{'name':'hello-7d-x','labels':{'krypton.ai/"
			"agent':'hello'},%s},'spec':{'containers':[{'name':'agent',"
			"'image':'img:1'}]},'status':{'containerStatuses':[{'name':'agent','state':{'terminated':{%s}}}]}}",
			rows[i].metadata, rows[i].ended);
		scoped_json object = object_of(text);
		scoped(pod) pod = pod_from_json(object);
		assert_int_equal(farewell_is_rude(pod, words), rows[i].words != NULL);
		if (rows[i].words != NULL)
			assert_non_null(strstr(words, rows[i].words));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_agent_that_is_killed_or_ended_by_sigterm_is_told_of) };

	return cmocka_run_group_tests_name("controller/farewell", tests, NULL, NULL);
}
