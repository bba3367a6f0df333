/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/endpoints.c — pure: an EndpointSlice reduced to what choosing and counting pods needs. */
#include "krypton/endpoints.h"

#include <jansson.h>
#include <string.h>

#include "base/attributes.h"
#include "base/json.h"
#include "base/mem.h"

#define MAX_ENDPOINTS 1000
#define LABEL_SERVICE "kubernetes.io/service-name"

/* A condition that is absent or null counts as the API says: ready and serving yes, terminating no. */
static bool condition_of(const json_t *entry, const char *name, bool fallback)
{
	const json_t *value = json_object_get(json_object_get(entry, "conditions"), name);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

/* false: the entry has no address and is of no use to anybody. */
static bool endpoint_from(const json_t *entry, struct endpoint *ret_endpoint)
{
	const char *ip = json_text_at(entry, "/addresses/0");

	if (ip == NULL || ip[0] == '\0')
		return false;
	ret_endpoint->ip = mem_copy_text(ip);
	ret_endpoint->pod_name = mem_copy_text(json_text_at(entry, "/targetRef/name"));
	ret_endpoint->pod_uid = mem_copy_text(json_text_at(entry, "/targetRef/uid"));
	ret_endpoint->is_ready = condition_of(entry, "ready", true);
	ret_endpoint->is_serving = condition_of(entry, "serving", ret_endpoint->is_ready);
	ret_endpoint->is_terminating = condition_of(entry, "terminating", false);
	return true;
}

struct endpoint_slice *endpoint_slice_from_json(const struct json_t *object, const char *label)
{
	const json_t *labels = json_at(object, "/metadata/labels");
	const char *owner = json_string_value(json_object_get(labels, label));

	if (owner == NULL)
		owner = json_string_value(json_object_get(labels, LABEL_SERVICE));
	if (owner == NULL)
		return NULL;
	struct endpoint_slice *slice = mem_alloc(sizeof(*slice));
	const json_t *entries = json_at(object, "/endpoints");
	size_t count = json_array_size(entries);

	if (count > MAX_ENDPOINTS)
		count = MAX_ENDPOINTS;
	slice->owner = mem_copy_text(owner);
	slice->name_space = mem_copy_text(json_text_at(object, "/metadata/namespace"));
	slice->endpoints = mem_alloc_array(count > 0 ? count : 1, sizeof(*slice->endpoints));
	for (size_t i = 0; i < count; i++) {
		if (endpoint_from(json_array_get(entries, i), &slice->endpoints[slice->count]))
			slice->count++;
	}
	return slice;
}

void endpoint_slice_free(struct endpoint_slice **slice)
{
	if (*slice == NULL)
		return;
	for (size_t i = 0; i < (*slice)->count; i++) {
		mem_release((*slice)->endpoints[i].ip);
		mem_release((*slice)->endpoints[i].pod_name);
		mem_release((*slice)->endpoints[i].pod_uid);
	}
	mem_release((*slice)->endpoints);
	mem_release((*slice)->owner);
	mem_release((*slice)->name_space);
	mem_release(*slice);
	*slice = NULL;
}

static bool is_of_family_6(const struct endpoint *endpoint)
{
	return strchr(endpoint->ip, ':') != NULL;
}

size_t endpoints_add(const struct endpoint **endpoints, size_t count, const struct endpoint *one)
{
	bool is_6 = is_of_family_6(one);

	for (size_t i = 0; i < count && one->pod_uid != NULL; i++) {
		if (is_of_family_6(endpoints[i]) != is_6 && endpoints[i]->pod_uid != NULL &&
			strcmp(endpoints[i]->pod_uid, one->pod_uid) == 0)
			return count;
	}
	endpoints[count] = one;
	return count + 1;
}

const struct endpoint *endpoints_find(const struct endpoint *const *endpoints, size_t count, const char *ip)
{
	const struct endpoint *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(endpoints[i]->ip, ip) == 0 && (found == NULL || endpoints[i]->is_ready))
			found = endpoints[i];
	}
	return found;
}
