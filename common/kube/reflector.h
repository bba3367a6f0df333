/* SPDX-License-Identifier: Apache-2.0 */
/* kube/reflector.h — follows one kind for as long as the process lives: list (paged, or WatchList), watch, and again after whatever
 * happens. */
#ifndef KRYPTON_KUBE_REFLECTOR_H
#define KRYPTON_KUBE_REFLECTOR_H

#include <stdbool.h>

#include "base/err.h"
#include "kube/client.h"

struct kube_reflector;

enum kube_change { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED };

struct kube_reflector_options {
	const struct kube_resource *resource; /* kept by pointer */
	const char *name_space;               /* NULL: all */
	const char *label_selector;           /* NULL: all; copied */
	const char *field_selector;
	bool metadata_only; /* PartialObjectMetadata */
	int64_t silence_ms; /* a watch without a byte for so long is opened anew; 0: 90 s */
	void *arg;
	/* One object of a list or a watch event. borrowed. */
	void (*on_object)(void *arg, enum kube_change change, const struct json_t *object);
	void (*on_list_start)(void *arg); /* a full list follows: what it does not name is gone; voids one that did not end */
	void (*on_list_end)(void *arg);   /* the list is complete: in step */
	/* Out of step, and why ("403: cannot list agents.krypton.ai …"); err NULL: in step again. For /readyz and one log line a
	 * change. */
	void (*on_trouble)(void *arg, const struct err *err);
};

/* Borrows loop and client. Nothing happens before start. */
struct kube_reflector *kube_reflector_new(
	struct loop *loop, struct kube_client *client, const struct kube_reflector_options *options);
void kube_reflector_start(struct kube_reflector *reflector);
void kube_reflector_free(struct kube_reflector **reflector); /* stops; calls nobody any more; not from its own callbacks */

#endif
