/* SPDX-License-Identifier: Apache-2.0 */
/* controller/options.h — the controller's settings, checked. */
#ifndef KRYPTON_CONTROLLER_OPTIONS_H
#define KRYPTON_CONTROLLER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/options.h"

/* Texts are valid as long as argv and the environment. */
extern const char *const CONTROLLER_PULL_POLICIES[];

struct controller_options {
	const char *metrics_address;
	const char *health_address;
	const char *webhook_address;
	bool elects_leader;
	bool has_webhooks;
	const char *webhook_cert_dir; /* NULL: a certificate of our own */
	const char *webhook_secret;
	const char *webhook_service;
	const char *webhook_configurations;
	int64_t webhook_certificate_life_ms;
	const char *proxy_image;
	int proxy_pull_policy;          /* place in CONTROLLER_PULL_POLICIES */
	const char *proxy_pull_secrets; /* "a,b"; NULL: none */
	const char *proxy_env;          /* "NAME=VALUE,NAME=VALUE"; NULL: none */
	const char *gateway_service;
	const char *internal_secret;
	bool releases_finalizers; /* the one-shot for uninstalling */
	const char *kubeconfig;   /* NULL: as kube_config_load() finds it */
	enum log_level log_level;
	const char *pod_name;      /* NULL: out of a cluster */
	const char *pod_namespace; /* NULL: the kubeconfig's */
};

enum options_result controller_options_parse(int argc, char **argv, struct controller_options *ret_options, struct err *err);
/* The effective settings for /configz. Yours. */
struct json_t *controller_options_to_json(const struct controller_options *options);

#endif
