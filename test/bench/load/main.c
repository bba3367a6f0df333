/* SPDX-License-Identifier: Apache-2.0 */
/* The load of the bench. It opens its connections, and once each of them was answered (or waits, or streams) and the warm-up
   is over, one window is measured: requests, durations, and the CPU time of the processes it was told to watch, taken in
   the same instants. One line of JSON on standard output. Without a window it says `ready` and holds all until its
   standard input ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/daemon.h"
#include "base/mem.h"
#include "base/options.h"
#include "client.h"
#include "samples.h"

#define MAX_WATCHED     8
#define MAX_EVENTS      256
#define RAMP_PERIOD_NS  INT64_C(1000000)
#define RAMP_STEP       10 /* connections a period: no listener's backlog runs over */
#define RAMP_TIMEOUT_NS INT64_C(90000000000)
#define SECOND_NS       INT64_C(1000000000)
#define REQUEST_BYTES   (8 * 1024 * 1024)

struct settings {
	const char *to;
	const char *kind;
	const char *method;
	const char *path;
	const char *watch;
	int64_t connections, rate, body_bytes, window_ms, warm_up_ms;
};

#define FIELD(name) offsetof(struct settings, name)

static const struct option options[] = {
	{ .name = "to", .type = OPTION_ADDRESS, .offset = FIELD(to), .sentence = "the proxy" },
	{ .name = "kind",
		.type = OPTION_TEXT,
		.offset = FIELD(kind),
		.fallback = "requests",
		.sentence =
			"requests (again and again), idle (one each), silent (no answer comes) or streams (events that carry the "
			"monotonic time in ns)" },
	{ .name = "method", .type = OPTION_TEXT, .offset = FIELD(method), .fallback = "GET", .sentence = "of each request" },
	{ .name = "path", .type = OPTION_TEXT, .offset = FIELD(path), .fallback = "/", .sentence = "of each request" },
	{ .name = "body-bytes",
		.type = OPTION_BYTES,
		.offset = FIELD(body_bytes),
		.fallback = "0",
		.max = REQUEST_BYTES / 2,
		.sentence = "of each request" },
	{ .name = "connections",
		.type = OPTION_INT,
		.offset = FIELD(connections),
		.fallback = "64",
		.min = 1,
		.max = 60000,
		.sentence = "held open" },
	{ .name = "rate",
		.type = OPTION_INT,
		.offset = FIELD(rate),
		.fallback = "0",
		.sentence =
			"requests a second, at fixed times, durations counted from these; 0: each as soon as the one before it is "
			"answered" },
	{ .name = "window",
		.type = OPTION_DURATION,
		.offset = FIELD(window_ms),
		.fallback = "0s",
		.sentence = "what is measured; 0: nothing, all is held" },
	{ .name = "warm-up", .type = OPTION_DURATION, .offset = FIELD(warm_up_ms), .fallback = "100ms", .sentence = "before it" },
	{ .name = "watch", .type = OPTION_TEXT, .offset = FIELD(watch), .sentence = "processes whose CPU time is taken: PID,PID" },
};

enum kind { REQUESTS, IDLE, SILENT, STREAMS };
enum phase { RAMP, WARM_UP, WINDOW, HOLDS, DONE };

struct load {
	struct settings settings;
	enum kind kind;
	enum phase phase;
	struct address peer;
	int epoll_fd;
	struct buf request;
	struct client *clients;
	int opened, arrived; /* of the connections; arrived: at what its kind waits for */
	int64_t ramp_due_ns, started_ns;
	int64_t phase_end_ns;
	/* open loop */
	struct client **idle;
	size_t idle_count;
	int64_t arrival_ns, arrival_step_ns, late_count;
	/* the window */
	clockid_t watched[MAX_WATCHED];
	int watched_count;
	int64_t cpu_ns[MAX_WATCHED], window_ns;
	int64_t requests, failed, lost, torn;
	struct samples samples;
};

static int64_t read_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* --- the window --- */

static void take_clocks(struct load *load, int sign)
{
	int64_t now = now_ns();

	for (int i = 0; i < load->watched_count; i++)
		load->cpu_ns[i] += sign * read_ns(load->watched[i]);
	load->window_ns += sign * now;
}

static bool is_open_loop(const struct load *load)
{
	return load->kind == REQUESTS && load->settings.rate > 0;
}

static void next_phase(struct load *load)
{
	int64_t now = now_ns();

	switch (load->phase) {
	case RAMP:
		if (load->settings.window_ms == 0) {
			load->phase = HOLDS;
			printf("ready\n");
			(void)fflush(stdout);
			return;
		}
		load->phase = WARM_UP;
		load->phase_end_ns = now + load->settings.warm_up_ms * 1000000;
		load->arrival_ns = now;
		return;
	case WARM_UP:
		load->phase = WINDOW;
		load->phase_end_ns = now + load->settings.window_ms * 1000000;
		take_clocks(load, -1);
		return;
	case WINDOW:
		take_clocks(load, 1);
		load->phase = DONE;
		return;
	case HOLDS:
	case DONE: return;
	}
}

