/* SPDX-License-Identifier: Apache-2.0 */
/* controller/observe.h — what the API server says about Agents and all that belongs to them, from caches alone. */
#ifndef KRYPTON_CONTROLLER_OBSERVE_H
#define KRYPTON_CONTROLLER_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "controller/child.h"
#include "controller/diagnose.h"

struct health;
struct json_t;
struct kube_client;
struct loop;
struct observe;

struct observe_options {
	const char *gateway_namespace; /* copied; the Service whose address sidecars are told */
	const char *gateway_service;
	struct health *health; /* borrowed */
	void *arg;
	void (*on_agent)(void *arg, const char *key); /* something changed that concerns the Agent of that key */
	/* A pod of that Agent came, changed or went, before on_agent is told; old or now is NULL. Both borrowed for the call. */
	void (*on_pod)(void *arg, const char *agent_key, const struct pod *old, const struct pod *now);
	void (*on_everything)(void *arg); /* something changed that concerns all: in step at last, or the gateway's address */
};

struct observe *observe_new(struct loop *loop, struct kube_client *client, const struct observe_options *options);
void observe_start(struct observe *observe);
void observe_free(struct observe **observe);
bool observe_is_synced(const struct observe *observe);

/* An Agent and its children at one instant, parsed. */
struct snapshot {
	struct json_t *object;
	struct json_t *children[CHILD_KINDS]; /* NULL: not there */
	bool has_rollout;
	struct rollout rollout; /* of the Deployment */
	char *replica_failure;
};

/* NULL where there is no such Agent. Yours. */
struct snapshot *observe_take(struct observe *observe, const char *key);
void snapshot_free(struct snapshot **snapshot);

/* Pods and Warnings of that Agent, without words; borrowed until control returns to the loop. */
void observe_sighting(const struct observe *observe, const char *key, struct sighting *ret_sighting);
/* Agents that do not sleep, `except` not counted, whose pods are being replaced. */
int observe_rolling(struct observe *observe, const char *except);
/* "http://CLUSTER-IP:8082", NULL while the Service is not there. Borrowed until control returns to the loop. */
const char *observe_gateway_url(const struct observe *observe);
size_t observe_agent_count(const struct observe *observe);
void observe_each_agent(const struct observe *observe, void (*visit)(void *arg, const char *key), void *arg);
void observe_each_pod(
	const struct observe *observe, void (*visit)(void *arg, const char *agent_key, const struct pod *pod), void *arg);

/* What a write of ours was answered with; see kube_cache_note(). */
void observe_note_child(struct observe *observe, enum child_kind kind, const struct json_t *object);
void observe_note_agent(struct observe *observe, const struct json_t *object);

#endif
