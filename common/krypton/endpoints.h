/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/endpoints.h — pure: the pods of one EndpointSlice, as gateway and scaler read them. */
#ifndef KRYPTON_KRYPTON_ENDPOINTS_H
#define KRYPTON_KRYPTON_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

struct endpoint {
	char *ip;       /* addresses[0] */
	char *pod_name; /* targetRef.name; NULL: unknown */
	char *pod_uid;  /* targetRef.uid; NULL: unknown */
	bool is_ready;  /* conditions.ready (absent counts as true, as the API says) */
	bool is_serving;
	bool is_terminating;
};

/* One agent may have several slices. */
struct endpoint_slice {
	char *owner; /* value of label krypton.ai/agent, else of kubernetes.io/service-name */
	char *name_space;
	struct endpoint *endpoints;
	size_t count; /* at most 1,000 (the API's own bound) */
};

/* `endpoints` may be null. NULL where the object carries neither label. Yours. */
struct endpoint_slice *endpoint_slice_from_json(const struct json_t *object, const char *label);
void endpoint_slice_free(struct endpoint_slice **slice);
/* An Agent's endpoints with one more: a pod of two address families is in a slice of each, and counts once, by the address that
   came first. Returns the new count; room for one more is the caller's. */
size_t endpoints_add(const struct endpoint **endpoints, size_t count, const struct endpoint *one);
/* What counts of all that an Agent's slices say of one pod; NULL: none names it. During an update two may for a moment: the one
   that is ready is believed. */
const struct endpoint *endpoints_find(const struct endpoint *const *endpoints, size_t count, const char *ip);

#endif
