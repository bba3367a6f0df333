/* SPDX-License-Identifier: Apache-2.0 */
/* What the data path would be if it were made of libmicrohttpd and libcurl, tuned as far as they go: both driven by one epoll,
   connections suspended while they wait, handles and connections kept, small answers sent in one piece, large ones and
   streams as they come and with a bound. It shows why the engine is our own, and passes on no more than the bench asks for:
   GET and POST without a query. */
#include <curl/curl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/daemon.h"
#include "base/mem.h"
#include "base/options.h"
#include "net/listen_socket.h"

#define MAX_EVENTS      256
#define MAX_POOL        4096
#define MAX_HEADERS     32
#define MAX_BODY_BYTES  (8 * 1024 * 1024)
#define WHOLE_MAX_BYTES 16384 /* an answer up to this goes out in one piece */
#define PAUSE_BYTES     (256 * 1024)
#define BUFFER_BYTES    (PAUSE_BYTES + 2 * CURL_MAX_WRITE_SIZE)

struct settings {
	const char *listen;
	const char *upstream;
};

static const struct option options[] = {
	{ .name = "listen",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, listen),
		.fallback = "127.0.0.1:0",
		.sentence = "where clients come" },
	{ .name = "upstream",
		.type = OPTION_ADDRESS,
		.offset = offsetof(struct settings, upstream),
		.sentence = "where requests go" },
};

/* A request and its answer; lives as long as libmicrohttpd says. */
struct passage {
	struct MHD_Connection *connection;
	CURL *easy; /* NULL: none runs */
	struct curl_slist *request_headers;
	struct buf request, answer;
	char *answer_headers[MAX_HEADERS]; /* "Name: value" */
	size_t answer_header_count;
	int64_t answer_bytes; /* as its head says; -1: it does not */
	long status;
	bool is_asked, is_queued, is_suspended, is_over, is_paused, is_broken;
};

static struct settings settings;
static struct MHD_Daemon *mhd;
static CURLM *multi;
static CURL *pool[MAX_POOL];
static size_t pool_count;
static int epoll_fd;
static long curl_timeout_ms = -1;
static bool mhd_has_work;

/* --- who waits --- */

static void suspend(struct passage *passage)
{
	if (passage->is_suspended)
		return;
	passage->is_suspended = true;
	MHD_suspend_connection(passage->connection);
}

static void resume(struct passage *passage)
{
	if (!passage->is_suspended)
		return;
	passage->is_suspended = false;
	MHD_resume_connection(passage->connection);
	mhd_has_work = true;
}

/* --- the answer, as libcurl gives it --- */

static bool is_hop_by_hop(struct text line)
{
	static const char *const NAMES[] = {
		"connection:", "keep-alive:", "transfer-encoding:", "content-length:", "te:", "upgrade:"
	};

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		if (text_has_prefix_folded(line, NAMES[i]))
			return true;
	}
	return false;
}

static size_t on_header(char *at, size_t size, size_t count, void *arg)
{
	struct passage *passage = arg;
	struct text line = { at, size * count };

	while (line.len > 0 && (line.at[line.len - 1] == '\r' || line.at[line.len - 1] == '\n'))
		line.len--;
	if (line.len > 0 && memchr(line.at, ':', line.len) != NULL && !is_hop_by_hop(line) &&
		passage->answer_header_count < MAX_HEADERS)
		passage->answer_headers[passage->answer_header_count++] = mem_copy_bytes(line.at, line.len);
	return size * count;
}

static bool waits_for_all(const struct passage *passage)
{
	return passage->answer_bytes >= 0 && passage->answer_bytes <= WHOLE_MAX_BYTES;
}