static void count(struct load *load, int64_t since_ns, int64_t now)
{
	if (load->phase != WINDOW && load->phase != HOLDS)
		return;
	load->requests++;
	samples_add(&load->samples, now - since_ns);
}

/* --- requests --- */

static void on_broke(struct load *load, struct client *client, bool was_idle);

static void ask(struct load *load, struct client *client, int64_t due_ns)
{
	client->due_ns = due_ns;
	if (client_ask(client, buf_text(&load->request), load->epoll_fd) == CLIENT_BROKE)
		on_broke(load, client, false);
}

static void on_broke(struct load *load, struct client *client, bool was_idle)
{
	load->lost++;
	if (load->kind != REQUESTS || load->phase == RAMP || load->lost > 1000)
		return;
	if (client_open(client, &load->peer, load->epoll_fd) == 0 && !was_idle)
		ask(load, client, now_ns());
}

/* Something arrived that the ramp waits for. */
static void note_arrival(struct load *load)
{
	if (load->phase == RAMP && ++load->arrived == load->settings.connections)
		next_phase(load);
}

/* Free for the arrival that waits longest, or for the next one. */
static void go_on(struct load *load, struct client *client, int64_t now)
{
	if (load->kind != REQUESTS)
		return;
	if (!is_open_loop(load)) {
		ask(load, client, now);
	} else if (load->late_count > 0) {
		int64_t due_ns = load->arrival_ns - load->late_count * load->arrival_step_ns;

		load->late_count--;
		ask(load, client, due_ns);
	} else {
		load->idle[load->idle_count++] = client;
	}
}

static void on_answer(struct load *load, struct client *client, bool is_fine)
{
	int64_t now = now_ns();

	if (!is_fine)
		load->failed++;
	else
		count(load, client->due_ns, now);
	note_arrival(load);
	go_on(load, client, now);
}

/* The times that have come; where no connection is free, the request goes late and its time counts from here. */
static void arrive(struct load *load, int64_t now)
{
	if (load->phase == RAMP)
		return;
	while (load->arrival_ns <= now) {
		int64_t due_ns = load->arrival_ns;

		load->arrival_ns += load->arrival_step_ns;
		if (load->idle_count > 0)
			ask(load, load->idle[--load->idle_count], due_ns);
		else
			load->late_count++;
	}
}

static void on_events(struct load *load, struct client *client, struct text bytes)
{
	int64_t now = now_ns(), sent_ns;

	while (client_take_event(client, &bytes, &sent_ns)) {
		if (client->due_ns != 0) {
			client->due_ns = 0; /* the first one of this stream */
			note_arrival(load);
		}
		if (now < sent_ns || now - sent_ns > 60 * SECOND_NS)
			load->torn++;
		else
			count(load, sent_ns, now);
	}
}

static void on_ready(struct load *load, struct client *client)
{
	bool was_idle = client->state == CLIENT_IDLE;
	struct text bytes;

	if (client->state == CLIENT_CLOSED)
		return;
	switch (client_ready(client, buf_text(&load->request), load->epoll_fd, &bytes)) {
	case CLIENT_NOTHING: break;
	case CLIENT_ANSWERED: on_answer(load, client, true); break;
	case CLIENT_REFUSED: on_answer(load, client, false); break;
	case CLIENT_EVENTS: on_events(load, client, bytes); break;
	case CLIENT_BROKE: on_broke(load, client, was_idle); break;
	}
}

/* --- the ramp --- */

static void ramp(struct load *load, int64_t now)
{
	if (now < load->ramp_due_ns || load->opened == load->settings.connections)
		return;
	load->ramp_due_ns = now + RAMP_PERIOD_NS;
	for (int i = 0; i < RAMP_STEP && load->opened < load->settings.connections; i++) {
		struct client *client = &load->clients[load->opened++];

		if (client_open(client, &load->peer, load->epoll_fd) == -1) {
			load->lost++;
			continue;
		}
		ask(load, client, now);
		if (load->kind == SILENT)
			note_arrival(load);
	}
}

static int64_t next_due_ns(const struct load *load)
{
	int64_t due_ns = load->phase == RAMP ? load->started_ns + RAMP_TIMEOUT_NS
		: load->phase == HOLDS       ? INT64_MAX
					     : load->phase_end_ns;

	if (load->opened < load->settings.connections && load->ramp_due_ns < due_ns)
		due_ns = load->ramp_due_ns;
	if (is_open_loop(load) && load->phase != RAMP && load->arrival_ns < due_ns)
		due_ns = load->arrival_ns;
	return due_ns;
}

static void turn(struct load *load, int64_t now)
{
	ramp(load, now);
	if (is_open_loop(load))
		arrive(load, now);
	if (load->phase == RAMP && now > load->started_ns + RAMP_TIMEOUT_NS) {
		(void)fprintf(stderr, "load: %d of %lld connections came through in %d s, %lld were lost\n", load->arrived,
			(long long)load->settings.connections, (int)(RAMP_TIMEOUT_NS / SECOND_NS), (long long)load->lost);
		exit(1);
	}
	if ((load->phase == WARM_UP || load->phase == WINDOW) && now >= load->phase_end_ns)
		next_phase(load);
}

