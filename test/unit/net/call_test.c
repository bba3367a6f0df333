/* SPDX-License-Identifier: Apache-2.0 */
/* One small request and its whole answer, against scripted peers on loopback. */
#include "net/call.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/loop.h"
#include "peer.h"

struct scene {
	struct loop *loop;
	struct loop_timer *too_long;
	struct peer *peer;
	struct call *call;
	struct call_options options;
	bool cancels_itself;
	int done, status;
	bool was_connected;
	struct err err;
	char body[1024];
	char mark[64]; /* the answer's X-Mark */
};

static void on_too_long(void *arg)
{
	(void)arg;
	fail_msg("nothing happened for 20 s");
}

static void on_done(void *arg, const struct call_answer *answer)
{
	struct scene *scene = arg;

	scene->done++;
	scene->status = answer->status;
	scene->was_connected = answer->was_connected;
	scene->err = answer->err != NULL ? *answer->err : (struct err){ 0 };
	assert_int_equal(answer->head == NULL, answer->status == 0);
	(void)snprintf(scene->body, sizeof(scene->body), "%.*s", TEXT_ARGS(answer->body));
	if (answer->head != NULL)
		(void)snprintf(scene->mark, sizeof(scene->mark), "%.*s", TEXT_ARGS(h1_head_get(answer->head, "x-mark")));
	if (scene->cancels_itself)
		call_cancel(&scene->call);
	scene->call = NULL;
	loop_stop(scene->loop);
}

static void setup(struct scene *scene, const struct peer_step *script)
{
	*scene = (struct scene){ .loop = loop_new() };
	scene->too_long = loop_timer_new(scene->loop, on_too_long, NULL);
	loop_timer_set(scene->too_long, 20000);
	scene->options = (struct call_options){
		.method = "GET", .target = "/readyz?wait=10s", .host = "pod", .timeout_ms = 10000, .arg = scene, .on_done = on_done
	};
	if (script == NULL)
		return;
	scene->peer = peer_start(script);
	assert_int_equal(address_of_ip(TEXT("127.0.0.1"), scene->peer->port, &scene->options.address, NULL), 0);
}

static void run(struct scene *scene)
{
	scene->call = call_start(scene->loop, &scene->options);
	assert_non_null(scene->call);
	assert_int_equal(scene->done, 0);
	loop_run(scene->loop);
	assert_int_equal(scene->done, 1);
}

static void teardown(struct scene *scene)
{
	if (scene->peer != NULL) {
		peer_join(scene->peer);
		peer_free(scene->peer);
	}
	loop_timer_free(&scene->too_long);
	loop_free(&scene->loop);
}

static void assert_error(const struct scene *scene, enum err_code code, const char *why)
{
	char address[ADDRESS_TEXT_BYTES], message[256];

	address_format(&scene->options.address, address);
	(void)snprintf(message, sizeof(message), "GET %s/readyz?wait=10s: %s", address, why);
	assert_string_equal(scene->err.message, message);
	assert_int_equal(scene->err.code, code);
	assert_int_equal(scene->status, 0);
	assert_string_equal(scene->body, "");
}

#define BEFORE                     \
	{ PEER_ACCEPT, NULL },     \
	{                          \
		PEER_REQUEST, NULL \
	}
#define SEND(text)              \
	{                       \
		PEER_SEND, text \
	}
#define END                    \
	{                      \
		PEER_END, NULL \
	}

