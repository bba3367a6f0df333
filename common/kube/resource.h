/* SPDX-License-Identifier: Apache-2.0 */
/* kube/resource.h — pure: kinds of API objects and the paths where they live. */
#ifndef KRYPTON_KUBE_RESOURCE_H
#define KRYPTON_KUBE_RESOURCE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"

struct kube_resource {
	const char *group;   /* "" is core */
	const char *version; /* "v1" */
	const char *plural;  /* "deployments" */
	const char *kind;    /* "Deployment" */
	bool is_namespaced;
};

extern const struct kube_resource KUBE_PODS, KUBE_SERVICES, KUBE_SERVICE_ACCOUNTS, KUBE_SECRETS, KUBE_EVENTS, KUBE_DEPLOYMENTS,
	KUBE_REPLICA_SETS, KUBE_ENDPOINT_SLICES, KUBE_LEASES, KUBE_MUTATING_WEBHOOKS, KUBE_VALIDATING_WEBHOOKS;

/* Appends "/apis/apps/v1/namespaces/ns/deployments/name/status"; namespace, name, subresource may be NULL. Names are
 * percent-encoded. */
int kube_resource_path(const struct kube_resource *resource, const char *name_space, const char *name, const char *subresource,
	struct buf *out) must_check;
/* Appends text with all but unreserved characters (RFC 3986) as %XX: for path segments and query values. */
int kube_percent_encode(const char *text, struct buf *out) must_check;
/* "apps/v1" or "v1". */
int kube_resource_api_version(const struct kube_resource *resource, struct buf *out) must_check;
/* "agents.krypton.ai" or "pods", for messages. */
int kube_resource_full_name(const struct kube_resource *resource, struct buf *out) must_check;

#endif