static void on_input(struct load *load)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) <= 0)
		load->phase = DONE;
}

static void run(struct load *load)
{
	struct epoll_event events[MAX_EVENTS];

	while (load->phase != DONE) {
		int64_t now = now_ns(), wait_ns = next_due_ns(load) - now;

		wait_ns = wait_ns < 0 ? 0 : wait_ns > SECOND_NS ? SECOND_NS : wait_ns;
		const struct timespec timeout = { .tv_sec = wait_ns / SECOND_NS, .tv_nsec = wait_ns % SECOND_NS };
		int ready = epoll_pwait2(load->epoll_fd, events, MAX_EVENTS, &timeout, NULL);
		for (int i = 0; i < ready && load->phase != DONE; i++) {
			if (events[i].data.ptr == NULL)
				on_input(load);
			else
				on_ready(load, events[i].data.ptr);
		}
		turn(load, now_ns());
	}
}

/* --- what it begins with and ends with --- */

static int kind_parse(const char *name, enum kind *ret_kind, struct err *err)
{
	static const char *const NAMES[] = { [REQUESTS] = "requests", [IDLE] = "idle", [SILENT] = "silent", [STREAMS] = "streams" };

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		if (strcmp(name, NAMES[i]) == 0) {
			*ret_kind = (enum kind)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "--kind=%s: must be requests, idle, silent or streams", name);
}

static int watch_parse(struct load *load, struct err *err)
{
	struct text rest = text_of(load->settings.watch);
	int64_t pid;

	while (rest.len > 0 && load->watched_count < MAX_WATCHED) {
		if (text_to_int(text_cut(&rest, ','), 1, INT32_MAX, &pid) == -1 ||
			clock_getcpuclockid((pid_t)pid, &load->watched[load->watched_count++]) != 0)
			return err_set(err, ERR_INVALID, "--watch=%s: no such process", load->settings.watch);
	}
	return 0;
}

static void make_request(struct load *load)
{
	const struct settings *settings = &load->settings;

	buf_init(&load->request, REQUEST_BYTES);
	BUG_ON(buf_format(&load->request, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\n", settings->method,
		       settings->path, settings->to) == -1);
	if (settings->body_bytes > 0)
		BUG_ON(buf_format(&load->request, "Content-Type: application/json\r\nContent-Length: %lld\r\n",
			       (long long)settings->body_bytes) == -1);
	BUG_ON(buf_append_terminated(&load->request, "\r\n") == -1);
	for (int64_t i = 0; i < settings->body_bytes; i++)
		BUG_ON(buf_append(&load->request, "y", 1) == -1);
}

static int load_init(struct load *load, struct err *err)
{
	const struct settings *settings = &load->settings;

	if (settings->to == NULL)
		return err_set(err, ERR_INVALID, "--to is missing");
	if (address_parse(text_of(settings->to), &load->peer, err) == -1 || kind_parse(settings->kind, &load->kind, err) == -1 ||
		watch_parse(load, err) == -1)
		return -1;
	make_request(load);
	load->clients = mem_alloc_array((size_t)settings->connections, sizeof(*load->clients));
	load->idle = mem_alloc_array((size_t)settings->connections, sizeof(struct client *));
	load->arrival_step_ns = settings->rate > 0 ? SECOND_NS / settings->rate : 0;
	load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	load->started_ns = now_ns();
	if (settings->window_ms == 0)
		(void)epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &(struct epoll_event){ .events = EPOLLIN });
	return 0;
}

static void report(struct load *load)
{
	int open_count = 0;

	for (int i = 0; i < load->opened; i++)
		open_count += load->clients[i].state != CLIENT_CLOSED;
	printf("{\"requests\": %lld, \"failed\": %lld, \"lost\": %lld, \"torn\": %lld, \"open\": %d, \"late\": %lld, "
	       "\"window_ns\": %lld, \"cpu_ns\": [",
		(long long)load->requests, (long long)load->failed, (long long)load->lost, (long long)load->torn, open_count,
		(long long)load->late_count, (long long)load->window_ns);
	for (int i = 0; i < load->watched_count; i++)
		printf("%s%lld", i > 0 ? ", " : "", (long long)load->cpu_ns[i]);
	printf("], \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n",
		samples_percentile_us(&load->samples, 50), samples_percentile_us(&load->samples, 90),
		samples_percentile_us(&load->samples, 99), samples_percentile_us(&load->samples, 100));
}

int main(int argc, char **argv)
{
	static struct load load;
	struct err err = { 0 };

	daemon_setup("load", LOG_LEVEL_INFO);
	switch (options_parse(
		options, ARRAY_LEN(options), &load.settings, "load", "0", "asks a proxy of the bench", argc, argv, &err)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return daemon_refuse("load", &err);
	case OPTIONS_RUN: break;
	}
	if (load_init(&load, &err) == -1)
		return daemon_refuse("load", &err);
	run(&load);
	report(&load);
	for (int i = 0; i < load.opened; i++)
		client_close(&load.clients[i]);
	samples_fini(&load.samples);
	buf_fini(&load.request);
	mem_release(load.clients);
	mem_release(load.idle);
	return 0;
}