static void the_answer_comes_whole_however_it_is_framed(void **state)
{
	static const struct {
		const char *method;
		const struct peer_step script[6];
		int status;
		const char *body;
	} rows[] = {
		{ "GET",
			{ BEFORE, SEND("HTTP/1.1 200 OK\r\nX-Mark: m\r\nContent-Length: 5\r\n\r\nhello"),
				{ PEER_AWAIT_CLOSED, NULL }, END },
			200, "hello" },
		{ "GET", { BEFORE, SEND("HTTP/1.1 503 Service Unavailable\r\nX-Mark: m\r\nContent-Length: 4\r\n\r\nfull"), END },
			503, "full" },
		{ "GET",
			{ BEFORE,
				SEND("HTTP/1.1 200 OK\r\nX-Mark: m\r\nTransfer-Encoding: "
				     "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
				{ PEER_AWAIT_CLOSED, NULL }, END },
			200, "hello" },
		{ "GET", { BEFORE, SEND("HTTP/1.1 200 OK\r\nX-Mark: m\r\n\r\nhello"), END }, 200, "hello" },
		{ "GET", { BEFORE, SEND("HTTP/1.1 204 No Content\r\nX-Mark: m\r\n\r\n"), { PEER_AWAIT_CLOSED, NULL }, END }, 204,
			"" },
		{ "HEAD",
			{ BEFORE, SEND("HTTP/1.1 200 OK\r\nX-Mark: m\r\nContent-Length: 5\r\n\r\n"), { PEER_AWAIT_CLOSED, NULL },
				END },
			200, "" },
		{ "GET",
			{ BEFORE,
				SEND("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Mark: no\r\n\r\nHTTP/1.1 200 "
				     "OK\r\nX-Mark: m\r\nContent-Length: 0\r\n\r\n"),
				END },
			200, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;

		setup(&scene, rows[i].script);
		scene.options.method = rows[i].method;
		run(&scene);
		assert_string_equal(scene.err.message, "");
		assert_int_equal(scene.status, rows[i].status);
		assert_string_equal(scene.body, rows[i].body);
		assert_string_equal(scene.mark, "m");
		assert_true(scene.was_connected);
		teardown(&scene);
	}
}

static void an_answer_in_pieces_is_put_together(void **state)
{
	static const struct peer_step script[] = {
		BEFORE,
		SEND("HT"),
		SEND("TP/1.1 200 OK\r"),
		SEND("\nTransfer-Enc"),
		SEND("oding: chunked\r\n\r\n5"),
		SEND("\r\nhel"),
		SEND("lo\r\n0\r"),
		SEND("\n\r\n"),
		{ PEER_AWAIT_CLOSED, NULL },
		END,
	};
	struct scene scene;

	(void)state;
	setup(&scene, script);
	run(&scene);
	assert_int_equal(scene.status, 200);
	assert_string_equal(scene.body, "hello");
	teardown(&scene);
}

static void the_request_is_sent_to_the_letter(void **state)
{
	static const struct peer_step script[] = { BEFORE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), END };
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.options.extra = "Krypton-Token: abc\r\n";
	run(&scene);
	peer_join(scene.peer);
	assert_string_equal(
		scene.peer->seen, "GET /readyz?wait=10s HTTP/1.1\r\nHost: pod\r\nConnection: close\r\nKrypton-Token: abc\r\n\r\n");
	peer_free(scene.peer);
	scene.peer = NULL;
	teardown(&scene);
	setup(&scene, script);
	scene.options.method = "POST";
	scene.options.body = TEXT("{}");
	run(&scene);
	peer_join(scene.peer);
	assert_string_equal(scene.peer->seen,
		"POST /readyz?wait=10s HTTP/1.1\r\nHost: pod\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
	peer_free(scene.peer);
	scene.peer = NULL;
	teardown(&scene);
}

static void a_refused_dial_names_the_address(void **state)
{
	struct scene scene;
	int fd;

	(void)state;
	setup(&scene, NULL);
	assert_int_equal(address_of_ip(TEXT("127.0.0.1"), peer_closed_port(&fd), &scene.options.address, NULL), 0);
	run(&scene);
	(void)close(fd);
	assert_error(&scene, ERR_RETRY, "connection refused");
	assert_false(scene.was_connected);
	teardown(&scene);
}

static void a_dial_that_cannot_start_fails_from_the_loop(void **state)
{
	struct scene scene;

	(void)state;
	setup(&scene, NULL);
	assert_int_equal(address_of_ip(TEXT("255.255.255.255"), 80, &scene.options.address, NULL), 0);
	run(&scene);
	assert_int_equal(scene.err.code, ERR_RETRY);
	assert_non_null(strstr(scene.err.message, "GET 255.255.255.255:80/readyz?wait=10s: "));
	assert_false(scene.was_connected);
	teardown(&scene);
}

static void what_is_no_whole_answer_is_an_error(void **state)
{
	static const struct {
		const struct peer_step script[6];
		enum err_code code;
		const char *why;
	} rows[] = {
		{ { BEFORE, { PEER_CLOSE, NULL }, END }, ERR_RETRY, "the connection was closed before an answer" },
		{ { BEFORE, SEND("HTTP/1.1 200"), { PEER_CLOSE, NULL }, END }, ERR_RETRY,
			"the connection was closed before an answer" },
		{ { BEFORE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), { PEER_CLOSE, NULL }, END }, ERR_RETRY,
			"the connection was closed within the answer" },
		{ { BEFORE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), { PEER_CLOSE, NULL },
			  END },
			ERR_RETRY, "the connection was closed within the answer" },
		{ { BEFORE, SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), { PEER_AWAIT_CLOSED, NULL },
			  END },
			ERR_RETRY, "the answer's chunks are malformed" },
		{ { BEFORE, SEND("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
			  { PEER_AWAIT_CLOSED, NULL }, END },
			ERR_RETRY, "the answer is an upgrade that nobody asked for" },
		{ { BEFORE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789"), { PEER_AWAIT_CLOSED, NULL }, END },
			ERR_LIMIT, "the answer is longer than its cap" },
		{ { BEFORE, { PEER_RESET, NULL }, END }, ERR_RETRY, "connection reset by peer" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;

		setup(&scene, rows[i].script);
		scene.options.max_body_bytes = 8;
		run(&scene);
		assert_error(&scene, rows[i].code, rows[i].why);
		assert_true(scene.was_connected);
		teardown(&scene);
	}
}

static void rubbish_and_endless_heads_are_errors(void **state)
{
	static char endless[70 * 1024];
	static const struct peer_step rubbish[] = { BEFORE, SEND("SSH-2.0-OpenSSH\r\n\r\n"), { PEER_AWAIT_CLOSED, NULL }, END };
	static const struct peer_step flood[] = { BEFORE, SEND(endless), END };
	const struct peer_step *const scripts[] = { rubbish, flood };

	(void)state;
	memset(endless, 'a', sizeof(endless) - 1);
	memcpy(endless, "HTTP/1.1 200 OK\r\nX: ", 20);
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct scene scene;

		setup(&scene, scripts[i]);
		run(&scene);
		assert_int_equal(scene.status, 0);
		assert_int_equal(scene.err.code, ERR_RETRY);
		teardown(&scene);
	}
}

static void a_deadline_ends_it(void **state)
{
	static const struct peer_step script[] = { BEFORE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
		{ PEER_AWAIT_CLOSED, NULL }, END };
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.options.timeout_ms = 200;
	run(&scene);
	assert_error(&scene, ERR_TIMEOUT, "no whole answer within 200 ms");
	teardown(&scene);
}

static void a_dial_that_hangs_ends(void **state)
{
	struct scene scene;
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(name);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), filler[2];

	(void)state;
	setup(&scene, NULL);
	/* A backlog of none, filled: the kernel drops further SYNs. */
	assert_int_equal(bind(listening, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(listening, 0), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&name, &len), 0);
	filler[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(filler[0], (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(address_of_ip(TEXT("127.0.0.1"), ntohs(name.sin_port), &scene.options.address, NULL), 0);
	scene.options.connect_timeout_ms = 200;
	run(&scene);
	assert_error(&scene, ERR_TIMEOUT, "no connection in time");
	assert_false(scene.was_connected);
	(void)close(filler[0]);
	(void)close(listening);
	teardown(&scene);
}

static void stop_loop(void *arg)
{
	loop_stop(((struct scene *)arg)->loop);
}

static void a_cancelled_call_calls_nobody(void **state)
{
	static const struct peer_step script[] = { { PEER_ACCEPT, NULL }, { PEER_AWAIT_CLOSED, NULL }, END };
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.call = call_start(scene.loop, &scene.options);
	call_cancel(&scene.call);
	assert_null(scene.call);
	call_cancel(&scene.call);
	peer_join(scene.peer); /* the peer saw it close */
	assert_int_equal(scene.peer->closed, 1);
	/* One that has failed already, but not yet said so. */
	assert_int_equal(address_of_ip(TEXT("255.255.255.255"), 80, &scene.options.address, NULL), 0);
	scene.call = call_start(scene.loop, &scene.options);
	call_cancel(&scene.call);
	loop_defer(scene.loop, stop_loop, &scene);
	loop_run(scene.loop);
	assert_int_equal(scene.done, 0);
	peer_free(scene.peer);
	scene.peer = NULL;
	teardown(&scene);
}

static void cancelling_in_its_own_end_is_harmless(void **state)
{
	static const struct peer_step script[] = { BEFORE, SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), END };
	struct scene scene;

	(void)state;
	setup(&scene, script);
	scene.cancels_itself = true;
	run(&scene);
	assert_int_equal(scene.status, 200);
	teardown(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_comes_whole_however_it_is_framed),
		cmocka_unit_test(an_answer_in_pieces_is_put_together),
		cmocka_unit_test(the_request_is_sent_to_the_letter),
		cmocka_unit_test(a_refused_dial_names_the_address),
		cmocka_unit_test(a_dial_that_cannot_start_fails_from_the_loop),
		cmocka_unit_test(what_is_no_whole_answer_is_an_error),
		cmocka_unit_test(rubbish_and_endless_heads_are_errors),
		cmocka_unit_test(a_deadline_ends_it),
		cmocka_unit_test(a_dial_that_hangs_ends),
		cmocka_unit_test(a_cancelled_call_calls_nobody),
		cmocka_unit_test(cancelling_in_its_own_end_is_harmless),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
