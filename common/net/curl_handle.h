/* SPDX-License-Identifier: Apache-2.0 */
/* net/curl_handle.h — a libcurl handle made from what http_client.h says a request is. For http_client.c alone. */
#ifndef KRYPTON_NET_CURL_HANDLE_H
#define KRYPTON_NET_CURL_HANDLE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/err.h"
#include "net/http_client.h"
#include "net/pem_file.h"

struct curl_slist;

/* struct http_tls as libcurl takes it. Embedded; outlives the handles made with it. */
struct curl_tls {
	struct pem_file authorities, certificate, key;
	char *authorities_file; /* in place of authorities; NULL: none */
	char *server_name;
	bool is_insecure;
};

/* tls may be NULL. After a failure only fini is allowed. */
int curl_tls_init(struct curl_tls *tls, const struct http_tls *from, struct err *err) must_check;
void curl_tls_fini(struct curl_tls *tls);

/* Embedded; what libcurl borrows while the handle lives. */
struct curl_handle {
	void *easy; /* CURL */
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	char *body;
};

/* Everything of the request but its callbacks and the silence timeout. */
void curl_handle_init(struct curl_handle *handle, const struct curl_tls *tls, const struct http_request_options *options);
void curl_handle_fini(struct curl_handle *handle); /* no longer in a multi handle */

#endif
