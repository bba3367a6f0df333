/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/roster.h — all Agents and their pods, kept in step with the API server: what gateway and scaler both go by. */
#ifndef KRYPTON_KRYPTON_ROSTER_H
#define KRYPTON_KRYPTON_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "krypton/agent.h"
#include "krypton/endpoints.h"
#include "kube/client.h"

struct loop;
struct roster;

struct roster_options {
	void *arg;
	/* An Agent is new or has changed; NULL: it is gone. Borrowed until the next call for the same key ("namespace/name"). */
	void (*on_agent)(void *arg, const char *key, const struct agent *agent);
	/* The pods of an Agent that on_agent has named, all slices together; borrowed for the call. Also right after it is new. */
	void (*on_endpoints)(void *arg, const char *key, const struct endpoint *const *endpoints, size_t count);
	/* Following `resource` is interrupted, and why; err NULL: in step (again), the first time included. */
	void (*on_state)(void *arg, const char *resource, const struct err *err);
	/* An Agent whose spec makes no sense (stored before its rule): it is left out. */
	void (*on_unreadable)(void *arg, const char *key, const struct err *err);
};

/* Follows Agents and the EndpointSlices labelled krypton.ai/agent, from now on. With the API server away the last word holds. */
struct roster *roster_new(struct loop *loop, struct kube_client *client, const struct roster_options *options);
void roster_free(struct roster **roster);
/* Both lists were read once: "not there" means that there is none. */
bool roster_is_complete(const struct roster *roster);

#endif
