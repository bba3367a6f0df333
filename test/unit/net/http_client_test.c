/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against scripted peers on loopback. (TLS: with the ops server, in ops_server_test.c.) */
#include "net/http_client.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/loop.h"
#include "peer.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

/* What one test looks at; on_done of the last request awaited stops the loop. */
struct scene {
	struct loop *loop;
	struct http_client *client;
	struct http_request *request;
	struct peer *peer;
	struct loop_timer *too_long;
	int awaited; /* on_done calls before the loop stops */
	int done, opened;
	int status;
	int64_t retry_after_ms;
	struct err err;
	char body[4096];
	char streamed[4096];
	int chunks;
	int cancel_at_chunk; /* 0: never */
	bool free_client_at_chunk;
	bool send_at_chunk;
	bool stop_at_open;
	char url[128];
};

static void on_too_long(void *arg)
{
	(void)arg;
	fail_msg("nothing happened for 20 s");
}

static void setup(struct scene *scene, const struct peer_step *script)
{
	*scene = (struct scene){ .awaited = 1 };
	scene->loop = loop_new();
	scene->too_long = loop_timer_new(scene->loop, on_too_long, NULL);
	loop_timer_set(scene->too_long, 20000);
	scene->client = http_client_new(scene->loop, NULL, &scene->err);
	assert_non_null(scene->client);
	if (script == NULL)
		return;
	scene->peer = peer_start(script);
	(void)snprintf(scene->url, sizeof(scene->url), "http://127.0.0.1:%u/api/v1/pods?limit=5", scene->peer->port);
}

static void teardown(struct scene *scene)
{
	if (scene->peer != NULL)
		peer_free(scene->peer);
	http_client_free(&scene->client);
	loop_timer_free(&scene->too_long);
	loop_free(&scene->loop);
}

static void on_done(void *arg, const struct http_answer *answer)
{
	struct scene *scene = arg;

	scene->done++;
	scene->status = answer->status;
	scene->retry_after_ms = answer->retry_after_ms;
	scene->err = answer->err != NULL ? *answer->err : (struct err){ 0 };
	assert_true(answer->body.len < sizeof(scene->body));
	if (answer->body.len > 0) {
		memcpy(scene->body, answer->body.at, answer->body.len);
		scene->body[answer->body.len] = '\0';
	}
	scene->request = NULL;
	if (scene->done == scene->awaited)
		loop_stop(scene->loop);
}

static void stop_loop(void *arg)
{
	struct scene *scene = arg;

	loop_stop(scene->loop);
}

static void on_open(void *arg)
{
	struct scene *scene = arg;

	assert_int_equal(scene->chunks, 0);
	scene->opened++;
	if (scene->stop_at_open)
		loop_defer(scene->loop, stop_loop, scene);
	if (scene->peer != NULL)
		peer_signal(scene->peer);
}

static void on_bytes(void *arg, struct text bytes)
{
	struct scene *scene = arg;
	size_t len = strlen(scene->streamed);

	assert_true(len + bytes.len < sizeof(scene->streamed));
	memcpy(scene->streamed + len, bytes.at, bytes.len);
	scene->chunks++;
	if (scene->send_at_chunk && scene->chunks == 1)
		(void)http_client_send(scene->client,
			&(struct http_request_options){ .method = "GET", .url = scene->url, .arg = scene, .on_done = on_done });
	if (scene->free_client_at_chunk) {
		http_client_free(&scene->client);
		loop_defer(scene->loop, stop_loop, scene);
	} else if (scene->chunks == scene->cancel_at_chunk) {
		http_request_cancel(&scene->request);
		loop_defer(scene->loop, stop_loop, scene);
	}
	if (scene->peer != NULL)
		peer_signal(scene->peer);
}

static struct http_request_options get(struct scene *scene)
{
	return (struct http_request_options){ .method = "GET", .url = scene->url, .arg = scene, .on_done = on_done };
}

