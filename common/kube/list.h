/* SPDX-License-Identifier: Apache-2.0 */
/* kube/list.h — every object of a selection, page by page. */
#ifndef KRYPTON_KUBE_LIST_H
#define KRYPTON_KUBE_LIST_H

#include "base/err.h"
#include "kube/client.h"
#include "kube/selection.h"

struct kube_list;

struct kube_list_options {
	struct kube_selection selection; /* copied, but for the resource */
	int page_size;                   /* 0: 500; a page too long for us is asked for again in smaller ones */
	void *arg;
	void (*on_object)(void *arg, const struct json_t *object); /* borrowed; must not free the list */
	/* Once, last: the list's resourceVersion (borrowed), or why it is not complete; ERR_GONE: what was seen is void, start
	 * anew. */
	void (*on_end)(void *arg, const char *resource_version, const struct err *err);
};

/* Never calls back before it returns. Never NULL. The owner forgets it in on_end. */
struct kube_list *kube_list_start(struct kube_client *client, const struct kube_list_options *options);
void kube_list_cancel(struct kube_list **list); /* calls nobody any more; NULL is fine; not from on_object */

#endif
