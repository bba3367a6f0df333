/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms that a schedule does not depend on: metrics are not counted, the mounted key is the Agent's UID itself, and there is one
   scaler, so nobody wants a Lease; Events are told to nobody. */
#include <stdio.h>

#include "base/daemon.h"
#include "base/metrics.h"
#include "krypton/mounted_key.h"
#include "kube/lease.h"
#include "kube/recorder.h"
#include "test/explore/story.h"

struct metrics {
	int nothing;
};

static struct metrics quiet;

const char *daemon_version(void)
{
	return "explore";
}

struct metrics *metrics_new(const struct metric_spec *specs, size_t count, const char *version)
{
	(void)specs;
	(void)count;
	(void)version;
	return &quiet;
}

void metrics_free(struct metrics **metrics)
{
	*metrics = NULL;
}

void metrics_add(struct metrics *metrics, size_t id, const char *const *labels, double amount)
{
	(void)metrics;
	(void)id;
	(void)labels;
	(void)amount;
}

void metrics_set(struct metrics *metrics, size_t id, const char *const *labels, double value)
{
	(void)metrics;
	(void)id;
	(void)labels;
	(void)value;
}

void metrics_observe(struct metrics *metrics, size_t id, const char *const *labels, double value)
{
	(void)metrics;
	(void)id;
	(void)labels;
	(void)value;
}

void metrics_forget_agent(struct metrics *metrics, const char *agent, const char *agent_namespace)
{
	(void)metrics;
	(void)agent;
	(void)agent_namespace;
}

int metrics_render(struct metrics *metrics, struct buf *out)
{
	(void)metrics;
	(void)out;
	return 0;
}

int mounted_key_read(const char *path, struct mounted_key *ret_key, struct err *err)
{
	(void)path;
	(void)err;
	*ret_key = (struct mounted_key){ .len = 1 };
	return 0;
}

bool mounted_key_token(const struct mounted_key *key, const char *agent_uid, char out[INTERNAL_TOKEN_BYTES])
{
	if (key->len == 0 || agent_uid == NULL)
		return false;
	(void)snprintf(out, INTERNAL_TOKEN_BYTES, "%s", agent_uid);
	return true;
}

struct kube_lease *kube_lease_new(struct loop *loop, struct kube_client *client, const struct kube_lease_options *options)
{
	(void)loop;
	(void)client;
	(void)options;
	BUG_ON("a scaler that wants a Lease");
}

void kube_lease_start(struct kube_lease *lease)
{
	(void)lease;
}

void kube_lease_release(struct kube_lease *lease, void (*on_released)(void *arg), void *arg)
{
	(void)lease;
	on_released(arg);
}

void kube_lease_free(struct kube_lease **lease)
{
	*lease = NULL;
}

struct kube_recorder *kube_recorder_new(struct loop *loop, struct kube_client *client, const char *component, const char *instance)
{
	(void)loop;
	(void)client;
	(void)component;
	(void)instance;
	return NULL;
}

void kube_recorder_free(struct kube_recorder **recorder)
{
	*recorder = NULL;
}

void kube_recorder_event(struct kube_recorder *recorder, const struct kube_reference *about, const char *type, const char *reason,
	const char *message)
{
	(void)recorder;
	(void)about;
	(void)type;
	story_tell("Event %s about %s: %s: %s", type, about->name, reason, message);
}
