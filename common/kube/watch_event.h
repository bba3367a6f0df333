/* SPDX-License-Identifier: Apache-2.0 */
/* kube/watch_event.h — pure: one line of a watch as an event. */
#ifndef KRYPTON_KUBE_WATCH_EVENT_H
#define KRYPTON_KUBE_WATCH_EVENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct json_t;

/* ERROR events are no events but errors: kube_watch_event_parse() returns them as such. */
enum kube_watch_type { KUBE_WATCH_ADDED, KUBE_WATCH_MODIFIED, KUBE_WATCH_DELETED, KUBE_WATCH_BOOKMARK };

struct kube_watch_event {
	enum kube_watch_type type;
	struct json_t *line;          /* owned; holds the rest */
	const struct json_t *object;  /* borrowed */
	const char *resource_version; /* borrowed, never empty */
	bool is_initial_end;          /* the bookmark that ends what sendInitialEvents asked for */
};

/* Yours; NULL with ERR_INVALID where the line is no event, and with the code that the status of an ERROR event stands for
   (ERR_GONE: list again). */
struct kube_watch_event *kube_watch_event_parse(struct text line, struct err *err);
void kube_watch_event_free(struct kube_watch_event **event);

#endif
