/* SPDX-License-Identifier: Apache-2.0 */
/* net/ops_answers.h — what every daemon's operations server answers: /healthz, /readyz, /metrics, /configz. */
#ifndef KRYPTON_NET_OPS_ANSWERS_H
#define KRYPTON_NET_OPS_ANSWERS_H

#include "net/health.h"

struct json_t;
struct metrics;
struct ops_request;

/* The server's arg points to one, or to a struct whose first member is one. What is NULL answers 404. */
struct ops_common {
	struct health *health;
	struct metrics *metrics;
	struct json_t *configuration;      /* for /configz; borrowed; secrets are masked already */
	void (*before_metrics)(void *arg); /* refresh gauges; gets the server's arg; NULL: nothing to do */
};

void ops_handle_healthz(void *arg, struct ops_request *request); /* 200 ok */
void ops_handle_readyz(void *arg, struct ops_request *request);  /* 200 or 503; ?verbose lists */
void ops_handle_metrics(void *arg, struct ops_request *request);
void ops_handle_configz(void *arg, struct ops_request *request);

#endif