static struct http_request_options stream(struct scene *scene)
{
	return (struct http_request_options){
		.method = "GET", .url = scene->url, .arg = scene, .on_open = on_open, .on_bytes = on_bytes, .on_done = on_done
	};
}

static void send_and_wait(struct scene *scene, struct http_request_options options)
{
	scene->request = http_client_send(scene->client, &options);
	assert_int_equal(scene->done, 0);
	loop_run(scene->loop);
}

static void an_answer_is_collected_whole(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "he" },
		{ PEER_SEND, "llo" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	struct http_request_options options = get(&scene);

	options.headers = (const char *const[]){ "Authorization: Bearer abc", "Accept: application/json", NULL };
	send_and_wait(&scene, options);
	assert_int_equal(scene.status, 200);
	assert_int_equal(scene.err.code, ERR_NONE);
	assert_string_equal(scene.body, "hello");
	http_client_free(&scene.client);
	peer_join(scene.peer);
	assert_true(strncmp(scene.peer->seen, "GET /api/v1/pods?limit=5 HTTP/1.1\r\n", 35) == 0);
	assert_non_null(strstr(scene.peer->seen, "\r\nAuthorization: Bearer abc\r\n"));
	assert_non_null(strstr(scene.peer->seen, "\r\nAccept: application/json\r\n"));
	assert_null(strstr(scene.peer->seen, "Expect"));
	teardown(&scene);
}

static void every_status_is_an_ordinary_answer(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	send_and_wait(&scene, stream(&scene));
	assert_int_equal(scene.status, 429);
	assert_int_equal(scene.err.code, ERR_NONE);
	assert_int_equal(scene.retry_after_ms, 7000);
	assert_string_equal(scene.body, "busy");
	assert_int_equal(scene.chunks, 0);
	assert_int_equal(scene.opened, 0);
	http_client_free(&scene.client);
	peer_join(scene.peer);
	teardown(&scene);
}

static void method_and_body_are_sent_as_given(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_END, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct scene scene;

		setup(&scene, script);
		struct http_request_options options = get(&scene);

		options.method = methods[i];
		options.body = TEXT("{\"a\":1}");
		options.headers = (const char *const[]){ "Content-Type: application/merge-patch+json", NULL };
		send_and_wait(&scene, options);
		peer_join(scene.peer);
		assert_int_equal(scene.status, 200);
		assert_true(strncmp(scene.peer->seen, methods[i], strlen(methods[i])) == 0);
		assert_non_null(strstr(scene.peer->seen, "\r\nContent-Type: application/merge-patch+json\r\n"));
		assert_string_equal(strstr(scene.peer->seen, "\r\n\r\n"), "\r\n\r\n{\"a\":1}");
		teardown(&scene);
	}
}

static void stream_chunks_arrive_as_they_come(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ PEER_AWAIT_SIGNAL, NULL },
		{ PEER_SEND, "3\r\none\r\n" },
		{ PEER_AWAIT_SIGNAL, NULL },
		{ PEER_SEND, "3\r\ntwo\r\n" },
		{ PEER_AWAIT_SIGNAL, NULL },
		{ PEER_SEND, "0\r\n\r\n" },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	send_and_wait(&scene, stream(&scene));
	assert_int_equal(scene.status, 200);
	assert_int_equal(scene.opened, 1);
	assert_int_equal(scene.chunks, 2);
	assert_string_equal(scene.streamed, "onetwo");
	assert_string_equal(scene.body, "");
	peer_join(scene.peer);
	assert_false(scene.peer->has_failed);
	teardown(&scene);
}

static void a_stream_cut_off_is_an_error(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n" },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	send_and_wait(&scene, stream(&scene));
	assert_int_equal(scene.status, 200);
	assert_int_equal(scene.err.code, ERR_RETRY);
	assert_string_equal(scene.streamed, "one");
	peer_join(scene.peer);
	teardown(&scene);
}

