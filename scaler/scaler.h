/* SPDX-License-Identifier: Apache-2.0 */
/* scaler.h — the scaler on one page: what there is, and how its rooms reach it. */
#ifndef KRYPTON_SCALER_SCALER_H
#define KRYPTON_SCALER_SCALER_H

#include <stdbool.h>

#include "base/err.h"
#include "krypton/mounted_key.h"
#include "krypton/roster.h"
#include "kube/client.h"
#include "kube/lease.h"
#include "net/ops_pair.h"
#include "scaler/metrics.h"
#include "scaler/options.h"

struct gateways;
struct kube_recorder;
struct map;

struct scaler {
	struct ops_common common; /* first: the common handlers of the ops servers look here */
	struct loop *loop;
	const struct scaler_options *options;
	struct metrics *metrics;
	struct kube_client *client;
	struct roster *roster;
	struct gateways *gateways;
	struct kube_recorder *recorder; /* Events on Agents */
	struct map *targets;            /* of struct target, by "namespace/name" */
	struct loop_timer *tick;
	struct kube_lease *lease; /* NULL without --leader-elect */
	int writing;              /* writes under way that are not urgent */
	bool decides;             /* the Lease is ours, or there is none to hold */
	struct mounted_key key;   /* none: pods are not retired */
	struct ops_pair ops;
};

/* NULL with an error that names what is wrong: an address, the kubeconfig, the key file. Borrows loop and options. */
struct scaler *scaler_new(struct loop *loop, const struct scaler_options *options, struct err *err);
void scaler_free(struct scaler **scaler);
/* SIGTERM: gives the Lease up, then loop_stop(). */
void scaler_stop(struct scaler *scaler);

#endif
