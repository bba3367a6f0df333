/* SPDX-License-Identifier: Apache-2.0 */
/* kube/selection.c — pure: targets of lists and watches. Paging and resourceVersions are added by list.c and watch.c. */
#include "kube/selection.h"

#include <string.h>

#include "kube/resource.h"

int kube_query_append(struct buf *out, const char *name, const char *value)
{
	struct text target = buf_text(out);
	char separator = target.len > 0 && memchr(target.at, '?', target.len) != NULL ? '&' : '?';

	if (buf_format(out, "%c%s=", separator, name) == -1)
		return -1;
	return kube_percent_encode(value, out);
}

int kube_selection_target(const struct kube_selection *selection, struct buf *out)
{
	if (kube_resource_path(selection->resource, selection->name_space, NULL, NULL, out) == -1)
		return -1;
	if (selection->label_selector != NULL && kube_query_append(out, "labelSelector", selection->label_selector) == -1)
		return -1;
	if (selection->field_selector != NULL && kube_query_append(out, "fieldSelector", selection->field_selector) == -1)
		return -1;
	return 0;
}

int kube_selection_describe(const struct kube_selection *selection, const char *verb, struct buf *out)
{
	if (buf_format(out, "cannot %s ", verb) == -1 || kube_resource_full_name(selection->resource, out) == -1)
		return -1;
	if (selection->name_space == NULL)
		return 0;
	return buf_format(out, " in %s", selection->name_space);
}

const char *kube_selection_accept(const struct kube_selection *selection, bool is_list)
{
	if (!selection->metadata_only)
		return "Accept: application/json";
	if (is_list)
		return "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
	return "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
}
