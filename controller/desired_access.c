/* SPDX-License-Identifier: Apache-2.0 */
/* controller/desired_access.c — pure: the ServiceAccount, and the metadata by which all children are known as the agent's. */
#include "controller/desired_access.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "krypton/labels.h"

#define TOKEN_VOLUME "krypton-api-access"
#define TOKEN_PATH   "/var/run/secrets/kubernetes.io/serviceaccount" /* where client libraries look */
#define TOKEN_TTL_S  3607                                            /* what the API server's own automount asks for */

struct json_t *desired_labels(const struct agent *agent)
{
	json_t *labels = json_object();

	(void)json_object_set_new(labels, LABEL_MANAGED_BY, json_string(MANAGED_BY));
	(void)json_object_set_new(labels, LABEL_AGENT, json_string(agent->name));
	return labels;
}

struct json_t *desired_metadata(const struct agent *agent)
{
	json_t *metadata = json_object();

	json_put_text(metadata, "/name", agent->name);
	json_put_text(metadata, "/namespace", agent->name_space);
	json_put(metadata, "/labels", desired_labels(agent));
	json_put_text(metadata, "/ownerReferences/-/apiVersion", "krypton.ai/v1alpha1");
	json_put_text(metadata, "/ownerReferences/0/kind", KUBE_AGENTS.kind);
	json_put_text(metadata, "/ownerReferences/0/name", agent->name);
	json_put_text(metadata, "/ownerReferences/0/uid", agent->uid);
	json_put(metadata, "/ownerReferences/0/controller", json_true());
	json_put(metadata, "/ownerReferences/0/blockOwnerDeletion", json_true());
	return metadata;
}

const char *desired_access_named(const struct json_t *agent_object)
{
	const char *name = json_text_at(agent_object, "/spec/serviceAccountName");

	return name == NULL || name[0] == '\0' ? NULL : name;
}

struct json_t *desired_access_account(const struct agent *agent)
{
	json_t *account = json_object();

	json_put(account, "/metadata", desired_metadata(agent));
	json_put(account, "/automountServiceAccountToken", json_false());
	return account;
}

/* The three files that a pod with automount finds: token, ca.crt, namespace. */
static json_t *token_volume(void)
{
	json_t *volume = json_object();

	json_put_text(volume, "/name", TOKEN_VOLUME);
	json_put(volume, "/projected/defaultMode", json_integer(0644));
	json_put_text(volume, "/projected/sources/-/serviceAccountToken/path", "token");
	json_put(volume, "/projected/sources/0/serviceAccountToken/expirationSeconds", json_integer(TOKEN_TTL_S));
	json_put_text(volume, "/projected/sources/-/configMap/name", "kube-root-ca.crt");
	json_put_text(volume, "/projected/sources/1/configMap/items/-/key", "ca.crt");
	json_put_text(volume, "/projected/sources/1/configMap/items/0/path", "ca.crt");
	json_put_text(volume, "/projected/sources/-/downwardAPI/items/-/path", "namespace");
	json_put_text(volume, "/projected/sources/2/downwardAPI/items/0/fieldRef/apiVersion", "v1");
	json_put_text(volume, "/projected/sources/2/downwardAPI/items/0/fieldRef/fieldPath", "metadata.namespace");
	return volume;
}

void desired_access_mount_token(struct json_t *template, struct json_t *container)
{
	json_put(template, "/spec/volumes/-", token_volume());
	json_put_text(container, "/volumeMounts/-/name", TOKEN_VOLUME);
	json_put_text(container, "/volumeMounts/0/mountPath", TOKEN_PATH);
	json_put(container, "/volumeMounts/0/readOnly", json_true());
}
