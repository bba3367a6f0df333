/* SPDX-License-Identifier: Apache-2.0 */
/* gateways.h — who waits at the gateways: a long poll to each of their pods. */
#ifndef KRYPTON_SCALER_GATEWAYS_H
#define KRYPTON_SCALER_GATEWAYS_H

#include <stdint.h>

#include "base/err.h"
#include "kube/client.h"

struct loop;
struct gateways;

struct gateways_options {
	const char *name_space; /* of the Service; both kept by pointer */
	const char *service;
	void *arg;
	/* Somebody waits for that Agent ("namespace/name"): worth deciding now. */
	void (*on_waiting)(void *arg, const char *key);
	void (*on_state)(void *arg, const char *resource, const struct err *err);
};

/* Follows the Service's EndpointSlices from now on. */
struct gateways *gateways_new(struct loop *loop, struct kube_client *client, const struct gateways_options *options);
void gateways_free(struct gateways **gateways);
/* Requests that wait for that Agent at all gateways, as last told. */
int64_t gateways_waiting(const struct gateways *gateways, const char *key);
/* Gateways that have not answered yet or failed to: what waits there is not known. Not 0 before their list was read. */
int gateways_unknown(const struct gateways *gateways);

#endif
