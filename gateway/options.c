/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's flags, as the contract names them. */
#include "gateway/options.h"

#include <string.h>

#include "base/daemon.h"

#define FIELD(name)    offsetof(struct gateway_options, name)
#define HOUR_MS        INT64_C(3600000)
#define MIN_TIMEOUT_MS 100
#define MAX_HEAD_BYTES (128 * 1024) /* with what we add it stays below krypton-proxy's own cap */

static const char *const ERROR_DETAILS[] = { [ERROR_DETAIL_REASON] = "reason", [ERROR_DETAIL_FULL] = "full", NULL };

static const struct option OPTIONS[] = {
	{ .name = "listen-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(listen_address),
		.fallback = ":8080",
		.sentence = "where agents are invoked" },
	{ .name = "metrics-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(metrics_address),
		.fallback = ":8081",
		.sentence = "where /metrics is" },
	{ .name = "health-probe-bind-address",
		.type = OPTION_ADDRESS,
		.offset = FIELD(health_address),
		.fallback = ":8082",
		.sentence = "where /healthz, /readyz, /configz and our other daemons' paths are" },
	{ .name = "max-buffer-per-agent",
		.type = OPTION_INT,
		.offset = FIELD(max_buffer_per_agent),
		.fallback = "100",
		.min = 1,
		.max = 100000,
		.sentence = "requests held for one agent, waking or full; more get 503" },
	{ .name = "poll-interval-ms",
		.type = OPTION_INT,
		.offset = FIELD(poll_interval_ms),
		.fallback = "50",
		.min = 10,
		.max = 10000,
		.sentence = "how often a pod that other gateways filled is asked for a free slot while somebody waits" },
	{ .name = "default-startup-timeout-ms",
		.type = OPTION_INT,
		.offset = FIELD(default_startup_timeout_ms),
		.fallback = "30000",
		.min = 1,
		.max = HOUR_MS,
		.sentence = "how long a request waits for a first pod where spec.startupTimeout is unset" },
	{ .name = "max-queue-wait-ms",
		.type = OPTION_INT,
		.offset = FIELD(max_queue_wait_ms),
		.fallback = "30000",
		.min = 0,
		.max = HOUR_MS,
		.sentence = "how long a request waits for a free slot when every pod is full" },
	{ .name = "max-connections",
		.type = OPTION_INT,
		.offset = FIELD(max_connections),
		.fallback = "0",
		.min = 0,
		.max = 1000000,
		.sentence =
			"clients' connections; past it the one idle for longest is closed, or the new one waits; 0: half of the "
			"descriptors" },
	{ .name = "max-held-bytes",
		.type = OPTION_BYTES,
		.offset = FIELD(max_held_bytes),
		.fallback = "64Mi",
		.min = 65536,
		.max = INT64_C(1) << 40,
		.sentence = "request bytes kept in memory for all held requests together" },
	{ .name = "max-request-head-bytes",
		.type = OPTION_BYTES,
		.offset = FIELD(max_request_head_bytes),
		.fallback = "64Ki",
		.min = 4096,
		.max = MAX_HEAD_BYTES,
		.sentence = "the largest request line and headers; past it 431, or 414 where the target alone is past 16Ki" },
	{ .name = "max-request-body-bytes",
		.type = OPTION_BYTES,
		.offset = FIELD(max_request_body_bytes),
		.fallback = "0",
		.min = 0,
		.max = INT64_MAX,
		.sentence = "the largest request body; past it 413; 0: no limit" },
	{ .name = "request-head-timeout",
		.type = OPTION_DURATION,
		.offset = FIELD(request_head_timeout_ms),
		.fallback = "60s",
		.min = MIN_TIMEOUT_MS,
		.max = HOUR_MS,
		.sentence = "from the first byte of a request's head to its last; past it 408" },
	{ .name = "request-body-timeout",
		.type = OPTION_DURATION,
		.offset = FIELD(request_body_timeout_ms),
		.fallback = "300s",
		.min = MIN_TIMEOUT_MS,
		.max = 24 * HOUR_MS,
		.sentence = "silence of a request's body before the answer begins; past it 408" },
	{ .name = "connect-timeout",
		.type = OPTION_DURATION,
		.offset = FIELD(connect_timeout_ms),
		.fallback = "2s",
		.min = MIN_TIMEOUT_MS,
		.max = HOUR_MS,
		.sentence = "for a connection to a pod; past it another pod is tried" },
	{ .name = "stream-idle-timeout",
		.type = OPTION_DURATION,
		.offset = FIELD(stream_idle_timeout_ms),
		.fallback = "1h",
		.min = 0,
		.max = INT64_MAX,
		.sentence = "silence that ends an answer that has begun; 0: never" },
	{ .name = "idle-timeout",
		.type = OPTION_DURATION,
		.offset = FIELD(idle_timeout_ms),
		.fallback = "75s",
		.min = MIN_TIMEOUT_MS,
		.max = 24 * HOUR_MS,
		.sentence = "how long a client's connection is kept between two requests; load balancers should give up sooner" },
	{ .name = "shutdown-delay",
		.type = OPTION_DURATION,
		.offset = FIELD(shutdown_delay_ms),
		.fallback = "10s",
		.min = 0,
		.max = HOUR_MS,
		.sentence = "after SIGTERM, how long new requests are still served while load balancers learn" },
	{ .name = "shutdown-timeout",
		.type = OPTION_DURATION,
		.offset = FIELD(shutdown_timeout_ms),
		.fallback = "325s",
		.min = 0,
		.max = 48 * HOUR_MS,
		.sentence = "after SIGTERM, how long what runs may go on; then it is broken off so that clients see it" },
	{ .name = "trusted-proxies",
		.type = OPTION_TEXT,
		.offset = FIELD(trusted_proxies_text),
		.fallback = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,fc00::/7,::1/128",
		.sentence = "peers whose X-Forwarded-* and Forwarded are believed: ranges, comma-separated" },
	{ .name = "allowed-origins",
		.type = OPTION_TEXT,
		.offset = FIELD(allowed_origins_text),
		.sentence =
			"web origins whose pages may call agents, comma-separated, or *; browsers of others get 403, and CORS is "
			"answered here; unset: both are the agent's matter" },
	{ .name = "allowed-hosts",
		.type = OPTION_TEXT,
		.offset = FIELD(allowed_hosts_text),
		.sentence = "host names by which clients call the gateway, comma-separated, without port for any; others get 421; "
			    "unset: any" },
	{ .name = "error-detail",
		.type = OPTION_CHOICE,
		.offset = FIELD(error_detail),
		.choices = ERROR_DETAILS,
		.fallback = "reason",
		.sentence = "what an error tells; full: the Agent's own message too, which may name images and nodes" },
	{ .name = "internal-key-file",
		.type = OPTION_TEXT,
		.offset = FIELD(internal_key_file),
		.sentence = "key of the agents' tokens (Secret krypton-internal); unset: hellos are refused" },
	{ .name = "gateway-service",
		.type = OPTION_TEXT,
		.offset = FIELD(gateway_service),
		.fallback = "krypton-gateway",
		.sentence = "our own Service: its other pods are told of each hello" },
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
	{ .env = "POD_NAMESPACE",
		.type = OPTION_TEXT,
		.offset = FIELD(pod_namespace),
		.fallback = "krypton-system",
		.sentence = "where our own Service is" },
};

