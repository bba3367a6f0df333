/* SPDX-License-Identifier: Apache-2.0 */
/* options.h — the scaler's settings. */
#ifndef KRYPTON_SCALER_OPTIONS_H
#define KRYPTON_SCALER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/options.h"

struct scaler_options {
	const char *metrics_address;
	const char *health_address;
	int64_t interval_ms;
	int64_t stable_window_ms;
	int64_t sidecar_port;
	const char *gateway_service;
	const char *internal_key_file; /* NULL: none */
	bool leader_elect;
	const char *kubeconfig;
	enum log_level log_level;
	const char *pod_name; /* environment */
	const char *pod_namespace;
};

/* Flags, --help, --version. On OPTIONS_WRONG err is the one line to print. */
enum options_result scaler_options_parse(int argc, char **argv, struct scaler_options *ret_options, struct err *err);
/* The effective settings for /configz; the caller owns the object. */
struct json_t *scaler_options_to_json(const struct scaler_options *options);

#endif
