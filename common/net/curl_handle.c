/* SPDX-License-Identifier: Apache-2.0 */
/* A libcurl handle made from what http_client.h says a request is: every option we set, and why. */
#include "net/curl_handle.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/mem.h"

#define CONNECT_TIMEOUT_MS 10000

static bool has_header(const char *const *headers, const char *name)
{
	size_t len = strlen(name);

	for (; headers != NULL && *headers != NULL; headers++) {
		if (strncasecmp(*headers, name, len) == 0 && (*headers)[len] == ':')
			return true;
	}
	return false;
}

static void add_header(struct curl_handle *handle, const char *line)
{
	handle->headers = curl_slist_append(handle->headers, line);
	BUG_ON(handle->headers == NULL);
}

static void set_headers(struct curl_handle *handle, const char *const *headers)
{
	for (const char *const *line = headers; line != NULL && *line != NULL; line++)
		add_header(handle, *line);
	add_header(handle, "Expect:"); /* no pause for a 100 before a large body: both ends are ours or the API server */
	if (!has_header(headers, "Content-Type"))
		add_header(handle, "Content-Type:");
	(void)curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, handle->headers);
}

static void set_method(struct curl_handle *handle, const struct http_request_options *options)
{
	CURL *easy = handle->easy;

	if (strcmp(options->method, "HEAD") == 0)
		(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, options->method);
	if (options->body.len > 0 || strcmp(options->method, "POST") == 0) {
		handle->body = mem_copy_bytes(options->body.at, options->body.len);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)options->body.len);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, handle->body);
	}
	/* libcurl repeats a request on a fresh connection where a kept one turns out to be closed. What may have been acted upon
	   is not sent twice: a POST has its own connection. */
	if (strcmp(options->method, "POST") == 0)
		(void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_tls(struct curl_handle *handle, const struct curl_tls *tls)
{
	CURL *easy = handle->easy;

	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (tls->authorities.fd != -1) {
		(void)curl_easy_setopt(
			easy, CURLOPT_CAINFO, tls->authorities_file != NULL ? tls->authorities_file : tls->authorities.path);
		(void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* newer ones keep them for a day */
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);         /* these and no others */
	}
	if (tls->certificate.fd != -1) {
		(void)curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->certificate.path);
		(void)curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key.path);
	}
	if (tls->is_insecure) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

/* libcurl checks the certificate against the URL's host. Another name is checked by putting it there and saying where to connect
   and what Host to send instead. -1: the URL is none. */
static int set_url_by_name(struct curl_handle *handle, const char *url, const char *server_name)
{
	CURLU *parts = curl_url();
	char *host = NULL, *port = NULL, *named = NULL;
	bool is_done = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		curl_url_set(parts, CURLUPART_HOST, server_name, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_URL, &named, 0) == CURLUE_OK;

	if (is_done) {
		char line[512];

		(void)snprintf(line, sizeof(line), "::%s:%s", host, port);
		handle->connect_to = curl_slist_append(NULL, line);
		(void)snprintf(line, sizeof(line), "Host: %s:%s", host, port);
		add_header(handle, line);
		(void)curl_easy_setopt(handle->easy, CURLOPT_CONNECT_TO, handle->connect_to);
		(void)curl_easy_setopt(handle->easy, CURLOPT_URL, named);
	}
	curl_free(host);
	curl_free(port);
	curl_free(named);
	curl_url_cleanup(parts);
	return is_done ? 0 : -1;
}

static void set_url(struct curl_handle *handle, const char *url, const char *server_name)
{
	if (server_name == NULL || set_url_by_name(handle, url, server_name) == -1)
		(void)curl_easy_setopt(handle->easy, CURLOPT_URL, url); /* no URL: libcurl says so as the request's failure */
	(void)curl_easy_setopt(handle->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* Whatever HTTPS_PROXY says: it is meant for the way out of the cluster, while the API server and agents are inside, and a
	   proxy would be handed our bearer token. */
	(void)curl_easy_setopt(handle->easy, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(handle->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

static void set_limits(struct curl_handle *handle, const struct http_request_options *options)
{
	long connect_ms = (long)(options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS);

	(void)curl_easy_setopt(handle->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(handle->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	(void)curl_easy_setopt(handle->easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	(void)curl_easy_setopt(handle->easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

int curl_tls_init(struct curl_tls *tls, const struct http_tls *from, struct err *err)
{
	*tls = (struct curl_tls){ .authorities.fd = -1, .certificate.fd = -1, .key.fd = -1 };
	if (from == NULL)
		return 0;
	tls->is_insecure = from->insecure;
	tls->server_name = mem_copy_text(from->server_name);
	tls->authorities_file = mem_copy_text(from->ca_file);
	if ((from->certificate_pem == NULL) != (from->key_pem == NULL))
		return err_set(err, ERR_INVALID, "a client certificate needs its key, and a key its certificate");
	if (from->ca_pem != NULL && pem_check_authorities(from->ca_pem, err) < 0)
		return -1;
	if (from->certificate_pem != NULL && pem_check_pair(from->certificate_pem, from->key_pem, err) < 0)
		return -1;
	if (pem_file_init(&tls->authorities, from->ca_pem, err) < 0 ||
		pem_file_init(&tls->certificate, from->certificate_pem, err) < 0)
		return -1;
	return pem_file_init(&tls->key, from->key_pem, err);
}

void curl_tls_fini(struct curl_tls *tls)
{
	pem_file_fini(&tls->authorities);
	pem_file_fini(&tls->certificate);
	pem_file_fini(&tls->key);
	mem_release_text(&tls->server_name);
	mem_release_text(&tls->authorities_file);
}

void curl_handle_init(struct curl_handle *handle, const struct curl_tls *tls, const struct http_request_options *options)
{
	*handle = (struct curl_handle){ .easy = curl_easy_init() };
	BUG_ON(handle->easy == NULL);
	set_method(handle, options);
	set_url(handle, options->url, tls->server_name);
	set_headers(handle, options->headers);
	set_tls(handle, tls);
	set_limits(handle, options);
}

void curl_handle_fini(struct curl_handle *handle)
{
	curl_easy_cleanup(handle->easy);
	curl_slist_free_all(handle->headers);
	curl_slist_free_all(handle->connect_to);
	mem_release(handle->body);
	*handle = (struct curl_handle){ .easy = NULL };
}
