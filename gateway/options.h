/* SPDX-License-Identifier: Apache-2.0 */
/* options.h — the gateway's settings. */
#ifndef KRYPTON_GATEWAY_OPTIONS_H
#define KRYPTON_GATEWAY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/options.h"
#include "gateway/origin.h"
#include "krypton/internal_token.h"
#include "net/address.h"

enum error_detail { ERROR_DETAIL_REASON, ERROR_DETAIL_FULL };

struct gateway_options {
	const char *listen_address;
	const char *metrics_address;
	const char *health_address;
	int64_t max_buffer_per_agent;
	int64_t poll_interval_ms;
	int64_t default_startup_timeout_ms;
	int64_t max_queue_wait_ms;
	int64_t max_connections; /* 0: what the descriptors allow */
	int64_t max_held_bytes;
	int64_t max_request_head_bytes;
	int64_t max_request_body_bytes; /* 0: no cap */
	int64_t request_head_timeout_ms;
	int64_t request_body_timeout_ms;
	int64_t connect_timeout_ms;
	int64_t stream_idle_timeout_ms;
	int64_t idle_timeout_ms;
	int64_t shutdown_delay_ms;
	int64_t shutdown_timeout_ms;
	const char *trusted_proxies_text;
	const char *allowed_origins_text; /* NULL: Origin is the agent's matter */
	const char *allowed_hosts_text;   /* NULL: any */
	enum error_detail error_detail;
	const char *internal_key_file;
	const char *gateway_service;
	const char *pod_namespace; /* environment */
	const char *kubeconfig;
	enum log_level log_level;

	/* made of the above */
	struct address_ranges trusted_proxies;
	struct origin_list allowed_origins;
	struct host_list allowed_hosts;
};

/* Flags, --help, --version. On OPTIONS_WRONG err is the one line to print. */
enum options_result gateway_options_parse(int argc, char **argv, struct gateway_options *ret_options, struct err *err);
/* The effective settings for /configz; the caller owns the object. */
struct json_t *gateway_options_to_json(const struct gateway_options *options);

#endif
