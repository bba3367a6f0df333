/* SPDX-License-Identifier: Apache-2.0 */
/* kube/recorder.h — core/v1 Events about objects: the same one again raises its count instead of making another. */
#ifndef KRYPTON_KUBE_RECORDER_H
#define KRYPTON_KUBE_RECORDER_H

#include "kube/client.h"

struct kube_recorder;

/* What an Event is about (involvedObject). Texts are copied. */
struct kube_reference {
	const char *api_version, *kind, *name_space, *name, *uid, *resource_version;
};

/* component: source.component and reportingComponent; instance: the pod's name. */
struct kube_recorder *kube_recorder_new(struct loop *loop, struct kube_client *client, const char *component, const char *instance);
void kube_recorder_free(struct kube_recorder **recorder);
/* type "Normal" or "Warning"; reason CamelCase; message cut at 1,024 bytes. An equal one within an hour raises count and
   lastTimestamp, at most once in 10 s; 4,096 wait at most, the oldest is dropped, Warnings last. Failures are retried three times
   and then dropped: events are advice. */
void kube_recorder_event(struct kube_recorder *recorder, const struct kube_reference *about, const char *type, const char *reason,
	const char *message);

#endif
