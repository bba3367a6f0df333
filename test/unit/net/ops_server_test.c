/* SPDX-License-Identifier: Apache-2.0 */
/* The operations server against clients that speak bytes (in a thread), and by TLS against the HTTP client. */
#include "net/ops_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/eventfd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include "base/instant.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "net/authority.h"
#include "net/http_client.h"
#include "peer.h"

/* What one test looks at. `common` first, as the answers every daemon gives want it. */
struct scene {
	struct ops_common common;
	struct loop *loop;
	struct ops_server *server;
	struct loop_timer *too_long;
	struct ops_request *held;
	bool answers_at_once; /* else /hold waits */
	bool stops_when_held;
	int refreshed;
	char seen[1024]; /* what a handler saw */
};

/* A client in a thread: connects, sends, reads to the end, tells the loop. */
struct talk {
	uint16_t port;
	const char *request;
	char answer[8192];
	int done;
	pthread_t thread;
	struct loop *loop;
	struct loop_io *io;
};

static void on_too_long(void *arg)
{
	(void)arg;
	fail_msg("nothing happened for 20 s");
}

static void *talk_run(void *arg)
{
	struct talk *talk = arg;
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_port = htons(talk->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t got;
	uint64_t one = 1;

	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0) {
		for (size_t sent = 0; sent < strlen(talk->request);) {
			got = send(fd, talk->request + sent, strlen(talk->request) - sent, MSG_NOSIGNAL);
			if (got <= 0)
				break;
			sent += (size_t)got;
		}
		while (len < sizeof(talk->answer) - 1 &&
			(got = recv(fd, talk->answer + len, sizeof(talk->answer) - 1 - len, 0)) > 0)
			len += (size_t)got;
	}
	talk->answer[len] = '\0';
	(void)close(fd);
	(void)!write(talk->done, &one, sizeof(one));
	return NULL;
}

static void on_talked(void *arg, int events)
{
	struct talk *talk = arg;

	(void)events;
	loop_io_free(&talk->io);
	loop_stop(talk->loop);
}

static void talk_start(struct scene *scene, struct talk *talk, const char *request)
{
	*talk = (struct talk){ .port = ops_server_port(scene->server), .request = request, .loop = scene->loop };
	talk->done = eventfd(0, EFD_CLOEXEC);
	talk->io = loop_io_new(scene->loop, talk->done, on_talked, talk);
	loop_io_set(talk->io, LOOP_READ);
	assert_int_equal(pthread_create(&talk->thread, NULL, talk_run, talk), 0);
}

static void talk_end(struct talk *talk)
{
	(void)pthread_join(talk->thread, NULL);
	loop_io_free(&talk->io);
	(void)close(talk->done);
}

static const char *ask(struct scene *scene, struct talk *talk, const char *request)
{
	talk_start(scene, talk, request);
	loop_run(scene->loop);
	talk_end(talk);
	return talk->answer;
}

static void stop_loop(void *arg)
{
	loop_stop(((struct scene *)arg)->loop);
}

static void answer_held(void *arg)
{
	struct scene *scene = arg;

	ops_reply(scene->held, 200, "text/plain", TEXT("later"));
	scene->held = NULL;
}

static void handle_hold(void *arg, struct ops_request *request)
{
	struct scene *scene = arg;

	assert_ptr_equal(ops_request_arg(request), scene);
	scene->held = request;
	if (scene->stops_when_held)
		loop_defer(scene->loop, stop_loop, scene);
	else if (scene->answers_at_once)
		answer_held(scene);
	else
		loop_defer(scene->loop, answer_held, scene);
}

/* Answers the one that is held, from another's handler. */
static void handle_wake(void *arg, struct ops_request *request)
{
	struct scene *scene = arg;

	if (scene->held != NULL)
		answer_held(scene);
	ops_reply(request, 200, "text/plain", TEXT("woken"));
}

static const char *shown(struct text text)
{
	return text.at == NULL ? "(none)" : text.len == 0 ? "(empty)" : text.at;
}

