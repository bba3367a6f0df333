/* SPDX-License-Identifier: Apache-2.0 */
/* kube/event_object.h — pure: core/v1 Event objects as kubectl describe shows them. */
#ifndef KRYPTON_KUBE_EVENT_OBJECT_H
#define KRYPTON_KUBE_EVENT_OBJECT_H

#include <stdint.h>

#include "base/buf.h"

struct json_t;
struct kube_reference;

#define KUBE_EVENT_MESSAGE_BYTES 1024

struct kube_event_text {
	const char *type; /* "Normal" or "Warning" */
	const char *reason;
	const char *message; /* cut at KUBE_EVENT_MESSAGE_BYTES, between characters */
};

struct kube_event_source {
	const char *component; /* source.component and reportingComponent */
	const char *instance;  /* reportingInstance */
};

/* The namespace an Event about the object lives in: its own, "default" for cluster-scoped ones. */
const char *kube_event_namespace(const struct kube_reference *about);
/* A new Event called name, with count 1. Yours. */
struct json_t *kube_event_object(const struct kube_reference *about, const struct kube_event_text *text,
	const struct kube_event_source *source, const char *name, int64_t now_wall_ms);
/* The merge patch that says: seen again, the last time now. Yours. */
struct json_t *kube_event_again(int64_t count, int64_t now_wall_ms);
/* What makes two Events the same one. -1 past out's cap. */
int kube_event_key(const struct kube_reference *about, const struct kube_event_text *text, struct buf *out) must_check;

#endif
