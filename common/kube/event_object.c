/* SPDX-License-Identifier: Apache-2.0 */
/* kube/event_object.c — pure: how a core/v1 Event is spelled. When one is sent is kube/recorder.c's. */
#include "kube/event_object.h"

#include <jansson.h>
#include <string.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kube/recorder.h"

/* Bytes that fit without cutting a UTF-8 character in two. */
static size_t message_len(const char *message)
{
	size_t len = strlen(message);

	if (len <= KUBE_EVENT_MESSAGE_BYTES)
		return len;
	len = KUBE_EVENT_MESSAGE_BYTES;
	while (len > 0 && ((unsigned char)message[len] & 0xc0) == 0x80)
		len--;
	return len;
}

const char *kube_event_namespace(const struct kube_reference *about)
{
	return about->name_space == NULL || about->name_space[0] == '\0' ? "default" : about->name_space;
}

json_t *kube_event_object(const struct kube_reference *about, const struct kube_event_text *text,
	const struct kube_event_source *source, const char *name, int64_t now_wall_ms)
{
	scoped_text char *message = mem_copy_bytes(text->message, message_len(text->message));
	json_t *event = json_object();
	char now[INSTANT_TEXT_BYTES];

	instant_format(now_wall_ms, now);
	json_put_text(event, "/apiVersion", "v1");
	json_put_text(event, "/kind", "Event");
	json_put_text(event, "/metadata/name", name);
	json_put_text(event, "/metadata/namespace", kube_event_namespace(about));
	json_put_text(event, "/involvedObject/apiVersion", about->api_version);
	json_put_text(event, "/involvedObject/kind", about->kind);
	json_put_text(event, "/involvedObject/namespace", about->name_space);
	json_put_text(event, "/involvedObject/name", about->name);
	json_put_text(event, "/involvedObject/uid", about->uid);
	json_put_text(event, "/involvedObject/resourceVersion", about->resource_version);
	json_put_text(event, "/type", text->type);
	json_put_text(event, "/reason", text->reason);
	json_put_text(event, "/message", message);
	json_put_text(event, "/source/component", source->component);
	json_put_text(event, "/reportingComponent", source->component);
	json_put_text(event, "/reportingInstance", source->instance);
	json_put_text(event, "/firstTimestamp", now);
	json_put_text(event, "/lastTimestamp", now);
	json_put(event, "/count", json_integer(1));
	return event;
}

json_t *kube_event_again(int64_t count, int64_t now_wall_ms)
{
	json_t *patch = json_object();
	char now[INSTANT_TEXT_BYTES];

	instant_format(now_wall_ms, now);
	json_put(patch, "/count", json_integer(count));
	json_put_text(patch, "/lastTimestamp", now);
	return patch;
}

int kube_event_key(const struct kube_reference *about, const struct kube_event_text *text, struct buf *out)
{
	return buf_format(out, "%s/%s/%s/%s\n%s\n%s\n%.*s", about->kind, kube_event_namespace(about), about->name,
		about->uid == NULL ? "" : about->uid, text->type, text->reason, (int)message_len(text->message), text->message);
}
