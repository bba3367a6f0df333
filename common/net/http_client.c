/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests by URL, many at once, libcurl's multi interface on our loop. For control traffic (API server, MCP agents): the
   data path has an engine of its own. HTTP/1.1 alone: a watch holds a connection of its own, and no other request waits on its
   flow control.

   libcurl may not be re-entered from its own callbacks, and ours are called from there (on_bytes). What a callback asks for is
   therefore marked on the request and done when libcurl has returned: see client_settle(). */
#include "net/http_client.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/curl_handle.h"

#define COLLECT_DEFAULT_BYTES (64 * 1024)
#define HEADERS_MAX_BYTES     (64 * 1024)
#define RETRY_AFTER_MAX_S     (24 * 60 * 60)
#define IDLE_CONNECTIONS      32L
#define URL_SHOWN             160 /* characters of a URL in an error */

/* WAITING: libcurl has yet to be given it. RUNNING: with libcurl. DOOMED: to be freed, calls nobody. ENDING: in on_done. */
enum request_state { REQUEST_WAITING, REQUEST_RUNNING, REQUEST_DOOMED, REQUEST_ENDING };

/* Owned by its client until on_done, then by the call of it. */
struct http_request {
	LIST_ENTRY(http_request) link;
	struct http_client *client;
	enum request_state state;
	struct curl_handle handle;
	char *label;                     /* "GET https://…": begins every error */
	char curl_text[CURL_ERROR_SIZE]; /* libcurl's own words */
	struct loop_timer *silence;      /* NULL: any silence is fine */
	int64_t silence_timeout_ms;
	int64_t timeout_ms;
	size_t header_bytes;
	struct buf collected;
	struct err err; /* set where we ended it ourselves */
	void *arg;
	bool is_open; /* on_open has been called */
	void (*on_open)(void *arg);
	void (*on_bytes)(void *arg, struct text bytes);
	void (*on_done)(void *arg, const struct http_answer *answer);
};

/* Owned by whoever made it. */
struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer; /* libcurl's */
	LIST_HEAD(, http_request) requests;
	struct curl_tls tls;
	bool is_in_curl;   /* libcurl is on the stack */
	bool is_reporting; /* on_done is being called */
	bool is_unsettled; /* some request is WAITING or DOOMED */
	bool is_doomed;    /* freed from a callback: ends when that has returned */
};

/* --- the heap --- */

static char *curl_copy_text(const char *text)
{
	return mem_copy_text(text);
}

static void curl_start_once(void)
{
	static bool is_started;

	if (is_started)
		return;
	BUG_ON(curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_alloc, mem_release, mem_resize, curl_copy_text, mem_alloc_array) !=
		CURLE_OK);
	is_started = true;
}

/* --- what went wrong, in one line --- */

static const char *connect_trouble(const struct http_request *request, char *out, size_t out_bytes)
{
	long reason = 0;

	(void)curl_easy_getinfo(request->handle.easy, CURLINFO_OS_ERRNO, &reason);
	if (reason == 0)
		return request->curl_text;
	(void)snprintf(out, out_bytes, "%s", strerror((int)reason));
	out[0] = (char)tolower((unsigned char)out[0]);
	return out;
}

static bool is_connected(const struct http_request *request)
{
	curl_off_t connected_us = 0;

	(void)curl_easy_getinfo(request->handle.easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	return connected_us > 0;
}

/* libcurl's words without the paths of our anonymous files. */
static const char *tls_trouble(struct http_request *request)
{
	char *files = strstr(request->curl_text, " CAfile:");

	if (files != NULL)
		*files = '\0';
	return request->curl_text;
}

static void describe_failure(struct http_request *request, CURLcode code)
{
	struct err *err = &request->err;
	const char *label = request->label;
	char reason[128];

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		(void)err_set(err, ERR_RETRY, "%s: %s", label, connect_trouble(request, reason, sizeof(reason)));
		return;
	case CURLE_OPERATION_TIMEDOUT:
		if (is_connected(request))
			(void)err_set(
				err, ERR_TIMEOUT, "%s: no whole answer within %lld ms", label, (long long)request->timeout_ms);
		else
			(void)err_set(err, ERR_TIMEOUT, "%s: no connection in time", label);
		return;
	case CURLE_PEER_FAILED_VERIFICATION: (void)err_set(err, ERR_RETRY, "%s: %s", label, tls_trouble(request)); return;
	default:
		(void)err_set(err, ERR_RETRY, "%s: %s", label,
			request->curl_text[0] != '\0' ? request->curl_text : curl_easy_strerror(code));
	}
}

/* --- one request's end --- */

static void request_release(struct http_request *request)
{
	loop_timer_free(&request->silence);
	curl_handle_fini(&request->handle);
	buf_fini(&request->collected);
	mem_release(request->label);
	mem_release(request);
}

/* Away from libcurl and from the client's list. Not from within libcurl. */
static void request_detach(struct http_request *request)
{
	if (request->state != REQUEST_WAITING)
		(void)curl_multi_remove_handle(request->client->multi, request->handle.easy);
	LIST_REMOVE(request, link);
}

