/* SPDX-License-Identifier: Apache-2.0 */
/* kube/resource.c — pure: the kinds we know by name, and their paths. What a kind's objects look like is not known here. */
#include "kube/resource.h"

const struct kube_resource KUBE_PODS = { "", "v1", "pods", "Pod", true };
const struct kube_resource KUBE_SERVICES = { "", "v1", "services", "Service", true };
const struct kube_resource KUBE_SERVICE_ACCOUNTS = { "", "v1", "serviceaccounts", "ServiceAccount", true };
const struct kube_resource KUBE_SECRETS = { "", "v1", "secrets", "Secret", true };
const struct kube_resource KUBE_EVENTS = { "", "v1", "events", "Event", true };
const struct kube_resource KUBE_DEPLOYMENTS = { "apps", "v1", "deployments", "Deployment", true };
const struct kube_resource KUBE_REPLICA_SETS = { "apps", "v1", "replicasets", "ReplicaSet", true };
const struct kube_resource KUBE_ENDPOINT_SLICES = { "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true };
const struct kube_resource KUBE_LEASES = { "coordination.k8s.io", "v1", "leases", "Lease", true };
const struct kube_resource KUBE_MUTATING_WEBHOOKS = { "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
	"MutatingWebhookConfiguration", false };
const struct kube_resource KUBE_VALIDATING_WEBHOOKS = { "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
	"ValidatingWebhookConfiguration", false };

static bool is_unreserved(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
		byte == '.' || byte == '_' || byte == '~';
}

int kube_percent_encode(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (is_unreserved(byte) ? buf_append(out, text, 1) == -1 : buf_format(out, "%%%02X", byte) == -1)
			return -1;
	}
	return 0;
}

static int segment_append(const char *segment, struct buf *out)
{
	return buf_append(out, "/", 1) == -1 || kube_percent_encode(segment, out) == -1 ? -1 : 0;
}

static int group_append(const struct kube_resource *resource, struct buf *out)
{
	if (resource->group[0] == '\0')
		return buf_format(out, "/api/%s", resource->version);
	return buf_format(out, "/apis/%s/%s", resource->group, resource->version);
}

int kube_resource_path(
	const struct kube_resource *resource, const char *name_space, const char *name, const char *subresource, struct buf *out)
{
	if (group_append(resource, out) == -1)
		return -1;
	if (name_space != NULL && resource->is_namespaced) {
		if (buf_append_terminated(out, "/namespaces") == -1 || segment_append(name_space, out) == -1)
			return -1;
	}
	if (segment_append(resource->plural, out) == -1)
		return -1;
	if (name != NULL && segment_append(name, out) == -1)
		return -1;
	if (subresource != NULL && segment_append(subresource, out) == -1)
		return -1;
	return 0;
}

int kube_resource_api_version(const struct kube_resource *resource, struct buf *out)
{
	if (resource->group[0] == '\0')
		return buf_append_terminated(out, resource->version);
	return buf_format(out, "%s/%s", resource->group, resource->version);
}

int kube_resource_full_name(const struct kube_resource *resource, struct buf *out)
{
	if (resource->group[0] == '\0')
		return buf_append_terminated(out, resource->plural);
	return buf_format(out, "%s.%s", resource->plural, resource->group);
}
