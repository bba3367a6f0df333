/* SPDX-License-Identifier: Apache-2.0 */
/* kube/lease.h — leader election: at most one holder per name (coordination.k8s.io/v1 Lease). */
#ifndef KRYPTON_KUBE_LEASE_H
#define KRYPTON_KUBE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/client.h"

struct kube_lease;

struct kube_lease_options {
	const char *name_space; /* copied, as all text here */
	const char *name;
	const char *identity; /* the pod's name */
	int64_t ttl_ms;       /* others may take over this long after our last renewal; 0: 12 s */
	int64_t renew_ms;     /* 0: a third of ttl */
	void (*on_change)(
		void *arg, bool held); /* from the loop; must not free the lease. Lost: before anybody else may hold it. */
	void (*on_trouble)(void *arg, const struct err *err); /* NULL err: well again; may be NULL */
	void *arg;                                            /* passed back untouched */
};

/* Borrows loop and client, which must outlive the lease. Never NULL. */
struct kube_lease *kube_lease_new(struct loop *loop, struct kube_client *client, const struct kube_lease_options *options);
void kube_lease_start(struct kube_lease *lease); /* idempotent */
bool kube_lease_is_held(const struct kube_lease *lease);
/* Gives it up so that another may take over at once: not held from here on, without an on_change; on_released comes after the API
 * server knows, or after 2 s. */
void kube_lease_release(struct kube_lease *lease, void (*on_released)(void *arg), void *arg);
void kube_lease_free(struct kube_lease **lease); /* stops, frees, sets *lease = NULL; NULL is fine */

#endif
