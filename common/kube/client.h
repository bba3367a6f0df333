/* SPDX-License-Identifier: Apache-2.0 */
/* kube/client.h — requests to the API server: get, apply, patch, create, delete; lists and watches have rooms of their own. */
#ifndef KRYPTON_KUBE_CLIENT_H
#define KRYPTON_KUBE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/config.h"
#include "kube/resource.h"

struct loop;
struct json_t;
struct kube_client;
struct kube_call;

/* Borrows loop; copies what it needs of config. The error names an unusable certificate. */
struct kube_client *kube_client_new(struct loop *loop, const struct kube_config *config, const char *user_agent, struct err *err);
/* The same for the API server of kube_config_load(kubeconfig). */
struct kube_client *kube_client_connect(struct loop *loop, const char *kubeconfig, const char *user_agent, struct err *err);
void kube_client_free(struct kube_client **client); /* calls running are cancelled without a call back */

/* Requests by kind and answers by status, for metrics and tests that count writes. */
struct kube_client_counts {
	uint64_t reads;  /* GET, without watches */
	uint64_t writes; /* everything else, Leases not counted */
	uint64_t lease_writes;
	uint64_t conflicts; /* 409 */
	uint64_t failures;  /* transport errors and 5xx */
};
const struct kube_client_counts *kube_client_get_counts(const struct kube_client *client);

/* Called once, from the loop. object: what the API server answered, borrowed; NULL where it failed, and err says why:
   "cannot patch agents.krypton.ai/status default/hello: 403: …"; code by what to do: 404 ERR_NOT_FOUND, 409 ERR_CONFLICT,
   410 ERR_GONE, 401/403 ERR_FORBIDDEN, 400/422 and the 500s that say "failed to create typed patch object" or "failed to convert
   new object" ERR_INVALID, no answer in time ERR_TIMEOUT, 429, other 5xx and other trouble on the way ERR_RETRY (retry_after_ms
   where told). */
typedef void kube_on_answer(void *arg, const struct json_t *object, const struct err *err);

/* What a call is about, and how long it may take. Texts are copied. */
struct kube_target {
	const struct kube_resource *resource;
	const char *name_space; /* NULL for cluster-scoped */
	const char *name;
	const char *subresource; /* "status"; NULL: none */
	int64_t deadline_ms;     /* 0: KUBE_DEADLINE_MS */
};

#define KUBE_DEADLINE_MS        15000
#define KUBE_URGENT_DEADLINE_MS 5000 /* somebody waits, or may soon: a lost answer is not waited for as long as others */

/* Each returns a handle for kube_call_cancel(); the owner forgets it in on_answer. Never call back before they return. */
struct kube_call *kube_get(struct kube_client *client, const struct kube_target *target, kube_on_answer *on_answer, void *arg);
/* Server-side apply of the object (apiVersion, kind, metadata.name are filled in), with force where asked. */
struct kube_call *kube_apply(struct kube_client *client, const struct kube_target *target, const struct json_t *object,
	const char *field_manager, bool force, kube_on_answer *on_answer, void *arg);
/* JSON merge patch (RFC 7386). Put metadata.resourceVersion into it to be refused (409) where somebody was faster. */
struct kube_call *kube_merge_patch(struct kube_client *client, const struct kube_target *target, const struct json_t *patch,
	const char *field_manager, kube_on_answer *on_answer, void *arg);
struct kube_call *kube_create(struct kube_client *client, const struct kube_target *target, const struct json_t *object,
	const char *field_manager, kube_on_answer *on_answer, void *arg); /* name may be NULL (generateName) */
/* Replaces; object carries metadata.resourceVersion. */
struct kube_call *kube_update(struct kube_client *client, const struct kube_target *target, const struct json_t *object,
	const char *field_manager, kube_on_answer *on_answer, void *arg);
/* uid: only that very object (precondition); NULL: whichever has the name. propagation "Background" or "Foreground". */
struct kube_call *kube_delete(struct kube_client *client, const struct kube_target *target, const char *uid,
	const char *propagation, kube_on_answer *on_answer, void *arg);
void kube_call_cancel(struct kube_call **call); /* NULL is fine */

#endif
