/* SPDX-License-Identifier: Apache-2.0 */
/* sampling.h — what one pod's sidecar says of the work in it. */
#ifndef KRYPTON_SCALER_SAMPLING_H
#define KRYPTON_SCALER_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"

struct loop;
struct call;

/* One ready pod. Belongs to its target. */
struct sampling {
	struct loop *loop;
	char ip[ADDRESS_TEXT_BYTES];
	uint16_t port;
	bool is_known; /* the last question was answered */
	int64_t inflight;
	int64_t streams;
	int64_t last_activity_ms; /* wall clock */
	int64_t asked_ms;         /* monotonic; 0: never */
	int64_t answered_ms;
	struct call *call; /* under way */
};

struct sampling *sampling_new(struct loop *loop, const char *ip, uint16_t port);
void sampling_free(struct sampling **sampling);
/* Asks, unless a question is under way. */
void sampling_ask(struct sampling *sampling);
/* Busy pods want asking each time, idle ones every ten seconds: of new work the gateways tell. */
bool sampling_is_due(const struct sampling *sampling, int64_t now_ms);

#endif
