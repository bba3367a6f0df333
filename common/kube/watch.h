/* SPDX-License-Identifier: Apache-2.0 */
/* kube/watch.h — one watch stream, from its opening to its end. Opening the next one is the reflector's. */
#ifndef KRYPTON_KUBE_WATCH_H
#define KRYPTON_KUBE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/client.h"
#include "kube/selection.h"
#include "kube/watch_event.h"

struct kube_watch;

struct kube_watch_options {
	struct kube_selection selection; /* borrowed until kube_watch_start() returns */
	const char *resource_version; /* NULL: WatchList, all that is there as ADDED events, then a bookmark with is_initial_end */
	int64_t timeout_ms;           /* asked of the server; it ends the stream then */
	int64_t silence_ms;           /* without a byte for so long it ends with ERR_TIMEOUT */
	void *arg;
	void (*on_open)(void *arg);                                        /* the server has accepted */
	void (*on_event)(void *arg, const struct kube_watch_event *event); /* borrowed; must not free the watch */
	/* Once, last: err NULL where the server ended it in good order; ERR_GONE, as status or as event: list again;
	   ERR_LIMIT: an object longer than 4 MiB. */
	void (*on_end)(void *arg, const struct err *err);
};

/* Never calls back before it returns. Never NULL. The owner forgets it in on_end. */
struct kube_watch *kube_watch_start(struct kube_client *client, const struct kube_watch_options *options);
void kube_watch_stop(struct kube_watch **watch); /* calls nobody any more; NULL is fine; not from on_event */

#endif
