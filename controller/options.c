/* SPDX-License-Identifier: Apache-2.0 */
/* controller/options.c — the table of settings, and the checks that a table cannot say. */
#include "controller/options.h"

#include <stddef.h>
#include <string.h>

#include "base/daemon.h"
#include "controller/proxy_env.h"
#include "krypton/names.h"

#define FIELD(name) offsetof(struct controller_options, name)

const char *const CONTROLLER_PULL_POLICIES[] = { "Always", "IfNotPresent", "Never", NULL };

static const struct option rows[] = {
	{ .name = "metrics-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(metrics_address),
		.fallback = ":8080",
		.sentence = "where /metrics is served" },
	{ .name = "health-probe-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(health_address),
		.fallback = ":8081",
		.sentence = "where /healthz, /readyz and /configz are served" },
	{ .name = "leader-elect",
		.type = OPTION_BOOL,
		.offset = FIELD(elects_leader),
		.sentence = "work only while holding the Lease krypton-controller, so that several may run" },
	{ .name = "enable-webhooks",
		.type = OPTION_BOOL,
		.offset = FIELD(has_webhooks),
		.sentence = "serve the admission webhooks for Agents" },
	{ .name = "webhook-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(webhook_address),
		.fallback = ":9443",
		.sentence = "where the webhooks are served, by HTTPS" },
	{ .name = "webhook-cert-dir",
		.type = OPTION_TEXT,
		.offset = FIELD(webhook_cert_dir),
		.sentence = "directory with the webhooks' tls.crt and tls.key; unset: they are made, renewed and trusted by "
			    "themselves" },
	{ .name = "webhook-secret",
		.type = OPTION_TEXT,
		.offset = FIELD(webhook_secret),
		.fallback = "krypton-webhook-serving",
		.sentence = "Secret in our namespace with the certificate that is made" },
	{ .name = "webhook-certificate-life",
		.type = OPTION_DURATION,
		.offset = FIELD(webhook_certificate_life_ms),
		.fallback = "2160h",
		.min = 10000,
		.max = INT64_C(87600) * 3600 * 1000,
		.sentence = "how long a certificate that is made lives; it is renewed at two thirds" },
	{ .name = "webhook-service",
		.type = OPTION_TEXT,
		.offset = FIELD(webhook_service),
		.fallback = "krypton-webhook",
		.sentence = "Service in our namespace whose names the certificate that is made is for" },
	{ .name = "webhook-configurations",
		.type = OPTION_TEXT,
		.offset = FIELD(webhook_configurations),
		.fallback = "krypton-agents",
		.sentence = "MutatingWebhookConfiguration and ValidatingWebhookConfiguration that are told its authority" },
	{ .name = "proxy-image",
		.type = OPTION_TEXT,
		.offset = FIELD(proxy_image),
		.sentence = "image of krypton-proxy; required" },
	{ .name = "proxy-image-pull-policy",
		.type = OPTION_CHOICE,
		.offset = FIELD(proxy_pull_policy),
		.choices = CONTROLLER_PULL_POLICIES,
		.fallback = "IfNotPresent",
		.sentence = "when nodes fetch that image" },
	{ .name = "proxy-image-pull-secrets",
		.type = OPTION_TEXT,
		.offset = FIELD(proxy_pull_secrets),
		.sentence = "names of pull secrets for that image, joined by commas" },
	{ .name = "proxy-env",
		.type = OPTION_TEXT,
		.offset = FIELD(proxy_env),
		.sentence =
			"deadlines and caps of every agent's krypton-proxy, as it names them: KRYPTON_CONNECT_TIMEOUT=10s and its "
			"like, joined by commas" },
	{ .name = "gateway-service",
		.type = OPTION_TEXT,
		.offset = FIELD(gateway_service),
		.fallback = "krypton-gateway",
		.sentence = "Service in our namespace that sidecars say hello to" },
	{ .name = "internal-secret",
		.type = OPTION_TEXT,
		.offset = FIELD(internal_secret),
		.fallback = "krypton-internal",
		.sentence = "Secret in our namespace with the key of the agents' tokens; made when it is absent" },
	{ .name = "release-finalizers",
		.type = OPTION_BOOL,
		.offset = FIELD(releases_finalizers),
		.sentence = "take our finalizer off all Agents and end: for uninstalling" },
	{ .name = "kubeconfig",
		.type = OPTION_TEXT,
		.offset = FIELD(kubeconfig),
		.sentence = "kubeconfig file; unset: KUBECONFIG, else the pod's own account" },
	{ .name = "log-level",
		.type = OPTION_CHOICE,
		.offset = FIELD(log_level),
		.choices = LOG_LEVELS,
		.fallback = "info",
		.sentence = "events below it are not told" },
	{ .env = "POD_NAME", .type = OPTION_TEXT, .offset = FIELD(pod_name), .sentence = "our pod's name" },
	{ .env = "POD_NAMESPACE", .type = OPTION_TEXT, .offset = FIELD(pod_namespace), .sentence = "our namespace" },
};

static bool is_set(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static int names_check(const struct controller_options *options, struct err *err)
{
	struct text rest = text_of(is_set(options->proxy_pull_secrets) ? options->proxy_pull_secrets : NULL);

	while (rest.at != NULL) {
		if (!name_is_dns1123_subdomain(text_trim(text_cut(&rest, ','))))
			return err_set(err, ERR_INVALID, "--proxy-image-pull-secrets=%s: must be Secrets' names, joined by commas",
				options->proxy_pull_secrets);
	}
	if (!name_is_dns1035(text_of(options->gateway_service)))
		return err_set(err, ERR_INVALID, "--gateway-service=%s: is no Service's name", options->gateway_service);
	if (!name_is_dns1123_subdomain(text_of(options->webhook_secret)))
		return err_set(err, ERR_INVALID, "--webhook-secret=%s: is no Secret's name", options->webhook_secret);
	if (!name_is_dns1035(text_of(options->webhook_service)))
		return err_set(err, ERR_INVALID, "--webhook-service=%s: is no Service's name", options->webhook_service);
	if (!name_is_dns1123_subdomain(text_of(options->webhook_configurations)))
		return err_set(err, ERR_INVALID, "--webhook-configurations=%s: is no configuration's name",
			options->webhook_configurations);
	if (!name_is_dns1123_subdomain(text_of(options->internal_secret)))
		return err_set(err, ERR_INVALID, "--internal-secret=%s: is no Secret's name", options->internal_secret);
	return 0;
}

static int options_check(struct controller_options *options, struct err *err)
{
	if (options->releases_finalizers)
		return 0;
	if (!is_set(options->proxy_image))
		return err_set(err, ERR_INVALID, "--proxy-image is missing: the image of krypton-proxy");
	if (proxy_env_check(options->proxy_env, err) == -1)
		return err_wrap(err, "--proxy-env");
	return names_check(options, err);
}

enum options_result controller_options_parse(int argc, char **argv, struct controller_options *ret_options, struct err *err)
{
	struct controller_options options = { 0 };
	enum options_result result = options_parse(rows, ARRAY_LEN(rows), &options, "controller", daemon_version(),
		"keeps each Agent's Deployment, Service and ServiceAccount as its spec says", argc, argv, err);

	if (result != OPTIONS_RUN)
		return result;
	if (options_check(&options, err) == -1)
		return OPTIONS_WRONG;
	*ret_options = options;
	return OPTIONS_RUN;
}

struct json_t *controller_options_to_json(const struct controller_options *options)
{
	return options_to_json(rows, ARRAY_LEN(rows), options);
}
