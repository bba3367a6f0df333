/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/resource.h"

#include <string.h>

#include "kube/selection.h"
#include "test/unit/base/test.h"

static const struct kube_resource AGENTS = { "krypton.ai", "v1alpha1", "agents", "Agent", true };
static const struct kube_resource NODES = { "", "v1", "nodes", "Node", false };

static void paths_are_spelled_as_the_api_server_wants_them(void **state)
{
	static const struct {
		const struct kube_resource *resource;
		const char *name_space, *name, *subresource, *path;
	} rows[] = {
		{ &KUBE_PODS, NULL, NULL, NULL, "/api/v1/pods" },
		{ &KUBE_PODS, "ns", NULL, NULL, "/api/v1/namespaces/ns/pods" },
		{ &KUBE_DEPLOYMENTS, "ns", "a", "status", "/apis/apps/v1/namespaces/ns/deployments/a/status" },
		{ &AGENTS, "ns", "a", NULL, "/apis/krypton.ai/v1alpha1/namespaces/ns/agents/a" },
		{ &NODES, "ignored", "n", NULL, "/api/v1/nodes/n" },
		{ &KUBE_LEASES, "a/b", "../x y", NULL, "/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases/..%2Fx%20y" },
	};
	scoped_buf path;

	(void)state;
	buf_init(&path, 256);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&path);
		assert_int_equal(
			kube_resource_path(rows[i].resource, rows[i].name_space, rows[i].name, rows[i].subresource, &path), 0);
		assert_string_equal(buf_terminated(&path), rows[i].path);
	}
}

static void names_for_people_carry_the_group(void **state)
{
	scoped_buf text;

	(void)state;
	buf_init(&text, 64);
	assert_int_equal(kube_resource_full_name(&AGENTS, &text), 0);
	assert_string_equal(buf_terminated(&text), "agents.krypton.ai");
	buf_clear(&text);
	assert_int_equal(kube_resource_full_name(&KUBE_PODS, &text), 0);
	assert_string_equal(buf_terminated(&text), "pods");
	buf_clear(&text);
	assert_int_equal(kube_resource_api_version(&KUBE_DEPLOYMENTS, &text), 0);
	assert_string_equal(buf_terminated(&text), "apps/v1");
	buf_clear(&text);
	assert_int_equal(kube_resource_api_version(&KUBE_SECRETS, &text), 0);
	assert_string_equal(buf_terminated(&text), "v1");
}

static void a_path_past_the_cap_is_an_error(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < strlen("/api/v1/namespaces/ns/pods/a"); cap++) {
		scoped_buf path;

		buf_init(&path, cap);
		assert_int_equal(kube_resource_path(&KUBE_PODS, "ns", "a", NULL, &path), -1);
	}
}

static void selectors_become_an_encoded_query(void **state)
{
	struct kube_selection selection = {
		.resource = &KUBE_PODS, .label_selector = "krypton.ai/agent,a!=b", .field_selector = "x=y"
	};
	scoped_buf target;

	(void)state;
	buf_init(&target, 512);
	assert_int_equal(kube_selection_target(&selection, &target), 0);
	assert_int_equal(kube_query_append(&target, "limit", "5"), 0);
	assert_string_equal(
		buf_terminated(&target), "/api/v1/pods?labelSelector=krypton.ai%2Fagent%2Ca%21%3Db&fieldSelector=x%3Dy&limit=5");
}

static void a_selection_describes_itself(void **state)
{
	struct kube_selection selection = { .resource = &AGENTS };
	scoped_buf text;

	(void)state;
	buf_init(&text, 128);
	assert_int_equal(kube_selection_describe(&selection, "list", &text), 0);
	assert_string_equal(buf_terminated(&text), "cannot list agents.krypton.ai");
	buf_clear(&text);
	selection.name_space = "ns";
	assert_int_equal(kube_selection_describe(&selection, "watch", &text), 0);
	assert_string_equal(buf_terminated(&text), "cannot watch agents.krypton.ai in ns");
}

static void metadata_alone_is_asked_for_by_the_accept_header(void **state)
{
	struct kube_selection selection = { .resource = &KUBE_PODS, .metadata_only = true };

	(void)state;
	assert_non_null(strstr(kube_selection_accept(&selection, false), "as=PartialObjectMetadata;"));
	assert_non_null(strstr(kube_selection_accept(&selection, true), "as=PartialObjectMetadataList;"));
	selection.metadata_only = false;
	assert_string_equal(kube_selection_accept(&selection, true), "Accept: application/json");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_spelled_as_the_api_server_wants_them),
		cmocka_unit_test(names_for_people_carry_the_group),
		cmocka_unit_test(a_path_past_the_cap_is_an_error),
		cmocka_unit_test(selectors_become_an_encoded_query),
		cmocka_unit_test(a_selection_describes_itself),
		cmocka_unit_test(metadata_alone_is_asked_for_by_the_accept_header),
	};

	return cmocka_run_group_tests_name("kube/resource", tests, NULL, NULL);
}
