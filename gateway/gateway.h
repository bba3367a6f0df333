/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.h — the gateway on one page: what there is, and how its rooms reach it. */
#ifndef KRYPTON_GATEWAY_GATEWAY_H
#define KRYPTON_GATEWAY_GATEWAY_H

#include <stddef.h>

#include "base/err.h"
#include "gateway/metrics.h"
#include "gateway/options.h"
#include "gateway/routes.h"
#include "krypton/mounted_key.h"
#include "kube/cache.h"
#include "kube/client.h"
#include "net/listener.h"
#include "net/ops_pair.h"

struct load;
struct peers;

struct gateway {
	struct ops_common common; /* first: the common handlers of the ops servers look here */
	struct loop *loop;
	const struct gateway_options *options;
	struct metrics *metrics;
	struct kube_client *client;
	struct routes *routes;
	struct load *load;
	struct peers *peers;
	struct listener *listener;
	struct ops_pair ops;
	struct loop_timer *shutdown_timer; /* the delay */
	struct loop_timer *bound_timer;    /* what still runs then is broken off */
	bool is_stopping;                  /* the delay is over: ends with the last exchange */
	struct mounted_key key;            /* none: hellos are refused */
};

/* NULL with an error that names what is wrong: an address, the kubeconfig, the key file. Borrows loop and options. */
struct gateway *gateway_new(struct loop *loop, const struct gateway_options *options, struct err *err);
/* Whatever still runs is broken off visibly. */
void gateway_free(struct gateway **gateway);
/* SIGTERM: not ready at once, new requests for --shutdown-delay more, then loop_stop() when the last one has ended, or was broken
   off at --shutdown-timeout. */
void gateway_stop(struct gateway *gateway);
/* A request that never got as far as an agent's route is counted, and told at debug. reason: one of a fixed set: it is a label. */
void gateway_note_refused(struct gateway *gateway, const struct listener_refusal *refusal);

#endif
