/* SPDX-License-Identifier: Apache-2.0 */
/* Watches the agent's port by dialling it: every 5 ms in its first seconds, when somebody waits for it, then more slowly; once it
   accepts, only when asked. It never sends the agent anything but its own readiness probe. */
#include "proxy-sidecar/readiness.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/call.h"
#include "proxy-sidecar/dial.h"

#define DIAL_TIMEOUT_MS  1000
#define PROBE_TIMEOUT_MS 5000
#define EAGER_SPAN_MS    10000
#define CALM_PERIOD_MS   100
#define PORTS_PERIOD_MS  500 /* the kernel writes its whole table anew for each reading: not at every dial */
#define TABLE_MAX_BYTES  65536
#define TABLE_READ_BYTES 16384

struct readiness {
	struct loop *loop;
	struct readiness_options options;
	struct loop_timer *timer;
	struct dial *dial; /* one look at a time: dial, then probe */
	struct call *probe;
	enum readiness_agent agent;
	bool has_looked;
	int64_t missing_since_ms;
	struct sockets_ports ports;
	int64_t ports_read_ms; /* 0: never */
	void (*on_restart)(void *arg);
	void *restart_arg;
	bool restart_seen_gone;
};

static const char *const AGENT_NAMES[] = {
	[READINESS_LISTENING] = "listening",
	[READINESS_NOT_LISTENING] = "not-listening",
	[READINESS_PORT_MISMATCH] = "port-mismatch",
	[READINESS_PROBE_FAILING] = "probe-failing",
};

const char *readiness_agent_name(enum readiness_agent agent)
{
	return AGENT_NAMES[agent];
}

/* Who else listens in this pod; a table that cannot be read shows nothing. */
/* The kernel lists sockets that listen before all others: a table of many connections is read no further than that. */
static void read_table(const char *path, struct buf *table)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;

	while (fd != -1 && got > 0) {
		size_t room = 0;
		char *at = buf_reserve(table, TABLE_READ_BYTES, &room);

		got = at != NULL ? read(fd, at, room) : 0;
		if (got > 0)
			buf_commit(table, (size_t)got);
	}
	if (fd != -1)
		(void)close(fd);
}

static void read_ports(struct readiness *readiness)
{
	static const char *const TABLES[] = { "/proc/net/tcp", "/proc/net/tcp6" };
	struct sockets_ports seen = { 0 };
	int64_t now_ms = loop_now_ms(readiness->loop);

	if (readiness->ports_read_ms != 0 && now_ms - readiness->ports_read_ms < PORTS_PERIOD_MS)
		return;
	readiness->ports_read_ms = now_ms;
	for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
		scoped_buf table;

		buf_init(&table, TABLE_MAX_BYTES);
		read_table(TABLES[i], &table);
		sockets_add_listening(buf_text(&table), &seen);
	}
	readiness->ports.count = 0;
	for (size_t i = 0; i < seen.count; i++) {
		if (seen.ports[i] != readiness->options.own_port)
			readiness->ports.ports[readiness->ports.count++] = seen.ports[i];
	}
}

static void note_restart(struct readiness *readiness)
{
	void (*on_restart)(void *arg) = readiness->on_restart;

	if (on_restart == NULL)
		return;
	if (readiness->agent != READINESS_LISTENING) {
		readiness->restart_seen_gone = true;
	} else if (readiness->restart_seen_gone) {
		readiness->on_restart = NULL;
		on_restart(readiness->restart_arg);
	}
}

/* When to look again by ourselves: never while all is well, unless a restart is watched for. */
static void plan_next(struct readiness *readiness)
{
	if (readiness->agent != READINESS_LISTENING) {
		int64_t missing_ms = loop_now_ms(readiness->loop) - readiness->missing_since_ms;

		loop_timer_set(readiness->timer, missing_ms < EAGER_SPAN_MS ? READINESS_EAGER_MS : CALM_PERIOD_MS);
	} else if (readiness->on_restart != NULL) {
		loop_timer_set(readiness->timer, READINESS_WATCH_MS);
	}
}

