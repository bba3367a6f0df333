/* SPDX-License-Identifier: Apache-2.0 */
/* kube/selection.h — pure: which objects of one kind a list or watch is about, and the request target that says so. */
#ifndef KRYPTON_KUBE_SELECTION_H
#define KRYPTON_KUBE_SELECTION_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"

struct kube_resource;

/* Borrowed texts; NULL where not restricted. */
struct kube_selection {
	const struct kube_resource *resource;
	const char *name_space;
	const char *label_selector;
	const char *field_selector;
	bool metadata_only; /* PartialObjectMetadata: an Accept header, not part of the target */
};

/* Appends the path and "?labelSelector=…&fieldSelector=…"; always ends behind a query that kube_query_append() may go on with. */
int kube_selection_target(const struct kube_selection *selection, struct buf *out) must_check;
/* Appends "&name=value" ("?" for the first), the value percent-encoded. */
int kube_query_append(struct buf *out, const char *name, const char *value) must_check;
/* "cannot list agents.krypton.ai" or "cannot watch pods in default", for messages. */
int kube_selection_describe(const struct kube_selection *selection, const char *verb, struct buf *out) must_check;
/* The Accept header line of a list or watch. */
const char *kube_selection_accept(const struct kube_selection *selection, bool is_list);

#endif
