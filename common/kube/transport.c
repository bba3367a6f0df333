/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/transport.c — exchanges with the API server over net/http_client. Knows
 * credentials and the error texts of the API server, not what is asked for.
 */
#include "kube/transport.h"

#include <string.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/status_error.h"
#include "kube/token.h"
#include "net/http_client.h"

#define CONNECT_TIMEOUT_MS 5000
#define MAX_HEADER_BYTES   (20 * 1024) /* a token has at most 16 KiB */
#define MAX_URL_BYTES      (16 * 1024)
#define MAX_HEADERS        5

struct kube_transport {
	struct loop *loop;
	struct http_client *http;
	struct kube_token *token;
	char *server;
	char *user_agent; /* the whole header line */
	struct kube_client_counts counts;
};

/* Owned by whoever started it, until on_done. */
struct kube_exchange {
	struct kube_transport *transport;
	struct kube_exchange_options options; /* its texts are the copies below */
	char *target, *accept, *content_type, *what;
	char *body;
	struct http_request *request; /* NULL while a failure waits to be told */
	struct loop_timer *failing;
	struct err failure;
	bool is_second_try;
};

struct kube_transport *kube_transport_new(
	struct loop *loop, const struct kube_config *config, const char *user_agent, struct err *err)
{
	const struct http_tls tls = {
		.ca_pem = config->ca_pem,
		.ca_file = config->ca_file,
		.certificate_pem = config->certificate_pem,
		.key_pem = config->key_pem,
		.server_name = config->server_name,
		.insecure = config->insecure,
	};
	struct http_client *http = http_client_new(loop, &tls, err);
	struct kube_transport *transport;
	scoped_buf line;

	buf_init(&line, 256);
	if (http == NULL) {
		err_wrap(err, "credentials for %s", config->server);
		return NULL;
	}
	if (buf_format(&line, "User-Agent: %.200s", user_agent) == -1)
		buf_clear(&line);
	transport = mem_alloc(sizeof(*transport));
	transport->loop = loop;
	transport->http = http;
	transport->token = kube_token_new(config->token, config->token_file);
	transport->server = mem_copy_text(config->server);
	transport->user_agent = mem_copy_text(buf_terminated(&line));
	return transport;
}

void kube_transport_free(struct kube_transport **transport)
{
	if (*transport == NULL)
		return;
	http_client_free(&(*transport)->http);
	kube_token_free(&(*transport)->token);
	mem_release((*transport)->server);
	mem_release((*transport)->user_agent);
	mem_release(*transport);
	*transport = NULL;
}

struct kube_client_counts *kube_transport_counts(struct kube_transport *transport)
{
	return &transport->counts;
}

struct loop *kube_transport_loop(struct kube_transport *transport)
{
	return transport->loop;
}

static void exchange_free(struct kube_exchange *exchange)
{
	loop_timer_free(&exchange->failing);
	mem_release(exchange->target);
	mem_release(exchange->accept);
	mem_release(exchange->content_type);
	mem_release(exchange->what);
	mem_release(exchange->body);
	mem_release(exchange);
}

static void count_start(struct kube_exchange *exchange)
{
	struct kube_client_counts *counts = &exchange->transport->counts;

	switch (exchange->options.traffic) {
	case KUBE_TRAFFIC_READ: counts->reads++; break;
	case KUBE_TRAFFIC_WATCH: break;
	case KUBE_TRAFFIC_WRITE: counts->writes++; break;
	case KUBE_TRAFFIC_LEASE_WRITE: counts->lease_writes++; break;
	}
}

static void count_end(struct kube_exchange *exchange, int status)
{
	struct kube_client_counts *counts = &exchange->transport->counts;

	if (status == 409)
		counts->conflicts++;
	if (status == 0 || status >= 500)
		counts->failures++;
}

/* Ends the exchange; it is gone afterwards. */
static void exchange_end(struct kube_exchange *exchange, struct text body, const struct err *err)
{
	exchange->options.on_done(exchange->options.arg, body, err);
	exchange_free(exchange);
}

static void on_failing_due(void *arg)
{
	struct kube_exchange *exchange = arg;

	exchange_end(exchange, (struct text){ 0 }, &exchange->failure);
}

static void on_http_open(void *arg)
{
	struct kube_exchange *exchange = arg;

	if (exchange->options.on_open != NULL)
		exchange->options.on_open(exchange->options.arg);
}

static void on_http_bytes(void *arg, struct text bytes)
{
	struct kube_exchange *exchange = arg;

	exchange->options.on_bytes(exchange->options.arg, bytes);
}

static void exchange_send(struct kube_exchange *exchange);

