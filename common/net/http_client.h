/* SPDX-License-Identifier: Apache-2.0 */
/* net/http_client.h — HTTP requests by URL over libcurl's multi interface on our loop: for the API server and MCP agents. */
#ifndef KRYPTON_NET_HTTP_CLIENT_H
#define KRYPTON_NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/text.h"

struct loop;
struct http_client;
struct http_request;

/* TLS material as PEM text; all may be NULL. Inline data reaches libcurl by memfd, never by a file. */
struct http_tls {
	const char *ca_pem; /* NULL: the system's authorities */
	const char
		*ca_file; /* where ca_pem was read; read again at each connection, so that a rotated authority holds. NULL: none */
	const char *certificate_pem;
	const char *key_pem;
	const char *server_name; /* overrides the name checked */
	bool insecure;           /* insecure-skip-tls-verify of a kubeconfig */
};

/* Keeps connections between requests (but a POST dials, so that nothing sends it twice); HTTP/1.1; no proxies, no redirects.
   tls is copied; NULL: defaults. NULL with an error where a PEM is unusable. */
struct http_client *http_client_new(struct loop *loop, const struct http_tls *tls, struct err *err);
void http_client_free(struct http_client **client); /* running requests are cancelled without a call */

struct http_answer {
	int status;             /* 0: none came whole, err says why; of a stream that broke off: its own */
	struct text body;       /* empty where on_bytes took it */
	const struct err *err;  /* transport failure: ERR_RETRY, ERR_TIMEOUT, ERR_LIMIT; NULL where an answer came whole */
	int64_t retry_after_ms; /* Retry-After in seconds; 0: none */
};

struct http_request_options {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value" lines, NULL-terminated; NULL: none. A bearer token is never in argv or logs. */
	struct text body;           /* copied */
	int64_t connect_timeout_ms; /* 0: 10 s */
	int64_t timeout_ms;         /* whole exchange; 0: none (streams) */
	int64_t silence_timeout_ms; /* no byte for this long ends it with ERR_TIMEOUT; 0: none */
	size_t max_body_bytes;      /* of a collected answer; past it ERR_LIMIT; 0: 64 KiB */
	void *arg;
	void (*on_open)(void *arg); /* streaming: a 2xx head is here, bytes may be long in coming; NULL: not wanted */
	/* Streaming: bytes of a 2xx body as they come. NULL: the body is collected. Other statuses are always collected. Like
	   on_open it may send, cancel, and free the client. */
	void (*on_bytes)(void *arg, struct text bytes);
	void (*on_done)(void *arg, const struct http_answer *answer); /* once, from the loop; the request is gone after it */
};

/* Never calls back before it returns. Never NULL. */
struct http_request *http_client_send(struct http_client *client, const struct http_request_options *options);
/* on_done is not called any more; sets *request = NULL; NULL is fine; allowed from its own on_bytes. */
void http_request_cancel(struct http_request **request);

#endif
