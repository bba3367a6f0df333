/* SPDX-License-Identifier: Apache-2.0 */
/* sidecar.h — krypton-proxy on one page: what there is, and how its rooms reach it. */
#ifndef KRYPTON_PROXY_SIDECAR_SIDECAR_H
#define KRYPTON_PROXY_SIDECAR_SIDECAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "net/listener.h"
#include "proxy-sidecar/gate.h"
#include "proxy-sidecar/hello.h"
#include "proxy-sidecar/metrics.h"
#include "proxy-sidecar/options.h"
#include "proxy-sidecar/readiness.h"
#include "proxy-sidecar/visit.h"

struct sidecar {
	struct loop *loop;
	const struct sidecar_options *options;
	struct metrics *metrics;
	struct upstream *agent;
	struct listener *listener;
	struct readiness *readiness;
	struct hello *hello;
	struct gate gate;
	int64_t answered[6];              /* requests since the last scrape, by the first digit of their status */
	struct visit waiting;             /* head of the ring of those that wait */
	struct loop_timer *waiting_timer; /* the earliest deadline among them */
	struct loop_timer *drain_timer;   /* the grace, then the bound */
	int64_t drain_bound_ms;           /* monotonic: what still runs then is cut */
	int64_t last_activity_ns;         /* wall clock */
	bool drain_has_ended;             /* whoever waited for it was told */
	bool is_stopping;                 /* SIGTERM came: the process ends with the drain */
	int rejected_unlogged;            /* since the last request.rejected line */
	int64_t rejected_logged_ms;
};

/* Listens and begins to look for the agent; NULL with an error naming the address. Borrows loop and options. */
struct sidecar *sidecar_new(struct loop *loop, const struct sidecar_options *options, struct err *err);
/* Whatever still runs is broken off visibly. */
void sidecar_free(struct sidecar **sidecar);
/* SIGTERM: drain, then loop_stop(). */
void sidecar_stop(struct sidecar *sidecar);
bool sidecar_is_mcp(const struct sidecar *sidecar);

#endif
