/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/unit/base/test.h"

#define HEAD "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
#define CONTEXTS                                                                                                                  \
	"contexts:\n- name: other\n  context: {cluster: x, user: y}\n- name: here\n  context:\n    cluster: c\n    user: u\n    " \
	"namespace: team\n"
#define CLUSTERS "clusters:\n- name: c\n  cluster:\n    server: https://10.0.0.1:6443/\n    certificate-authority-data: Q0E=\n"

static struct kube_config *parse(const char *text, struct err *err)
{
	*err = (struct err){ 0 };
	return kube_config_parse(text, strlen(text), "/dir/config", err);
}

static void the_current_context_is_followed(void **state)
{
	struct err err;
	scoped(kube_config) config = parse(HEAD CONTEXTS CLUSTERS
		"users:\n- name: u\n  user:\n    client-certificate-data: Q1JU\n    client-key-data: S0VZ\n",
		&err);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->server, "https://10.0.0.1:6443");
	assert_string_equal(config->ca_pem, "CA");
	assert_string_equal(config->certificate_pem, "CRT");
	assert_string_equal(config->key_pem, "KEY");
	assert_string_equal(config->default_namespace, "team");
	assert_null(config->token);
	assert_false(config->insecure);
}

static void tokens_and_token_files_are_taken(void **state)
{
	struct err err;
	scoped(kube_config) with_token = parse(HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {token: secret}}]\n", &err);
	scoped(kube_config) with_file = parse(HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {tokenFile: run/token}}]\n", &err);

	(void)state;
	assert_non_null(with_token);
	assert_string_equal(with_token->token, "secret");
	assert_non_null(with_file);
	assert_string_equal(with_file->token_file, "/dir/run/token"); /* relative to the kubeconfig */
}

static void a_server_without_tls_checks_is_taken_as_such(void **state)
{
	struct err err;
	scoped(kube_config) config =
		parse(HEAD CONTEXTS "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:8001', "
				    "insecure-skip-tls-verify: true, tls-server-name: api}}]\nusers: [{name: u, user: {}}]\n",
			&err);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->server, "http://127.0.0.1:8001");
	assert_true(config->insecure);
	assert_string_equal(config->server_name, "api");
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "/dir/config" },
		{ "- a\n", "is no kubeconfig" },
		{ "{", "/dir/config" },
		{ "current-context: ''\n", "current-context is not set" },
		{ HEAD, "no entry \"here\" under contexts" },
		{ HEAD "contexts: [{name: here, context: {user: u}}]\n", "context \"here\" names no cluster" },
		{ HEAD CONTEXTS, "no entry \"c\" under clusters" },
		{ HEAD CONTEXTS CLUSTERS, "no entry \"u\" under users" },
		{ HEAD CONTEXTS "clusters: [{name: c, cluster: {server: 10.0.0.1}}]\n", "server must be a URL" },
		{ HEAD CONTEXTS "clusters: [{name: c, cluster: {server: 'https://a', proxy-url: 'http://p'}}]\n",
			"proxy-url is not supported" },
		{ HEAD CONTEXTS "clusters: [{name: c, cluster: {server: 'https://a', certificate-authority-data: '*'}}]\n",
			"certificate-authority-data is not base64" },
		{ HEAD CONTEXTS "clusters: [{name: c, cluster: {server: 'https://a', certificate-authority: no/such}}]\n",
			"certificate-authority: /dir/no/such: No such file" },
		{ HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {exec: {command: aws}}}]\n",
			"user \"u\" uses exec, which is not supported" },
		{ HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {auth-provider: {name: gcp}}}]\n", "uses auth-provider" },
		{ HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {client-key-data: S0VZ}}]\n", "client-key without the other" },
		{ HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {client-certificate-data: S0VZ}}]\n",
			"client-certificate without the other" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err;

		assert_null(parse(rows[i].text, &err));
		assert_int_not_equal(err.code, ERR_NONE);
		if (strstr(err.message, rows[i].words) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.message, rows[i].words);
	}
}

static void a_document_cut_at_any_byte_breaks_nothing(void **state)
{
	static const char text[] = HEAD CONTEXTS CLUSTERS "users:\n- name: u\n  user:\n    token: secret\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct err err = { 0 };
		scoped(kube_config) config = kube_config_parse(text, len, "cut", &err);

		assert_true(config != NULL || err.message[0] != '\0');
	}
}

static void a_missing_kubeconfig_is_named(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_null(kube_config_load("/no/such/kubeconfig", &err));
	assert_non_null(strstr(err.message, "/no/such/kubeconfig"));
	assert_int_equal(setenv("KUBECONFIG", "/a:/b", 1), 0);
	assert_null(kube_config_load(NULL, &err));
	assert_non_null(strstr(err.message, "several files"));
	assert_int_equal(setenv("KUBECONFIG", "/no/such/other", 1), 0);
	assert_null(kube_config_load(NULL, &err));
	assert_non_null(strstr(err.message, "/no/such/other"));
	assert_int_equal(unsetenv("KUBECONFIG"), 0);
	assert_int_equal(unsetenv("KUBERNETES_SERVICE_HOST"), 0);
	assert_int_equal(setenv("HOME", "/no/home", 1), 0);
	assert_null(kube_config_load(NULL, &err));
	assert_non_null(strstr(err.message, "/no/home/.kube/config"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_current_context_is_followed),
		cmocka_unit_test(tokens_and_token_files_are_taken),
		cmocka_unit_test(a_server_without_tls_checks_is_taken_as_such),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_document_cut_at_any_byte_breaks_nothing),
		cmocka_unit_test(a_missing_kubeconfig_is_named),
	};

	return cmocka_run_group_tests_name("kube/config", tests, NULL, NULL);
}