static void on_http_done(void *arg, const struct http_answer *answer)
{
	struct kube_exchange *exchange = arg;
	struct err err = { 0 };

	exchange->request = NULL;
	count_end(exchange, answer->status);
	if (answer->status == 401 && !exchange->is_second_try && kube_token_refused(exchange->transport->token)) {
		exchange->is_second_try = true;
		exchange_send(exchange);
		return;
	}
	if (answer->status >= 200 && answer->status < 300 && answer->err == NULL) {
		exchange_end(exchange, answer->body, NULL);
		return;
	}
	if (answer->err != NULL) {
		err = *answer->err;
		err_wrap(&err, "%s", exchange->what);
	} else {
		kube_status_error(exchange->what, answer->status, answer->body, answer->retry_after_ms, &err);
	}
	exchange_end(exchange, (struct text){ 0 }, &err);
}

/* The header lines of one request; authorization holds the one with the token. */
static int headers_make(
	struct kube_exchange *exchange, const char *headers[MAX_HEADERS], struct buf *authorization, struct err *err)
{
	struct kube_transport *transport = exchange->transport;
	const char *token = NULL;
	size_t count = 0;

	if (kube_token_get(transport->token, loop_now_ms(transport->loop), &token, err) == -1)
		return -1;
	if (token != NULL && buf_format(authorization, "Authorization: Bearer %s", token) == -1)
		return err_set(err, ERR_LIMIT, "the token is longer than 16 KiB");
	if (token != NULL)
		headers[count++] = buf_terminated(authorization);
	if (transport->user_agent[0] != '\0')
		headers[count++] = transport->user_agent;
	headers[count++] = exchange->accept;
	if (exchange->content_type != NULL)
		headers[count++] = exchange->content_type;
	headers[count] = NULL;
	return 0;
}

static void exchange_fail_soon(struct kube_exchange *exchange)
{
	err_wrap(&exchange->failure, "%s", exchange->what);
	exchange->failing = loop_timer_new(exchange->transport->loop, on_failing_due, exchange);
	loop_timer_set(exchange->failing, 0);
}

static void exchange_send(struct kube_exchange *exchange)
{
	const struct kube_exchange_options *wanted = &exchange->options;
	const char *headers[MAX_HEADERS];
	scoped_buf url, authorization;

	buf_init(&url, MAX_URL_BYTES);
	buf_init(&authorization, MAX_HEADER_BYTES);
	if (headers_make(exchange, headers, &authorization, &exchange->failure) == -1) {
		exchange_fail_soon(exchange);
		return;
	}
	if (buf_format(&url, "%s%s", exchange->transport->server, exchange->target) == -1) {
		err_set(&exchange->failure, ERR_INVALID, "the URL is longer than %d bytes", MAX_URL_BYTES);
		exchange_fail_soon(exchange);
		return;
	}
	count_start(exchange);
	exchange->request = http_client_send(exchange->transport->http,
		&(struct http_request_options){
			.method = wanted->method,
			.url = buf_terminated(&url),
			.headers = headers,
			.body = wanted->body,
			.connect_timeout_ms = CONNECT_TIMEOUT_MS,
			.timeout_ms = wanted->timeout_ms,
			.silence_timeout_ms = wanted->silence_timeout_ms,
			.max_body_bytes = wanted->max_body_bytes,
			.arg = exchange,
			.on_open = wanted->on_open == NULL ? NULL : on_http_open,
			.on_bytes = wanted->on_bytes == NULL ? NULL : on_http_bytes,
			.on_done = on_http_done,
		});
	if (authorization.block != NULL)
		explicit_bzero(authorization.block, authorization.size);
}

struct kube_exchange *kube_exchange_start(struct kube_transport *transport, const struct kube_exchange_options *options)
{
	struct kube_exchange *exchange = mem_alloc(sizeof(*exchange));

	exchange->transport = transport;
	exchange->options = *options;
	exchange->target = mem_copy_text(options->target);
	exchange->accept = mem_copy_text(options->accept == NULL ? "Accept: application/json" : options->accept);
	exchange->content_type = mem_copy_text(options->content_type);
	exchange->what = mem_copy_text(options->what);
	if (options->body.len > 0) {
		exchange->body = mem_copy_bytes(options->body.at, options->body.len);
		exchange->options.body.at = exchange->body;
	}
	exchange_send(exchange);
	return exchange;
}

void kube_exchange_cancel(struct kube_exchange **exchange)
{
	if (*exchange == NULL)
		return;
	http_request_cancel(&(*exchange)->request);
	exchange_free(*exchange);
	*exchange = NULL;
}