static int64_t retry_after_ms(const struct http_request *request)
{
	curl_off_t seconds = 0;

	(void)curl_easy_getinfo(request->handle.easy, CURLINFO_RETRY_AFTER, &seconds);
	return (seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds) * 1000;
}

/* Tells the owner and frees the request. request->err says whether the answer came whole. */
static void request_end(struct http_request *request)
{
	bool is_whole = request->err.code == ERR_NONE;
	long status = 0;

	(void)curl_easy_getinfo(request->handle.easy, CURLINFO_RESPONSE_CODE, &status);
	request_detach(request);
	request->state = REQUEST_ENDING;
	bool is_stream = request->on_bytes != NULL && status / 100 == 2;
	struct http_answer answer = {
		.status = is_whole || is_stream ? (int)status : 0,
		.body = is_whole ? buf_text(&request->collected) : (struct text){ 0 },
		.err = is_whole ? NULL : &request->err,
		.retry_after_ms = is_whole ? retry_after_ms(request) : 0,
	};

	if (request->on_done != NULL)
		request->on_done(request->arg, &answer);
	request_release(request);
}

/* --- libcurl's callbacks of a request --- */

static void note_life(struct http_request *request)
{
	if (request->silence != NULL)
		loop_timer_set(request->silence, request->silence_timeout_ms);
}

/* Behind the empty line of a head: 1xx heads may come before the one that counts, trailers after it. */
static void note_head(struct http_request *request)
{
	long status = 0;

	(void)curl_easy_getinfo(request->handle.easy, CURLINFO_RESPONSE_CODE, &status);
	if (request->is_open || status / 100 != 2)
		return;
	request->is_open = true;
	if (request->on_open != NULL)
		request->on_open(request->arg);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;

	if (request->state == REQUEST_DOOMED)
		return 0;
	note_life(request);
	request->header_bytes += size * count;
	if (request->header_bytes <= HEADERS_MAX_BYTES) {
		if (bytes[0] == '\r' || bytes[0] == '\n')
			note_head(request);
		return request->state == REQUEST_DOOMED ? 0 : size * count;
	}
	(void)err_set(&request->err, ERR_LIMIT, "%s: more than %d bytes of headers", request->label, HEADERS_MAX_BYTES);
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;
	struct text text = { bytes, size * count };
	long status = 0;

	if (request->state == REQUEST_DOOMED)
		return CURL_WRITEFUNC_ERROR;
	note_life(request);
	(void)curl_easy_getinfo(request->handle.easy, CURLINFO_RESPONSE_CODE, &status);
	if (request->on_bytes != NULL && status / 100 == 2) {
		if (text.len > 0)
			request->on_bytes(request->arg, text);
		return request->state == REQUEST_DOOMED ? CURL_WRITEFUNC_ERROR : text.len;
	}
	if (buf_append_text(&request->collected, text) == 0)
		return text.len;
	(void)err_set(&request->err, ERR_LIMIT, "%s: the answer is longer than %zu bytes", request->label, request->collected.cap);
	return CURL_WRITEFUNC_ERROR;
}

/* --- the client among libcurl and the loop --- */

static void client_release(struct http_client *client)
{
	struct http_request *request;

	while ((request = LIST_FIRST(&client->requests)) != NULL) {
		request_detach(request);
		request_release(request);
	}
	/* The timer outlives the multi handle, which sets it to the very end. */
	if (client->multi != NULL)
		(void)curl_multi_cleanup(client->multi);
	loop_timer_free(&client->timer);
	curl_tls_fini(&client->tls);
	mem_release(client);
}

/* Does what was asked for while libcurl was on the stack. */
static void client_settle(struct http_client *client)
{
	struct http_request *request = LIST_FIRST(&client->requests);

	if (client->is_in_curl || !client->is_unsettled)
		return;
	client->is_unsettled = false;
	while (request != NULL) {
		struct http_request *next = LIST_NEXT(request, link);

		if (request->state == REQUEST_WAITING) {
			request->state = REQUEST_RUNNING;
			BUG_ON(curl_multi_add_handle(client->multi, request->handle.easy) != CURLM_OK);
		} else if (request->state == REQUEST_DOOMED) {
			request_detach(request);
			request_release(request);
		}
		request = next;
	}
}

/* A request that libcurl has finished with; NULL: none. */
static struct http_request *next_finished(struct http_client *client, CURLcode *ret_code)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		char *request = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		*ret_code = message->data.result;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
		return (struct http_request *)(void *)request;
	}
	return NULL;
}

/* Each on_done may send, cancel, or free the client. */
static void client_report(struct http_client *client)
{
	struct http_request *request;
	CURLcode code = CURLE_OK;

	client->is_reporting = true;
	while (!client->is_doomed && (request = next_finished(client, &code)) != NULL) {
		if (code != CURLE_OK && request->err.code == ERR_NONE)
			describe_failure(request, code);
		request_end(request);
	}
	client->is_reporting = false;
}

static void client_advance(struct http_client *client, curl_socket_t socket, int events)
{
	int running;

	client->is_in_curl = true;
	(void)curl_multi_socket_action(client->multi, socket, events, &running);
	client->is_in_curl = false;
	if (!client->is_doomed) {
		client_settle(client);
		client_report(client);
	}
	if (client->is_doomed)
		client_release(client);
}

