/* SPDX-License-Identifier: Apache-2.0 */
/* options.h — krypton-proxy's settings: environment variables, since the controller writes the pod. */
#ifndef KRYPTON_PROXY_SIDECAR_OPTIONS_H
#define KRYPTON_PROXY_SIDECAR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/options.h"
#include "net/address.h"

enum sidecar_protocol { SIDECAR_PROTOCOL_A2A, SIDECAR_PROTOCOL_MCP, SIDECAR_PROTOCOL_HTTP };

struct sidecar_options {
	const char *agent_name;
	const char *agent_namespace;
	const char *listen_address;
	const char *upstream_url;
	int64_t concurrency;
	int mode; /* informational */
	enum sidecar_protocol protocol;
	int64_t idle_timeout_ms; /* informational */
	int64_t shutdown_timeout_ms;
	int64_t request_head_timeout_ms;
	int64_t request_body_timeout_ms;
	int64_t connect_timeout_ms;
	int64_t stream_idle_timeout_ms;
	int64_t keep_alive_timeout_ms;
	int64_t max_connections; /* 0: what the descriptors allow */
	int64_t max_request_head_bytes;
	int64_t max_request_body_bytes; /* 0: no cap */
	const char *token;              /* NULL: drain, retire and hello are closed */
	const char *gateway_url;        /* NULL: no hello */
	const char *readiness_path;     /* NULL: accepting connections is being ready */
	enum log_level log_level;

	/* made of the above */
	struct address upstream; /* 127.0.0.1:port */
	struct address gateway;
	bool has_gateway;
	uint16_t port; /* the agent's */
};

/* Environment and --help, --version. On OPTIONS_WRONG err is the one line to print. */
enum options_result sidecar_options_parse(int argc, char **argv, struct sidecar_options *ret_options, struct err *err);

#endif