static void handle_echo(void *arg, struct ops_request *request)
{
	struct scene *scene = arg;
	char peer[ADDRESS_TEXT_BYTES];
	struct text parameter = ops_request_parameter(request, 0), body = ops_request_body(request);

	address_format_ip(ops_request_peer(request), peer);
	(void)snprintf(scene->seen, sizeof(scene->seen), "%.*s|%s|%s|%s|%s|%s|%.*s", TEXT_ARGS(parameter),
		shown(ops_request_query(request, "q")), shown(ops_request_query(request, "flag")),
		shown(ops_request_query(request, "bad")), shown(ops_request_header(request, "x-mark")), peer, TEXT_ARGS(body));
	ops_reply(request, 201, "application/json", text_of("{}"));
}

static void before_metrics(void *arg)
{
	((struct scene *)arg)->refreshed++;
}

static const struct ops_route routes[] = {
	{ "GET /healthz", ops_handle_healthz },
	{ "GET /readyz", ops_handle_readyz },
	{ "GET /metrics", ops_handle_metrics },
	{ "GET /configz", ops_handle_configz },
	{ "GET /hold", handle_hold },
	{ "GET /wake", handle_wake },
	{ "POST /echo/{word}", handle_echo },
	{ "DELETE /echo/{word}", handle_echo },
};

static const struct ops_server_options plain = {
	.address = "127.0.0.1:0",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.max_body_bytes = 16,
};

static void setup_with(struct scene *scene, struct ops_server_options options)
{
	struct err err = { 0 };

	*scene = (struct scene){ .common.before_metrics = before_metrics };
	scene->loop = loop_new();
	scene->too_long = loop_timer_new(scene->loop, on_too_long, NULL);
	loop_timer_set(scene->too_long, 20000);
	scene->common.health = health_new();
	options.arg = scene;
	scene->server = ops_server_new(scene->loop, &options, &err);
	if (scene->server == NULL)
		fail_msg("%s", err.message);
	assert_int_not_equal(ops_server_port(scene->server), 0);
}

static void setup(struct scene *scene)
{
	setup_with(scene, plain);
}

static void teardown(struct scene *scene)
{
	ops_server_free(&scene->server);
	assert_null(scene->server);
	ops_server_free(&scene->server);
	health_free(&scene->common.health);
	loop_timer_free(&scene->too_long);
	loop_free(&scene->loop);
}

#define CLOSE " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void assert_answer(const char *answer, const char *status_line, const char *part)
{
	if (strncmp(answer, status_line, strlen(status_line)) != 0 || strstr(answer, part) == NULL)
		fail_msg("wanted %s … %s, got: %s", status_line, part, answer);
}

static void paths_and_methods_without_a_row_get_a_problem(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	assert_answer(ask(&scene, &talk, "GET /nothing" CLOSE), "HTTP/1.1 404 ", "{\"error\": \"no such path\"}\n");
	assert_answer(talk.answer, "HTTP/1.1 404 ", "Content-Type: application/json\r\n");
	assert_answer(ask(&scene, &talk, "POST /healthz" CLOSE), "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n");
	assert_answer(ask(&scene, &talk, "GET /echo/x" CLOSE), "HTTP/1.1 405 ", "GET is not allowed here; POST, DELETE is");
	assert_answer(ask(&scene, &talk, "GET /%68ealthz" CLOSE), "HTTP/1.1 404 ", "no such path");
	teardown(&scene);
}

static void a_handler_sees_path_query_headers_body_and_peer(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	ask(&scene, &talk,
		"POST /echo/a%2Fb?flag&q=one+%26two&bad=%zz HTTP/1.1\r\nHost: x\r\nX-Mark: m 1\r\nContent-Length: 5\r\n"
		"Connection: close\r\n\r\nhello");
	assert_answer(talk.answer, "HTTP/1.1 201 ", "\r\n\r\n{}");
	assert_string_equal(scene.seen, "a%2Fb|one &two|(empty)|(none)|m 1|127.0.0.1|hello");
	ask(&scene, &talk, "DELETE /echo/w" CLOSE);
	assert_string_equal(scene.seen, "w|(none)|(none)|(none)|(none)|127.0.0.1|");
	teardown(&scene);
}

static void head_is_answered_without_a_body(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	assert_answer(ask(&scene, &talk, "HEAD /healthz" CLOSE), "HTTP/1.1 200 ", "Content-Length: 3\r\n");
	assert_string_equal(strstr(talk.answer, "\r\n\r\n"), "\r\n\r\n");
	teardown(&scene);
}

