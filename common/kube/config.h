/* SPDX-License-Identifier: Apache-2.0 */
/* kube/config.h — where the API server is and how we prove who we are: in-cluster, or a kubeconfig. */
#ifndef KRYPTON_KUBE_CONFIG_H
#define KRYPTON_KUBE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* All text is owned by it and may be NULL where absent. */
struct kube_config {
	char *server; /* "https://10.96.0.1:443", no slash at the end */
	char *ca_pem;
	char *ca_file;         /* of a pod's service account: it changes when the cluster's authority does */
	char *certificate_pem; /* client certificate, with key_pem */
	char *key_pem;
	char *token;             /* static bearer token */
	char *token_file;        /* read again when it changes (projected tokens rotate); wins over token */
	char *server_name;       /* tls-server-name */
	char *default_namespace; /* of the context, or the pod's */
	bool insecure;           /* insecure-skip-tls-verify */
};

/* path: a kubeconfig, or NULL: $KUBECONFIG, else the pod's service account, else ~/.kube/config.
   The error names the file (and the context or field) that is missing or wrong. exec and auth-provider users are refused by name.
 */
struct kube_config *kube_config_load(const char *path, struct err *err);
/* Pure but for files that the document names: one kubeconfig document. */
struct kube_config *kube_config_parse(const char *text, size_t len, const char *origin, struct err *err);
void kube_config_free(struct kube_config **config);

#endif
