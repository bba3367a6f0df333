/* SPDX-License-Identifier: Apache-2.0 */
/* kube/watch_event.c — pure: reading one line of a watch. Where lines come from, and what follows from an event, is kube/watch.c.
 */
#include "kube/watch_event.h"

#include <jansson.h>
#include <string.h>

#include "base/attributes.h"
#include "base/json.h"
#include "base/mem.h"
#include "kube/status_error.h"

static const char *const TYPE_NAMES[] = {
	[KUBE_WATCH_ADDED] = "ADDED",
	[KUBE_WATCH_MODIFIED] = "MODIFIED",
	[KUBE_WATCH_DELETED] = "DELETED",
	[KUBE_WATCH_BOOKMARK] = "BOOKMARK",
};

static int type_parse(const char *name, enum kube_watch_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_LEN(TYPE_NAMES); i++) {
		if (strcmp(name, TYPE_NAMES[i]) == 0) {
			*ret_type = (enum kube_watch_type)i;
			return 0;
		}
	}
	return -1;
}

/* The Status of an ERROR event: 410 when the resourceVersion is too old, 5xx when the server gave up. */
static int error_of_status(const json_t *status, struct err *err)
{
	int code = (int)json_int_at(status, "/code", 500);
	const char *message = json_text_at(status, "/message");
	int64_t asked_s = json_int_at(status, "/details/retryAfterSeconds", 0);

	err_set(err, kube_status_code(code, message), "%d: %s", code, message == NULL ? "no message" : message);
	if (err != NULL && asked_s > 0 && asked_s <= 600)
		err->retry_after_ms = asked_s * 1000;
	return -1;
}

/* Everything but the ownership of line. */
static int event_read(const json_t *line, struct kube_watch_event *event, struct err *err)
{
	const char *type = json_text_at(line, "/type");
	const char *mark;

	event->object = json_at(line, "/object");
	if (type == NULL || !json_is_object(event->object))
		return err_set(err, ERR_INVALID, "a watch line without type and object");
	if (strcmp(type, "ERROR") == 0)
		return error_of_status(event->object, err);
	if (type_parse(type, &event->type) == -1)
		return err_set(err, ERR_INVALID, "a watch event of unknown type %.40s", type);
	event->resource_version = json_text_at(event->object, "/metadata/resourceVersion");
	if (event->resource_version == NULL || event->resource_version[0] == '\0')
		return err_set(err, ERR_INVALID, "a watch event without metadata.resourceVersion");
	mark = json_text_at(event->object, "/metadata/annotations/k8s.io~1initial-events-end");
	event->is_initial_end = event->type == KUBE_WATCH_BOOKMARK && mark != NULL && strcmp(mark, "true") == 0;
	return 0;
}

struct kube_watch_event *kube_watch_event_parse(struct text line, struct err *err)
{
	scoped_json parsed = json_parse(line, err);
	scoped(kube_watch_event) event = NULL;
	struct kube_watch_event *complete;

	if (parsed == NULL) {
		err_set(err, ERR_INVALID, "a watch line that is no JSON: %s", err == NULL ? "" : err->message);
		return NULL;
	}
	event = mem_alloc(sizeof(*event));
	if (event_read(parsed, event, err) == -1)
		return NULL;
	event->line = parsed;
	parsed = NULL;
	complete = event;
	event = NULL;
	return complete;
}

void kube_watch_event_free(struct kube_watch_event **event)
{
	if (*event == NULL)
		return;
	json_release(&(*event)->line);
	mem_release(*event);
	*event = NULL;
}