static void note_head(struct passage *passage)
{
	curl_off_t length = -1;

	if (passage->status != 0)
		return;
	(void)curl_easy_getinfo(passage->easy, CURLINFO_RESPONSE_CODE, &passage->status);
	(void)curl_easy_getinfo(passage->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	passage->answer_bytes = length;
}

static size_t on_body(char *at, size_t size, size_t count, void *arg)
{
	struct passage *passage = arg;

	note_head(passage);
	if (buf_len(&passage->answer) > PAUSE_BYTES) {
		passage->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (buf_append(&passage->answer, at, size * count) == -1)
		return 0;
	if (!waits_for_all(passage))
		resume(passage);
	return size * count;
}

static void give_back(struct passage *passage)
{
	if (passage->easy == NULL)
		return;
	(void)curl_multi_remove_handle(multi, passage->easy);
	if (pool_count < MAX_POOL)
		pool[pool_count++] = passage->easy;
	else
		curl_easy_cleanup(passage->easy);
	passage->easy = NULL;
}

static void take_finished(void)
{
	int left;
	const CURLMsg *message;

	while ((message = curl_multi_info_read(multi, &left)) != NULL) {
		struct passage *passage = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)(void *)&passage);
		passage->is_broken = message->data.result != CURLE_OK;
		if (!passage->is_broken)
			note_head(passage);
		passage->is_over = true;
		give_back(passage);
		resume(passage);
	}
}

/* --- the request, as libmicrohttpd gives it --- */

static CURL *take_easy(void)
{
	if (pool_count > 0)
		return pool[--pool_count];
	CURL *easy = curl_easy_init();
	BUG_ON(easy == NULL);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	return easy;
}

static enum MHD_Result add_request_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct passage *passage = arg;
	char line[1024];
	int len = snprintf(line, sizeof(line), "%s: %s", name, value);

	(void)kind;
	if (len < (int)sizeof(line) && !is_hop_by_hop(text_of(line)) && !text_has_prefix_folded(text_of(line), "host:"))
		passage->request_headers = curl_slist_append(passage->request_headers, line);
	return MHD_YES;
}

static void ask(struct passage *passage, const char *method, const char *url)
{
	char target[1024];

	passage->is_asked = true;
	passage->easy = take_easy();
	(void)snprintf(target, sizeof(target), "http://%s%s", settings.upstream, url);
	(void)MHD_get_connection_values(passage->connection, MHD_HEADER_KIND, add_request_header, passage);
	passage->request_headers = curl_slist_append(passage->request_headers, "Expect:");
	(void)curl_easy_setopt(passage->easy, CURLOPT_URL, target);
	(void)curl_easy_setopt(passage->easy, CURLOPT_HTTPHEADER, passage->request_headers);
	(void)curl_easy_setopt(passage->easy, CURLOPT_PRIVATE, passage);
	(void)curl_easy_setopt(passage->easy, CURLOPT_HEADERDATA, passage);
	(void)curl_easy_setopt(passage->easy, CURLOPT_WRITEDATA, passage);
	if (strcmp(method, "POST") == 0) {
		(void)curl_easy_setopt(passage->easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(passage->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)buf_len(&passage->request));
		(void)curl_easy_setopt(passage->easy, CURLOPT_POSTFIELDS, buf_terminated(&passage->request));
	} else {
		(void)curl_easy_setopt(passage->easy, CURLOPT_HTTPGET, 1L);
	}
	(void)curl_multi_add_handle(multi, passage->easy);
	suspend(passage);
}

static ssize_t read_answer(void *arg, uint64_t position, char *out, size_t room)
{
	struct passage *passage = arg;
	struct text held = buf_text(&passage->answer);
	size_t len = held.len < room ? held.len : room;

	(void)position;
	if (len == 0 && passage->is_over)
		return passage->is_broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	if (len > 0) {
		memcpy(out, held.at, len);
		buf_consume(&passage->answer, len);
	} else if (!passage->is_paused) {
		suspend(passage);
	}
	if (passage->is_paused && buf_len(&passage->answer) <= PAUSE_BYTES / 2) {
		passage->is_paused = false;
		(void)curl_easy_pause(passage->easy, CURLPAUSE_CONT);
		curl_timeout_ms = 0;
	}
	return (ssize_t)len;
}

static struct MHD_Response *make_response(struct passage *passage)
{
	struct text body = buf_text(&passage->answer);

