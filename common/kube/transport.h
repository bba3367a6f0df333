/* SPDX-License-Identifier: Apache-2.0 */
/* kube/transport.h — one HTTP exchange with the API server: its address, our credentials, and a second try after a 401. */
#ifndef KRYPTON_KUBE_TRANSPORT_H
#define KRYPTON_KUBE_TRANSPORT_H

#include "base/err.h"
#include "base/text.h"
#include "kube/client.h"

struct kube_transport;
struct kube_exchange;

/* What kube_client_get_counts() counts an exchange as. */
enum kube_traffic { KUBE_TRAFFIC_READ, KUBE_TRAFFIC_WATCH, KUBE_TRAFFIC_WRITE, KUBE_TRAFFIC_LEASE_WRITE };

struct kube_exchange_options {
	enum kube_traffic traffic;
	const char *method;
	const char *target;       /* path and query; copied, as all text here */
	const char *accept;       /* a whole header line; NULL: "Accept: application/json" */
	const char *content_type; /* a whole header line; NULL: no body */
	struct text body;
	const char *what;           /* "cannot patch agents.krypton.ai default/hello": begins every error */
	int64_t timeout_ms;         /* 0: none */
	int64_t silence_timeout_ms; /* 0: none */
	size_t max_body_bytes;
	void *arg;
	void (*on_open)(void *arg);                     /* a stream's 2xx head is here; NULL: not wanted */
	void (*on_bytes)(void *arg, struct text bytes); /* of a 2xx body as they come; NULL: it is collected */
	/* Once, the last call: the body of a 2xx (empty where on_bytes took it), or why there is none. Borrowed. */
	void (*on_done)(void *arg, struct text body, const struct err *err);
};

/* Borrows loop. */
struct kube_transport *kube_transport_new(
	struct loop *loop, const struct kube_config *config, const char *user_agent, struct err *err);
void kube_transport_free(struct kube_transport **transport); /* all its exchanges must have ended or been cancelled */
struct kube_client_counts *kube_transport_counts(struct kube_transport *transport);
struct loop *kube_transport_loop(struct kube_transport *transport);

/* Never calls back before it returns. Never NULL. */
struct kube_exchange *kube_exchange_start(struct kube_transport *transport, const struct kube_exchange_options *options);
/* Calls nobody any more; allowed from on_bytes, not needed after on_done. NULL is fine. */
void kube_exchange_cancel(struct kube_exchange **exchange);

/* The transport of a client, for lists and watches. */
struct kube_transport *kube_client_transport(struct kube_client *client);
/* A full list is through: what it took of memory is given back once nothing more of the kind has come for 2 s. */
void kube_client_listed(struct kube_client *client);

#endif
