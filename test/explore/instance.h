/* SPDX-License-Identifier: Apache-2.0 */
/* instance.h — one pod as it really is: a real krypton-proxy, the agent beside it, and the kubelet that looks after both. */
#ifndef KRYPTON_EXPLORE_INSTANCE_H
#define KRYPTON_EXPLORE_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy-sidecar/sidecar.h"
#include "test/explore/settings.h"
#include "test/explore/wire.h"

struct deployment;
struct execution;
struct moment;

struct instance {
	struct deployment *deployment;
	struct instance *next;
	char name[24];
	char ip[ADDRESS_TEXT_BYTES];
	int concurrency;
	int64_t drain_timeout_ms;
	int64_t created_ms;

	struct loop *loop; /* krypton-proxy's; NULL: it does not run */
	struct sidecar_options options;
	struct sidecar *sidecar;
	struct server agent; /* on 127.0.0.1 */
	bool agent_listens, agent_is_gone;
	struct execution *executions;
	int running, streams; /* of them */

	bool has_started;   /* its containers have */
	bool is_published;  /* the kubelet has told its address */
	bool is_ready;      /* the kubelet has told that */
	int64_t ready_ms;   /* since then */
	bool is_deleting;   /* and since when */
	int64_t deleted_ms; /* elapsed on the agenda */
	bool is_lost;       /* its node is gone, and nobody knows yet */
	bool is_gone;       /* removed from the API server; freed at once */
	int failed_probes;
	int64_t blind_until_ms; /* the kubelet's questions fail */
	struct wire *probe, *drain;
	struct moment *due[8]; /* what is planned for it, by instance_step */

	int64_t kept_since_ms[MAX_GATEWAYS]; /* it is retired and somebody waits; 0: not so */
	int64_t free_since_ms[MAX_GATEWAYS]; /* the invariants': a slot is free and somebody waits; 0: not so */
};

struct instance *instance_new(struct deployment *deployment, int number);
/* Whatever still runs is broken off. */
void instance_free(struct instance **instance);
/* DELETE: drain, SIGTERM, and an end at the latest behind the grace period. */
void instance_delete(struct instance *instance);
/* Faults. */
void instance_crash_agent(struct instance *instance);
void instance_crash_sidecar(struct instance *instance);
void instance_blind(struct instance *instance); /* its kubelet, for a while */
void instance_lose(struct instance *instance);  /* with its node */
/* Its sidecar would take a request now, and has a slot. */
bool instance_has_free_slot(const struct instance *instance);
/* Requests that its sidecar counts. A caller that leaves frees its slot a little before the agent hears of it. */
int instance_admitted(const struct instance *instance);
/* -1 where it is not. */
int64_t instance_retired_for_ms(const struct instance *instance);
/* Requests and streams of gateways that began before that. */
int instance_work_since(const struct instance *instance, int64_t began_before_ms);
/* Nothing is counted in the sidecar. */
bool instance_is_idle(const struct instance *instance);

/* readiness.c: the agent's port has opened or closed. */
void readiness_agent_changed(struct readiness *readiness);
struct readiness *instance_readiness(const struct instance *instance);

#endif
