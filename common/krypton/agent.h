/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/agent.h — pure: an Agent as our daemons read it: spec with its defaults, and the status fields that others decide on. */
#ifndef KRYPTON_KRYPTON_AGENT_H
#define KRYPTON_KRYPTON_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/resource.h"

struct json_t;

extern const struct kube_resource KUBE_AGENTS;

enum agent_mode { AGENT_ALWAYS_ON, AGENT_SERVERLESS };
enum agent_protocol { AGENT_A2A, AGENT_MCP, AGENT_HTTP };

#define AGENT_DEFAULT_MIN_REPLICAS           1
#define AGENT_DEFAULT_MAX_REPLICAS           10
#define AGENT_DEFAULT_CONCURRENCY            8
#define AGENT_DEFAULT_PORT                   8080
#define AGENT_DEFAULT_TIMEOUT_MS             60000
#define AGENT_DEFAULT_SCALE_TO_ZERO_AFTER_MS 300000
#define AGENT_DEFAULT_DRAIN_TIMEOUT_MS       300000

/* Owns its texts. What a daemon does not need of the spec stays in JSON. */
struct agent {
	char *name_space;
	char *name;
	char *uid;
	char *resource_version;
	int64_t generation;
	bool is_deleting;   /* metadata.deletionTimestamp */
	bool has_finalizer; /* ours is there */

	char *image;
	char *invocation_path;
	enum agent_mode mode;
	enum agent_protocol protocol;
	int min_replicas, max_replicas;
	int concurrency;
	int port;
	int target_utilization; /* percent */
	int64_t timeout_ms;
	int64_t startup_timeout_ms; /* has_startup_timeout, else the gateway's flag */
	bool has_startup_timeout;
	int64_t wait_keep_alive_ms; /* between the comments to those who wait for an event stream; 0: none */
	int64_t drain_timeout_ms;
	int64_t scale_to_zero_after_ms;

	/* status */
	bool has_desired_replicas; /* the scaler (or a waking gateway) has spoken */
	int desired_replicas;
	int64_t last_invocation_ms; /* wall clock; 0: never */
	char *scaled_reason;        /* of condition Scaled; NULL: none */
	char *available_reason;     /* of condition Available, for people who wait; NULL: none */
	char *available_message;
	bool is_available;
};

/* Defaults where a field is absent, so that an object that was stored without defaulting reads the same.
   An error names the field by path. Yours. */
struct agent *agent_from_json(const struct json_t *object, struct err *err);
void agent_free(struct agent **agent);

/* Replicas of the Deployment: clamp(desired where there is one, else min; min, max), but a desired 0 of a serverless agent
   with minReplicas 0 is a real 0. */
int agent_wanted_replicas(const struct agent *agent);
/* May it sleep? serverless with minReplicas 0. */
bool agent_may_sleep(const struct agent *agent);

const char *agent_mode_name(enum agent_mode mode);             /* "always-on" */
const char *agent_protocol_name(enum agent_protocol protocol); /* "a2a" */

#endif