static int check(struct gateway_options *options, struct err *err)
{
	if (address_ranges_parse(text_of(options->trusted_proxies_text), &options->trusted_proxies, err) < 0)
		return err_wrap(err, "--trusted-proxies=%s", options->trusted_proxies_text);
	if (origin_list_parse(options->allowed_origins_text, &options->allowed_origins, err) < 0)
		return err_wrap(err, "--allowed-origins=%s", options->allowed_origins_text);
	if (host_list_parse(options->allowed_hosts_text, &options->allowed_hosts, err) < 0)
		return err_wrap(err, "--allowed-hosts=%s", options->allowed_hosts_text);
	return 0;
}

enum options_result gateway_options_parse(int argc, char **argv, struct gateway_options *ret_options, struct err *err)
{
	struct gateway_options options = { 0 };
	enum options_result result = options_parse(OPTIONS, ARRAY_LEN(OPTIONS), &options, "gateway", daemon_version(),
		"the way in: wakes, queues and streams invocations of agents", argc, argv, err);

	if (result != OPTIONS_RUN)
		return result;
	if (check(&options, err) < 0)
		return OPTIONS_WRONG;
	*ret_options = options;
	return OPTIONS_RUN;
}

struct json_t *gateway_options_to_json(const struct gateway_options *options)
{
	return options_to_json(OPTIONS, ARRAY_LEN(OPTIONS), options);
}