static void conclude(struct readiness *readiness, enum readiness_agent agent, int error)
{
	bool changed = !readiness->has_looked || agent != readiness->agent;

	if (changed && agent != READINESS_LISTENING && (readiness->agent == READINESS_LISTENING || !readiness->has_looked))
		readiness->missing_since_ms = loop_now_ms(readiness->loop);
	readiness->has_looked = true;
	readiness->agent = agent;
	note_restart(readiness);
	plan_next(readiness);
	if (changed)
		readiness->options.on_change(readiness->options.arg, agent, error);
}

static void on_probed(void *arg, const struct call_answer *answer)
{
	struct readiness *readiness = arg;

	readiness->probe = NULL;
	conclude(readiness, answer->status >= 200 && answer->status < 400 ? READINESS_LISTENING : READINESS_PROBE_FAILING, 0);
}

static void probe(struct readiness *readiness)
{
	char host[ADDRESS_TEXT_BYTES];

	address_format(&readiness->options.agent, host);
	readiness->probe = call_start(readiness->loop,
		&(struct call_options){ .address = readiness->options.agent,
			.method = "GET",
			.target = readiness->options.probe_path,
			.host = host,
			.connect_timeout_ms = DIAL_TIMEOUT_MS,
			.timeout_ms = PROBE_TIMEOUT_MS,
			.max_body_bytes = 64 * 1024,
			.arg = readiness,
			.on_done = on_probed });
}

static void on_dialled(void *arg, int error)
{
	struct readiness *readiness = arg;

	readiness->dial = NULL;
	if (error == 0 && readiness->options.probe_path != NULL) {
		probe(readiness);
		return;
	}
	if (error == 0) {
		conclude(readiness, READINESS_LISTENING, 0);
		return;
	}
	read_ports(readiness);
	conclude(readiness, readiness->ports.count > 0 ? READINESS_PORT_MISMATCH : READINESS_NOT_LISTENING, error);
}

void readiness_recheck(struct readiness *readiness)
{
	if (readiness->dial != NULL || readiness->probe != NULL)
		return;
	loop_timer_cancel(readiness->timer);
	readiness->dial = dial_start(readiness->loop, &readiness->options.agent, DIAL_TIMEOUT_MS, on_dialled, readiness);
}

static void on_due(void *arg)
{
	readiness_recheck(arg);
}

void readiness_watch_restart(struct readiness *readiness, void (*on_restart)(void *arg), void *arg)
{
	readiness->on_restart = on_restart;
	readiness->restart_arg = arg;
	readiness->restart_seen_gone = false;
	readiness_recheck(readiness);
}

bool readiness_is_ready(const struct readiness *readiness)
{
	return readiness->has_looked && readiness->agent == READINESS_LISTENING;
}

enum readiness_agent readiness_agent(const struct readiness *readiness)
{
	return readiness->agent;
}

const struct sockets_ports *readiness_ports(const struct readiness *readiness)
{
	return &readiness->ports;
}

struct readiness *readiness_new(struct loop *loop, const struct readiness_options *options)
{
	struct readiness *readiness = mem_alloc(sizeof(*readiness));

	readiness->loop = loop;
	readiness->options = *options;
	readiness->agent = READINESS_NOT_LISTENING;
	readiness->missing_since_ms = loop_now_ms(loop);
	readiness->timer = loop_timer_new(loop, on_due, readiness);
	readiness_recheck(readiness);
	return readiness;
}

void readiness_free(struct readiness **readiness)
{
	if (*readiness == NULL)
		return;
	dial_cancel(&(*readiness)->dial);
	call_cancel(&(*readiness)->probe);
	loop_timer_free(&(*readiness)->timer);
	mem_release(*readiness);
	*readiness = NULL;
}