static void a_body_past_the_cap_is_refused(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	ask(&scene, &talk, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\nConnection: close\r\n\r\n0123456789abcdef");
	assert_answer(talk.answer, "HTTP/1.1 201 ", "{}");
	scene.seen[0] = '\0';
	ask(&scene, &talk, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\nConnection: close\r\n\r\n0123456789abcdef!");
	assert_answer(talk.answer, "HTTP/1.1 413 ", "the request's body is longer than 16 bytes");
	ask(&scene, &talk,
		"POST /echo/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
		"11\r\n0123456789abcdef!\r\n0\r\n\r\n");
	assert_answer(talk.answer, "HTTP/1.1 413 ", "the request's body is longer than 16 bytes");
	ask(&scene, &talk, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\nExpect: 100-continue\r\n\r\n");
	assert_answer(talk.answer, "HTTP/1.1 413 ", "the request's body is longer than 16 bytes");
	assert_string_equal(scene.seen, "");
	teardown(&scene);
}

static void a_held_request_gets_its_answer_later(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	assert_answer(ask(&scene, &talk, "GET /hold" CLOSE), "HTTP/1.1 200 ", "\r\n\r\nlater");
	scene.answers_at_once = true;
	assert_answer(ask(&scene, &talk, "GET /hold" CLOSE), "HTTP/1.1 200 ", "\r\n\r\nlater");
	/* Two on one connection: holding the first does not lose the second. */
	scene.answers_at_once = false;
	ask(&scene, &talk, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz" CLOSE);
	assert_answer(talk.answer, "HTTP/1.1 200 ", "later");
	assert_answer(strstr(talk.answer, "later") + 5, "HTTP/1.1 200 ", "\r\n\r\nok\n");
	teardown(&scene);
}

static void a_handler_may_answer_another_held_request(void **state)
{
	struct scene scene;
	struct talk held, waker;

	(void)state;
	setup(&scene);
	scene.stops_when_held = true;
	talk_start(&scene, &held, "GET /hold" CLOSE);
	loop_run(scene.loop);
	talk_start(&scene, &waker, "GET /wake" CLOSE);
	loop_run(scene.loop);
	if (held.io != NULL || waker.io != NULL)
		loop_run(scene.loop);
	talk_end(&held);
	talk_end(&waker);
	assert_answer(held.answer, "HTTP/1.1 200 ", "later");
	assert_answer(waker.answer, "HTTP/1.1 200 ", "woken");
	teardown(&scene);
}

static void past_the_connection_limit_clients_wait_their_turn(void **state)
{
	struct scene scene;
	struct talk held, waiting;
	struct ops_server_options options = plain;

	(void)state;
	options.max_connections = 1;
	setup_with(&scene, options);
	scene.stops_when_held = true;
	talk_start(&scene, &held, "GET /hold" CLOSE);
	loop_run(scene.loop);
	talk_start(&scene, &waiting, "GET /healthz" CLOSE);
	loop_defer(scene.loop, answer_held, &scene);
	loop_run(scene.loop);
	if (held.io != NULL || waiting.io != NULL)
		loop_run(scene.loop);
	talk_end(&held);
	talk_end(&waiting);
	assert_answer(held.answer, "HTTP/1.1 200 ", "later");
	assert_answer(waiting.answer, "HTTP/1.1 200 ", "ok\n");
	teardown(&scene);
}

static void freeing_the_server_closes_held_requests(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	scene.stops_when_held = true;
	talk_start(&scene, &talk, "GET /hold" CLOSE);
	loop_run(scene.loop);
	assert_non_null(scene.held);
	ops_server_free(&scene.server);
	talk_end(&talk);
	assert_string_equal(talk.answer, "");
	teardown(&scene);
}

static void readyz_says_what_is_missing(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	assert_answer(ask(&scene, &talk, "GET /readyz" CLOSE), "HTTP/1.1 200 ", "\r\n\r\nok\n");
	health_set(scene.common.health, "agents", false, "403: cannot list agents.krypton.ai");
	health_set(scene.common.health, "leader", true, NULL);
	health_set(scene.common.health, "endpoints", false, NULL);
	ask(&scene, &talk, "GET /readyz" CLOSE);
	assert_answer(talk.answer, "HTTP/1.1 503 ",
		"\r\n\r\nnot ready: agents: 403: cannot list agents.krypton.ai; endpoints: not ready yet\n");
	ask(&scene, &talk, "GET /readyz?verbose" CLOSE);
	assert_answer(talk.answer, "HTTP/1.1 503 ",
		"\r\n\r\n[-]agents: 403: cannot list agents.krypton.ai\n[+]leader ok\n[-]endpoints: not ready yet\n");
	assert_answer(ask(&scene, &talk, "GET /healthz" CLOSE), "HTTP/1.1 200 ", "\r\n\r\nok\n");
	health_set(scene.common.health, "agents", true, NULL);
	health_set(scene.common.health, "endpoints", true, NULL);
	assert_answer(ask(&scene, &talk, "GET /readyz?verbose=1" CLOSE), "HTTP/1.1 200 ",
		"\r\n\r\n[+]agents ok\n[+]leader ok\n[+]endpoints ok\n");
	teardown(&scene);
}

static void metrics_are_refreshed_and_rendered(void **state)
{
	static const struct metric_spec specs[] = { { .name = "krypton_test_total", .type = METRIC_COUNTER, .help = "Tests." } };
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	assert_answer(ask(&scene, &talk, "GET /metrics" CLOSE), "HTTP/1.1 404 ", "this daemon has none");
	scene.common.metrics = metrics_new(specs, 1, "1.2.3");
	metrics_add(scene.common.metrics, 0, NULL, 3);
	ask(&scene, &talk, "GET /metrics" CLOSE);
	assert_answer(talk.answer, "HTTP/1.1 200 ", "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_answer(talk.answer, "HTTP/1.1 200 ", "\nkrypton_test_total 3\n");
	assert_int_equal(scene.refreshed, 1);
	metrics_free(&scene.common.metrics);
	teardown(&scene);
}

static void configz_is_the_configuration(void **state)
{
	struct scene scene;
	struct talk talk;

	(void)state;
	setup(&scene);
	scene.common.configuration = json_pack("{s:s, s:i}", "listen-address", ":8080", "count", 3);
	ask(&scene, &talk, "GET /configz" CLOSE);
	assert_answer(talk.answer, "HTTP/1.1 200 ", "\"listen-address\":\":8080\"");
	assert_answer(talk.answer, "HTTP/1.1 200 ", "Content-Type: application/json\r\n");
	json_decref(scene.common.configuration);
	teardown(&scene);
}

static void an_address_in_use_is_named(void **state)
{
	struct scene scene;
	struct err err = { 0 };
	char address[32], message[128];
	struct ops_server_options options = plain;

	(void)state;
	setup(&scene);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", ops_server_port(scene.server));
	options.address = address;
	assert_null(ops_server_new(scene.loop, &options, &err));
	(void)snprintf(message, sizeof(message), "listen on %s: %s: Address already in use", address, address);
	assert_string_equal(err.message, message);
	options.address = "localhost:80";
	assert_null(ops_server_new(scene.loop, &options, &err));
	assert_non_null(strstr(err.message, "localhost:80"));
	teardown(&scene);
}

static void all_addresses_take_ipv4_too(void **state)
{
	struct scene scene;
	struct talk talk;
	struct ops_server_options options = plain;

	(void)state;
	options.address = ":0";
	setup_with(&scene, options);
	assert_answer(ask(&scene, &talk, "GET /healthz" CLOSE), "HTTP/1.1 200 ", "ok\n");
	ask(&scene, &talk, "POST /echo/w" CLOSE);
	assert_string_equal(scene.seen, "w|(none)|(none)|(none)|(none)|127.0.0.1|");
	teardown(&scene);
}

/* --- TLS --- */

/* Made once a run: an authority, what it signed for the name krypton.test, and another authority. */
static struct {
	char folder[64];
	char *ca, *other_ca, *certificate, *key;
} pki;

static char *read_pem(const char *name)
{
	char path[128];
	struct err err = { 0 };
	scoped_buf out;

	buf_init(&out, 65536);
	(void)snprintf(path, sizeof(path), "%s/%s", pki.folder, name);
	if (file_read(path, &out, &err) < 0)
		fail_msg("%s", err.message);
	return mem_copy_text(buf_terminated(&out));
}

static int make_pki(void **state)
{
	char command[2048];

	(void)state;
	(void)snprintf(pki.folder, sizeof(pki.folder), "/tmp/krypton-pki-XXXXXX");
	if (mkdtemp(pki.folder) == NULL)
		return -1;
	(void)snprintf(command, sizeof(command),
		"cd %s && exec 2>openssl.log && new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && "
		"$new -x509 -days 2 -subj /CN=one -keyout ca.key -out ca.pem && "
		"$new -x509 -days 2 -subj /CN=two -keyout other.key -out other.pem && "
		"$new -subj /CN=server -keyout key.pem -out server.csr && echo subjectAltName=DNS:krypton.test > san && "
		"openssl x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san -out cert.pem",
		pki.folder);
	if (system(command) != 0)
		return -1;
	pki.ca = read_pem("ca.pem");
	pki.other_ca = read_pem("other.pem");
	pki.certificate = read_pem("cert.pem");
	pki.key = read_pem("key.pem");
	return 0;
}

static int drop_pki(void **state)
{
	char command[128];

	(void)state;
	mem_release(pki.ca);
	mem_release(pki.other_ca);
	mem_release(pki.certificate);
	mem_release(pki.key);
	(void)snprintf(command, sizeof(command), "rm -rf %s", pki.folder);
	return system(command);
}

struct fetched {
	struct loop *loop;
	int status;
	struct err err;
};

static void on_fetched(void *arg, const struct http_answer *answer)
{
	struct fetched *fetched = arg;

	fetched->status = answer->status;
	if (answer->err != NULL)
		fetched->err = *answer->err;
	loop_stop(fetched->loop);
}

static struct fetched fetch_by(struct scene *scene, struct http_client *client, const char *host)
{
	struct fetched fetched = { .loop = scene->loop };
	char url[128];

	(void)snprintf(url, sizeof(url), "https://%s:%u/hold", host, ops_server_port(scene->server));
	(void)http_client_send(client,
		&(struct http_request_options){
			.method = "GET", .url = url, .timeout_ms = 10000, .arg = &fetched, .on_done = on_fetched });
	loop_run(scene->loop);
	return fetched;
}

static struct fetched fetch(struct scene *scene, const struct http_tls *tls, const char *host)
{
	struct err err = { 0 };
	struct http_client *client = http_client_new(scene->loop, tls, &err);

	if (client == NULL)
		fail_msg("%s", err.message);
	struct fetched fetched = fetch_by(scene, client, host);
	http_client_free(&client);
	return fetched;
}

static void write_pem(const char *path, const char *pem)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(pem, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_rotated_authority_holds_from_the_next_connection(void **state)
{
	struct ops_server_options options = plain;
	struct scene scene;
	struct err err = { 0 };
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/ca.crt", pki.folder);
	const struct http_tls tls = { .ca_pem = pki.other_ca, .ca_file = path, .server_name = "krypton.test" };
	options.certificate_pem = pki.certificate;
	options.key_pem = pki.key;
	setup_with(&scene, options);
	struct http_client *client = http_client_new(scene.loop, &tls, &err);
	assert_non_null(client);
	write_pem(path, pki.other_ca);
	assert_int_equal(fetch_by(&scene, client, "127.0.0.1").status, 0);
	write_pem(path, pki.ca);
	assert_int_equal(fetch_by(&scene, client, "127.0.0.1").status, 200);
	http_client_free(&client);
	teardown(&scene);
}

static void tls_verifies_authority_and_name(void **state)
{
	const struct {
		struct http_tls tls;
		int status;
		const char *error;
	} rows[] = {
		{ { .ca_pem = pki.ca, .server_name = "krypton.test" }, 200, "" },
		{ { .ca_pem = pki.ca }, 0, "127.0.0.1" },
		{ { .ca_pem = pki.ca, .server_name = "other.test" }, 0, "other.test" },
		{ { .ca_pem = pki.other_ca, .server_name = "krypton.test" }, 0, "server certificate verification failed" },
		{ { .server_name = "krypton.test" }, 0, "server certificate verification failed" },
		{ { .ca_pem = pki.other_ca, .insecure = true }, 200, "" },
	};
	struct ops_server_options options = plain;
	struct scene scene;

	(void)state;
	options.certificate_pem = pki.certificate;
	options.key_pem = pki.key;
	setup_with(&scene, options);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fetched fetched = fetch(&scene, &rows[i].tls, "127.0.0.1");

		if (fetched.status != rows[i].status || strstr(fetched.err.message, rows[i].error) == NULL)
			fail_msg("row %zu: %d %s", i, fetched.status, fetched.err.message);
		assert_int_equal(fetched.err.code, rows[i].status == 0 ? ERR_RETRY : ERR_NONE);
		assert_null(strstr(fetched.err.message, "/proc/"));
	}
	teardown(&scene);
}

static void a_new_certificate_is_for_the_next_handshake(void **state)
{
	static const char *const names[] = { "krypton.test" };
	const int64_t now_ms = instant_wall_ms();
	const struct authority_options issue = {
		.name = "new", .dns_names = names, .dns_name_count = 1, .life = { now_ms - 60000, now_ms + 3600000 }
	};
	struct ops_server_options options = plain;
	struct scene scene;
	struct err err = { 0 };
	scoped_buf ca, certificate, key;

	(void)state;
	buf_init(&ca, 16384);
	buf_init(&certificate, 16384);
	buf_init(&key, 16384);
	assert_int_equal(authority_issue(&issue, &ca, &certificate, &key, &err), 0);
	options.certificate_pem = pki.certificate;
	options.key_pem = pki.key;
	setup_with(&scene, options);
	struct http_client *connected =
		http_client_new(scene.loop, &(struct http_tls){ .ca_pem = pki.ca, .server_name = "krypton.test" }, &err);
	assert_int_equal(fetch_by(&scene, connected, "127.0.0.1").status, 200);
	assert_int_equal(ops_server_set_certificate(scene.server, buf_terminated(&certificate), pki.key, &err), -1);
	assert_non_null(strstr(err.message, "certificate and key"));
	assert_int_equal(ops_server_set_certificate(scene.server, buf_terminated(&certificate), buf_terminated(&key), &err), 0);
	assert_int_equal(fetch_by(&scene, connected, "127.0.0.1").status, 200); /* by its connection */
	assert_int_equal(
		fetch(&scene, &(struct http_tls){ .ca_pem = pki.ca, .server_name = "krypton.test" }, "127.0.0.1").status, 0);
	assert_int_equal(
		fetch(&scene, &(struct http_tls){ .ca_pem = buf_terminated(&ca), .server_name = "krypton.test" }, "127.0.0.1")
			.status,
		200);
	http_client_free(&connected);
	teardown(&scene);
}

static void a_key_that_does_not_fit_is_refused(void **state)
{
	struct ops_server_options options = plain;
	struct loop *loop = loop_new();
	struct err err = { 0 };

	(void)state;
	options.certificate_pem = pki.ca;
	options.key_pem = pki.key;
	assert_null(ops_server_new(loop, &options, &err));
	assert_non_null(strstr(err.message, "certificate and key"));
	options.key_pem = NULL;
	assert_null(ops_server_new(loop, &options, &err));
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_and_methods_without_a_row_get_a_problem),
		cmocka_unit_test(a_handler_sees_path_query_headers_body_and_peer),
		cmocka_unit_test(head_is_answered_without_a_body),
		cmocka_unit_test(a_body_past_the_cap_is_refused),
		cmocka_unit_test(a_held_request_gets_its_answer_later),
		cmocka_unit_test(a_handler_may_answer_another_held_request),
		cmocka_unit_test(past_the_connection_limit_clients_wait_their_turn),
		cmocka_unit_test(freeing_the_server_closes_held_requests),
		cmocka_unit_test(readyz_says_what_is_missing),
		cmocka_unit_test(metrics_are_refreshed_and_rendered),
		cmocka_unit_test(configz_is_the_configuration),
		cmocka_unit_test(an_address_in_use_is_named),
		cmocka_unit_test(all_addresses_take_ipv4_too),
		cmocka_unit_test(tls_verifies_authority_and_name),
		cmocka_unit_test(a_rotated_authority_holds_from_the_next_connection),
		cmocka_unit_test(a_new_certificate_is_for_the_next_handshake),
		cmocka_unit_test(a_key_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests_name("ops_server", tests, make_pki, drop_pki);
}
