/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler's flags, as the contract names them. */
#include "scaler/options.h"

#include "base/daemon.h"

#define FIELD(name) offsetof(struct scaler_options, name)
#define HOUR_MS     INT64_C(3600000)

static const struct option OPTIONS[] = {
	{ .name = "metrics-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(metrics_address),
		.fallback = ":8081",
		.sentence = "where /metrics is" },
	{ .name = "health-probe-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(health_address),
		.fallback = ":8082",
		.sentence = "where /healthz, /readyz and /configz are" },
	{ .name = "scaler-interval-ms",
		.type = OPTION_INT,
		.offset = FIELD(interval_ms),
		.fallback = "1000",
		.min = 50,
		.max = HOUR_MS,
		.sentence = "time between two decisions about an agent" },
	{ .name = "scaler-stable-window-ms",
		.type = OPTION_INT,
		.offset = FIELD(stable_window_ms),
		.fallback = "60000",
		.min = 0,
		.max = HOUR_MS,
		.sentence = "fewer replicas than were wanted within it are not asked for" },
	{ .name = "sidecar-port",
		.type = OPTION_INT,
		.offset = FIELD(sidecar_port),
		.fallback = "8888",
		.min = 1,
		.max = 65535,
		.sentence = "where krypton-proxy listens in every pod" },
	{ .name = "gateway-service",
		.type = OPTION_TEXT,
		.offset = FIELD(gateway_service),
		.fallback = "krypton-gateway",
		.sentence = "Service in our namespace whose pods are asked who waits" },
	{ .name = "internal-key-file",
		.type = OPTION_TEXT,
		.offset = FIELD(internal_key_file),
		.sentence = "key of the agents' tokens (Secret krypton-internal); unset: no pod is retired before the count goes "
			    "down" },
	{ .name = "leader-elect",
		.type = OPTION_BOOL,
		.offset = FIELD(leader_elect),
		.fallback = "false",
		.sentence = "decide only while holding Lease krypton-scaler" },
	{ .name = "kubeconfig",
		.type = OPTION_TEXT,
		.offset = FIELD(kubeconfig),
		.sentence = "unset: $KUBECONFIG, the pod's account, ~/.kube/config" },
	{ .name = "log-level",
		.type = OPTION_CHOICE,
		.offset = FIELD(log_level),
		.choices = LOG_LEVELS,
		.fallback = "info",
		.sentence = "events below it are not told" },
	{ .env = "POD_NAME",
		.type = OPTION_TEXT,
		.offset = FIELD(pod_name),
		.fallback = "krypton-scaler",
		.sentence = "who we are as holder of the Lease" },
	{ .env = "POD_NAMESPACE",
		.type = OPTION_TEXT,
		.offset = FIELD(pod_namespace),
		.fallback = "krypton-system",
		.sentence = "where the Lease and the gateway's Service are" },
};

enum options_result scaler_options_parse(int argc, char **argv, struct scaler_options *ret_options, struct err *err)
{
	return options_parse(OPTIONS, ARRAY_LEN(OPTIONS), ret_options, "scaler", daemon_version(),
		"decides how many replicas each agent wants", argc, argv, err);
}

struct json_t *scaler_options_to_json(const struct scaler_options *options)
{
	return options_to_json(OPTIONS, ARRAY_LEN(OPTIONS), options);
}