static void a_collected_answer_cut_off_is_none(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hel" },
		{ PEER_CLOSE, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	send_and_wait(&scene, get(&scene));
	assert_int_equal(scene.status, 0);
	assert_int_equal(scene.err.code, ERR_RETRY);
	assert_string_equal(scene.body, "");
	peer_join(scene.peer);
	teardown(&scene);
}

static void silence_ends_a_stream(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;
	char message[256];

	(void)state;
	setup(&scene, script);
	struct http_request_options options = stream(&scene);

	options.silence_timeout_ms = 200;
	send_and_wait(&scene, options);
	assert_int_equal(scene.err.code, ERR_TIMEOUT);
	(void)snprintf(message, sizeof(message), "GET %.*s: no byte for 200 ms", (int)strcspn(scene.url, "?"), scene.url);
	assert_string_equal(scene.err.message, message);
	assert_string_equal(scene.streamed, "one");
	peer_join(scene.peer); /* the connection was closed, not kept */
	assert_int_equal(scene.peer->closed, 1);
	teardown(&scene);
}

static void a_deadline_ends_the_whole_exchange(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;
	char message[256];

	(void)state;
	setup(&scene, script);
	struct http_request_options options = get(&scene);

	options.timeout_ms = 200;
	send_and_wait(&scene, options);
	assert_int_equal(scene.status, 0);
	assert_int_equal(scene.err.code, ERR_TIMEOUT);
	(void)snprintf(
		message, sizeof(message), "GET %.*s: no whole answer within 200 ms", (int)strcspn(scene.url, "?"), scene.url);
	assert_string_equal(scene.err.message, message);
	peer_join(scene.peer);
	teardown(&scene);
}

static const struct peer_step opens_and_waits[] = {
	{ PEER_ACCEPT, NULL },
	{ PEER_REQUEST, NULL },
	{ PEER_SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
	{ PEER_AWAIT_CLOSED, NULL },
	{ PEER_END, NULL },
};

static void run_once_more(struct scene *scene)
{
	loop_defer(scene->loop, stop_loop, scene);
	loop_run(scene->loop);
}

static void a_cancelled_request_calls_nobody(void **state)
{
	struct scene scene;

	(void)state;
	setup(&scene, opens_and_waits);
	scene.stop_at_open = true;
	struct http_request_options options = stream(&scene);

	scene.request = http_client_send(scene.client, &options);
	http_request_cancel(&scene.request);
	assert_null(scene.request);
	http_request_cancel(&scene.request);
	send_and_wait(&scene, options);
	http_request_cancel(&scene.request);
	peer_join(scene.peer);
	assert_int_equal(scene.peer->closed, 1);
	run_once_more(&scene);
	assert_int_equal(scene.done, 0);
	teardown(&scene);
}

static void cancelling_from_its_own_bytes_is_safe(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.cancel_at_chunk = 1;
	send_and_wait(&scene, stream(&scene));
	peer_join(scene.peer);
	assert_int_equal(scene.peer->closed, 1);
	assert_int_equal(scene.done, 0);
	assert_string_equal(scene.streamed, "one");
	teardown(&scene);
}

static void freeing_the_client_from_its_bytes_is_safe(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.free_client_at_chunk = true;
	scene.send_at_chunk = true; /* and one that libcurl has not seen yet goes with it */
	send_and_wait(&scene, stream(&scene));
	assert_null(scene.client);
	peer_join(scene.peer);
	assert_int_equal(scene.done, 0);
	teardown(&scene);
}

static void a_request_may_be_sent_from_bytes(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\none" },
		{ PEER_AWAIT_SIGNAL, NULL },
		{ PEER_AWAIT_SIGNAL, NULL },
		{ PEER_SEND, "two" },
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.send_at_chunk = true;
	scene.awaited = 2;
	send_and_wait(&scene, stream(&scene));
	assert_int_equal(scene.done, 2);
	assert_string_equal(scene.streamed, "onetwo");
	assert_string_equal(scene.body, "hello");
	peer_join(scene.peer);
	teardown(&scene);
}

static void freeing_the_client_calls_nobody(void **state)
{
	struct scene scene;

	(void)state;
	setup(&scene, opens_and_waits);
	scene.stop_at_open = true;
	struct http_request_options options = stream(&scene);

	options.silence_timeout_ms = 60000;
	(void)http_client_send(scene.client, &options);
	send_and_wait(&scene, options);
	http_client_free(&scene.client);
	assert_null(scene.client);
	peer_join(scene.peer);
	run_once_more(&scene);
	assert_int_equal(scene.done, 0);
	teardown(&scene);
}

static void on_done_free_client(void *arg, const struct http_answer *answer)
{
	struct scene *scene = arg;

	http_client_free(&scene->client);
	on_done(arg, answer);
}

static void freeing_the_client_from_an_end_is_safe(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	struct http_request_options options = get(&scene);

	options.silence_timeout_ms = 60000;
	options.on_done = on_done_free_client;
	(void)http_client_send(scene.client, &options);
	send_and_wait(&scene, options);
	assert_int_equal(scene.done, 1);
	assert_string_equal(scene.body, "hello");
	peer_join(scene.peer);
	teardown(&scene);
}

static void an_answer_past_its_cap_is_an_error(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;
	char message[256];

	(void)state;
	setup(&scene, script);
	struct http_request_options options = get(&scene);

	options.max_body_bytes = 4;
	send_and_wait(&scene, options);
	assert_int_equal(scene.status, 0);
	assert_int_equal(scene.err.code, ERR_LIMIT);
	(void)snprintf(
		message, sizeof(message), "GET %.*s: the answer is longer than 4 bytes", (int)strcspn(scene.url, "?"), scene.url);
	assert_string_equal(scene.err.message, message);
	peer_join(scene.peer);
	teardown(&scene);
}

static void headers_without_end_are_an_error(void **state)
{
	static char head[70 * 1024];
	static const struct peer_step script[] = { { PEER_ACCEPT, NULL }, { PEER_REQUEST, NULL }, { PEER_SEND, head },
		{ PEER_AWAIT_CLOSED, NULL }, { PEER_END, NULL } };
	struct scene scene;
	size_t len = (size_t)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n");

	(void)state;
	while (len < 66 * 1024)
		len += (size_t)snprintf(head + len, sizeof(head) - len, "X-Filler: %0100d\r\n", 0);
	setup(&scene, script);
	send_and_wait(&scene, get(&scene));
	assert_int_equal(scene.err.code, ERR_LIMIT);
	http_client_free(&scene.client);
	peer_join(scene.peer);
	teardown(&scene);
}

static void a_refused_dial_names_method_and_address(void **state)
{
	struct scene scene;
	char message[256];
	int fd;

	(void)state;
	setup(&scene, NULL);
	(void)snprintf(scene.url, sizeof(scene.url), "http://127.0.0.1:%u/api", peer_closed_port(&fd));
	send_and_wait(&scene, get(&scene));
	(void)close(fd);
	(void)snprintf(message, sizeof(message), "GET %.*s: connection refused", (int)strcspn(scene.url, "?"), scene.url);
	assert_string_equal(scene.err.message, message);
	assert_int_equal(scene.err.code, ERR_RETRY);
	assert_int_equal(scene.status, 0);
	teardown(&scene);
}

static void what_is_no_url_is_an_error(void **state)
{
	static const char *const urls[] = { "", "nonsense://x/", "http://", "file:///etc/passwd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct scene scene;

		setup(&scene, NULL);
		(void)snprintf(scene.url, sizeof(scene.url), "%s", urls[i]);
		send_and_wait(&scene, get(&scene));
		assert_int_equal(scene.status, 0);
		assert_int_not_equal(scene.err.code, ERR_NONE);
		teardown(&scene);
	}
}

static void a_connection_is_used_again(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "again" },
		{ PEER_AWAIT_CLOSED, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	send_and_wait(&scene, get(&scene));
	assert_string_equal(scene.body, "hello");
	scene.done = 0;
	send_and_wait(&scene, get(&scene));
	assert_string_equal(scene.body, "again");
	http_client_free(&scene.client);
	peer_join(scene.peer);
	assert_int_equal(scene.peer->accepted, 1);
	teardown(&scene);
}

static void a_post_is_never_sent_twice(void **state)
{
	/* The kept connection is closed by the peer; had the POST gone there, libcurl would have repeated it. */
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_RESET, NULL },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	send_and_wait(&scene, get(&scene));
	struct http_request_options options = get(&scene);

	options.method = "POST";
	options.body = TEXT("x");
	scene.done = 0;
	send_and_wait(&scene, options);
	assert_int_equal(scene.err.code, ERR_RETRY);
	peer_join(scene.peer);
	assert_int_equal(scene.peer->accepted, 2);
	assert_null(strstr(strstr(scene.peer->seen, "POST ") + 1, "POST "));
	teardown(&scene);
}

static void proxies_of_the_environment_are_not_asked(void **state)
{
	static const struct peer_step script[] = {
		{ PEER_ACCEPT, NULL },
		{ PEER_REQUEST, NULL },
		{ PEER_SEND, OK_HEAD "hello" },
		{ PEER_END, NULL },
	};
	struct scene scene;

	(void)state;
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
	setup(&scene, script);
	send_and_wait(&scene, get(&scene));
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_string_equal(scene.body, "hello");
	peer_join(scene.peer);
	teardown(&scene);
}

static void unusable_pem_is_refused_at_birth(void **state)
{
	static const struct {
		struct http_tls tls;
		const char *message;
	} rows[] = {
		{ { .ca_pem = "rubbish" }, "certificate authority: " },
		{ { .certificate_pem = "rubbish", .key_pem = "rubbish" }, "certificate and key: " },
		{ { .certificate_pem = "x" }, "a client certificate needs its key" },
		{ { .key_pem = "x" }, "a client certificate needs its key" },
	};
	struct loop *loop = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		assert_null(http_client_new(loop, &rows[i].tls, &err));
		assert_int_equal(err.code, ERR_INVALID);
		assert_true(strncmp(err.message, rows[i].message, strlen(rows[i].message)) == 0);
	}
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_collected_whole),
		cmocka_unit_test(every_status_is_an_ordinary_answer),
		cmocka_unit_test(method_and_body_are_sent_as_given),
		cmocka_unit_test(stream_chunks_arrive_as_they_come),
		cmocka_unit_test(a_stream_cut_off_is_an_error),
		cmocka_unit_test(a_collected_answer_cut_off_is_none),
		cmocka_unit_test(silence_ends_a_stream),
		cmocka_unit_test(a_deadline_ends_the_whole_exchange),
		cmocka_unit_test(a_cancelled_request_calls_nobody),
		cmocka_unit_test(cancelling_from_its_own_bytes_is_safe),
		cmocka_unit_test(freeing_the_client_from_its_bytes_is_safe),
		cmocka_unit_test(a_request_may_be_sent_from_bytes),
		cmocka_unit_test(freeing_the_client_calls_nobody),
		cmocka_unit_test(freeing_the_client_from_an_end_is_safe),
		cmocka_unit_test(an_answer_past_its_cap_is_an_error),
		cmocka_unit_test(headers_without_end_are_an_error),
		cmocka_unit_test(a_refused_dial_names_method_and_address),
		cmocka_unit_test(what_is_no_url_is_an_error),
		cmocka_unit_test(a_connection_is_used_again),
		cmocka_unit_test(a_post_is_never_sent_twice),
		cmocka_unit_test(proxies_of_the_environment_are_not_asked),
		cmocka_unit_test(unusable_pem_is_refused_at_birth),
	};

	return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