/* libcurl's per-socket record: which client a descriptor's readiness belongs to. */
struct watched {
	struct http_client *client;
	curl_socket_t socket;
	struct loop_io *io;
};

static void on_socket_ready(void *arg, int events)
{
	struct watched *watched = arg;
	int curl_events = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);

	client_advance(watched->client, watched->socket, curl_events); /* watched may be gone behind this */
}

static int on_socket_wish(CURL *easy, curl_socket_t socket, int wish, void *arg, void *of_socket)
{
	struct http_client *client = arg;
	struct watched *watched = of_socket;

	(void)easy;
	if (wish == CURL_POLL_REMOVE) {
		if (watched != NULL)
			loop_io_free(&watched->io);
		mem_release(watched);
		return 0;
	}
	if (watched == NULL) {
		watched = mem_alloc(sizeof(*watched));
		*watched = (struct watched){ .client = client, .socket = socket };
		watched->io = loop_io_new(client->loop, socket, on_socket_ready, watched);
		(void)curl_multi_assign(client->multi, socket, watched);
	}
	loop_io_set(watched->io, (wish & CURL_POLL_IN ? LOOP_READ : 0) | (wish & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

static int on_timer_wish(CURLM *multi, long delay_ms, void *arg)
{
	struct http_client *client = arg;

	(void)multi;
	if (delay_ms < 0)
		loop_timer_cancel(client->timer);
	else
		loop_timer_set(client->timer, delay_ms);
	return 0;
}

static void on_curl_due(void *arg)
{
	client_advance(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_silence(void *arg)
{
	struct http_request *request = arg;

	(void)err_set(
		&request->err, ERR_TIMEOUT, "%s: no byte for %lld ms", request->label, (long long)request->silence_timeout_ms);
	request_end(request);
}

/* --- making them --- */

static void set_callbacks(struct http_request *request)
{
	CURL *easy = request->handle.easy;

	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->curl_text);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
}

/* Without the query: it may hold what is not for logs, and varies where the failure does not. */
static char *label_of(const struct http_request_options *options)
{
	char label[URL_SHOWN + 32];
	size_t len = strcspn(options->url, "?");
	int shown = len > URL_SHOWN ? URL_SHOWN : (int)len;

	(void)snprintf(label, sizeof(label), "%.16s %.*s%s", options->method, shown, options->url, len > URL_SHOWN ? "..." : "");
	return mem_copy_text(label);
}

struct http_client *http_client_new(struct loop *loop, const struct http_tls *tls, struct err *err)
{
	scoped(http_client) client = mem_alloc(sizeof(*client));
	struct http_client *ready;

	curl_start_once();
	client->loop = loop;
	LIST_INIT(&client->requests);
	if (curl_tls_init(&client->tls, tls, err) < 0)
		return NULL;
	client->timer = loop_timer_new(loop, on_curl_due, client);
	client->multi = curl_multi_init();
	BUG_ON(client->multi == NULL);
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	ready = client;
	client = NULL;
	return ready;
}

void http_client_free(struct http_client **client)
{
	struct http_client *ending = *client;
	struct http_request *request;

	*client = NULL;
	if (ending == NULL)
		return;
	if (!ending->is_in_curl && !ending->is_reporting) {
		client_release(ending);
		return;
	}
	ending->is_doomed = true;
	for (request = LIST_FIRST(&ending->requests); request != NULL; request = LIST_NEXT(request, link)) {
		if (request->state == REQUEST_RUNNING)
			request->state = REQUEST_DOOMED;
	}
}

struct http_request *http_client_send(struct http_client *client, const struct http_request_options *options)
{
	struct http_request *request = mem_alloc(sizeof(*request));

	request->client = client;
	request->arg = options->arg;
	request->on_open = options->on_open;
	request->on_bytes = options->on_bytes;
	request->on_done = options->on_done;
	request->label = label_of(options);
	request->timeout_ms = options->timeout_ms;
	request->silence_timeout_ms = options->silence_timeout_ms;
	curl_handle_init(&request->handle, &client->tls, options);
	buf_init(&request->collected, options->max_body_bytes > 0 ? options->max_body_bytes : COLLECT_DEFAULT_BYTES);
	set_callbacks(request);
	if (request->silence_timeout_ms > 0) {
		request->silence = loop_timer_new(client->loop, on_silence, request);
		note_life(request);
	}
	LIST_INSERT_HEAD(&client->requests, request, link);
	client->is_unsettled = true;
	client_settle(client);
	return request;
}

void http_request_cancel(struct http_request **request)
{
	struct http_request *ending = *request;

	*request = NULL;
	if (ending == NULL || ending->state == REQUEST_ENDING)
		return;
	if (!ending->client->is_in_curl || ending->state == REQUEST_WAITING) {
		request_detach(ending);
		request_release(ending);
		return;
	}
	loop_timer_free(&ending->silence);
	ending->state = REQUEST_DOOMED;
	ending->client->is_unsettled = true;
}
