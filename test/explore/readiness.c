/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for proxy-sidecar/readiness, which dials and reads /proc: the same looks at the same times, at a port of the model. */
#include "proxy-sidecar/readiness.h"

#include <errno.h>

#include "base/loop.h"
#include "base/mem.h"
#include "test/explore/choice.h"
#include "test/explore/instance.h"
#include "test/explore/process.h"

struct readiness {
	struct loop *loop;
	struct readiness_options options;
	struct loop_timer *timer;
	enum readiness_agent agent;
	bool has_looked;
	void (*on_restart)(void *arg);
	void *restart_arg;
	bool restart_seen_gone;
};

static const struct sockets_ports NO_PORTS;

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

static void look(void *arg)
{
	struct readiness *readiness = arg;
	enum readiness_agent agent = readiness->loop->instance->agent_listens ? READINESS_LISTENING : READINESS_NOT_LISTENING;
	bool changed = !readiness->has_looked || agent != readiness->agent;

	readiness->has_looked = true;
	readiness->agent = agent;
	note_restart(readiness);
	if (changed)
		readiness->options.on_change(readiness->options.arg, agent, agent == READINESS_LISTENING ? 0 : ECONNREFUSED);
}

/* While the agent is there and nobody watches for its restart, nobody looks: its end shows by the next dial. */
void readiness_agent_changed(struct readiness *readiness)
{
	if (readiness->agent != READINESS_LISTENING)
		loop_timer_set(readiness->timer, choice_between(0, READINESS_EAGER_MS));
	else if (readiness->on_restart != NULL)
		loop_timer_set(readiness->timer, choice_between(0, READINESS_WATCH_MS));
}

void readiness_recheck(struct readiness *readiness)
{
	if (!loop_timer_is_set(readiness->timer))
		loop_timer_set(readiness->timer, choice_between(0, 1));
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

const char *readiness_agent_name(enum readiness_agent agent)
{
	return agent == READINESS_LISTENING ? "listening" : "not-listening";
}

const struct sockets_ports *readiness_ports(const struct readiness *readiness)
{
	(void)readiness;
	return &NO_PORTS;
}

struct readiness *readiness_new(struct loop *loop, const struct readiness_options *options)
{
	struct readiness *readiness = mem_alloc(sizeof(*readiness));

	readiness->loop = loop;
	readiness->options = *options;
	readiness->agent = READINESS_NOT_LISTENING;
	readiness->timer = loop_timer_new(loop, look, readiness);
	readiness_recheck(readiness);
	return readiness;
}

void readiness_free(struct readiness **readiness)
{
	if (*readiness == NULL)
		return;
	loop_timer_free(&(*readiness)->timer);
	mem_release(*readiness);
	*readiness = NULL;
}
