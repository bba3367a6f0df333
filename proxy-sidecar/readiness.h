/* SPDX-License-Identifier: Apache-2.0 */
/* readiness.h — is the agent there? Dials its port until it accepts, and again whenever that may have changed. */
#ifndef KRYPTON_PROXY_SIDECAR_READINESS_H
#define KRYPTON_PROXY_SIDECAR_READINESS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"
#include "proxy-sidecar/sockets.h"

/* How often it dials: while the agent is waited for, and while its restart is watched for. */
#define READINESS_EAGER_MS 5
#define READINESS_WATCH_MS 200

struct loop;
struct readiness;

enum readiness_agent {
	READINESS_LISTENING,
	READINESS_NOT_LISTENING, /* nobody listens on any port but ours */
	READINESS_PORT_MISMATCH, /* somebody listens, elsewhere */
	READINESS_PROBE_FAILING, /* it accepts, its own probe does not pass */
};

struct readiness_options {
	struct address agent;
	uint16_t own_port;      /* left out of the ports seen */
	const char *probe_path; /* NULL: accepting is enough; kept by pointer */
	void *arg;
	/* After every change between listening and not, first included. error: the dial's errno, 0 where there is none. */
	void (*on_change)(void *arg, enum readiness_agent agent, int error);
};

struct readiness *readiness_new(struct loop *loop, const struct readiness_options *options);
void readiness_free(struct readiness **readiness);
bool readiness_is_ready(const struct readiness *readiness);
enum readiness_agent readiness_agent(const struct readiness *readiness);
const char *readiness_agent_name(enum readiness_agent agent); /* "listening", "not-listening", "port-mismatch", "probe-failing" */
/* The ports that others in the pod listen on, as last seen. */
const struct sockets_ports *readiness_ports(const struct readiness *readiness);
/* What was true may be over (a dial failed, the kubelet asks): look now. */
void readiness_recheck(struct readiness *readiness);
/* Calls on_restart once when the agent has been seen gone and there again; NULL stops watching: for a drain without a SIGTERM. */
void readiness_watch_restart(struct readiness *readiness, void (*on_restart)(void *arg), void *arg);

#endif