	if (passage->is_over)
		return MHD_create_response_from_buffer(
			body.len, body.len > 0 ? (void *)(uintptr_t)body.at : (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_callback(
		passage->answer_bytes >= 0 ? (uint64_t)passage->answer_bytes : MHD_SIZE_UNKNOWN, 65536, read_answer, passage, NULL);
}

static enum MHD_Result answer(struct passage *passage)
{
	struct MHD_Response *response = make_response(passage);
	unsigned status = passage->is_over && passage->is_broken ? 502 : (unsigned)passage->status;

	for (size_t i = 0; i < passage->answer_header_count; i++) {
		char *colon = strchr(passage->answer_headers[i], ':');

		*colon = '\0';
		(void)MHD_add_response_header(response, passage->answer_headers[i], colon + 1 + strspn(colon + 1, " \t"));
	}
	passage->is_queued = true;
	enum MHD_Result result = MHD_queue_response(passage->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *bytes, size_t *len, void **owner)
{
	struct passage *passage = *owner;

	(void)arg;
	(void)version;
	if (passage == NULL) {
		passage = mem_alloc(sizeof(*passage));
		passage->connection = connection;
		passage->answer_bytes = -1;
		buf_init(&passage->request, MAX_BODY_BYTES);
		buf_init(&passage->answer, BUFFER_BYTES);
		*owner = passage;
		return MHD_YES;
	}
	if (*len > 0) {
		int added = buf_append(&passage->request, bytes, *len);

		*len = 0;
		return added == 0 ? MHD_YES : MHD_NO;
	}
	if (!passage->is_asked)
		ask(passage, method, url);
	else if (!passage->is_queued)
		return answer(passage);
	return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **owner, enum MHD_RequestTerminationCode how)
{
	struct passage *passage = *owner;

	(void)arg;
	(void)connection;
	(void)how;
	if (passage == NULL)
		return;
	give_back(passage);
	curl_slist_free_all(passage->request_headers);
	for (size_t i = 0; i < passage->answer_header_count; i++)
		mem_release(passage->answer_headers[i]);
	buf_fini(&passage->request);
	buf_fini(&passage->answer);
	mem_release(passage);
	*owner = NULL;
}

/* --- one epoll for both --- */

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	if (epoll_ctl(epoll_fd, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == -1)
		(void)epoll_ctl(epoll_fd, known == NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
	(void)curl_multi_assign(multi, fd, &epoll_fd);
	return 0;
}

static int on_curl_timer(CURLM *of, long timeout_ms, void *arg)
{
	(void)of;
	(void)arg;
	curl_timeout_ms = timeout_ms;
	return 0;
}

static void serve(int mhd_fd)
{
	struct epoll_event events[MAX_EVENTS];
	int running;

	for (;;) {
		int count = epoll_wait(epoll_fd, events, MAX_EVENTS,
			mhd_has_work                     ? 0
				: curl_timeout_ms > 1000 ? 1000
							 : (int)curl_timeout_ms);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == mhd_fd)
				mhd_has_work = true;
			else
				(void)curl_multi_socket_action(multi, events[i].data.fd,
					(events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
						(events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
						(events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
					&running);
		}
		if (curl_timeout_ms == 0 || (count == 0 && !mhd_has_work)) {
			curl_timeout_ms = -1;
			(void)curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
		}
		take_finished();
		if (mhd_has_work) {
			mhd_has_work = false;
			(void)MHD_run(mhd);
		}
	}
}

static void set_up_curl(void)
{
	BUG_ON(curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK);
	multi = curl_multi_init();
	BUG_ON(multi == NULL);
	(void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	(void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	(void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)MAX_POOL);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };

	daemon_setup("mhdproxy", LOG_LEVEL_INFO);
	switch (options_parse(
		options, ARRAY_LEN(options), &settings, "mhdproxy", "0", "forwards all to one upstream", argc, argv, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse("mhdproxy", &err);
	case OPTIONS_RUN: break;
	}
	int listen_fd = listen_socket_open(settings.listen, &err);
	if (listen_fd == -1)
		return daemon_refuse("mhdproxy", &err);
	set_up_curl();
	mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, NULL, MHD_OPTION_LISTEN_SOCKET,
		listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT, 60000u,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
	const union MHD_DaemonInfo *info = mhd == NULL ? NULL : MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return daemon_refuse("mhdproxy", &(struct err){ .message = "libmicrohttpd does not start" });
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	(void)epoll_ctl(
		epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = info->epoll_fd });
	serve(info->epoll_fd);
	return 0;
}
