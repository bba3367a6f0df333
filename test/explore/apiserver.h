/* SPDX-License-Identifier: Apache-2.0 */
/* apiserver.h — the objects, their versions, and who follows them; kube.c is how the daemons reach it. */
#ifndef KRYPTON_EXPLORE_APISERVER_H
#define KRYPTON_EXPLORE_APISERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "kube/client.h"
#include "kube/reflector.h"

struct json_t;

enum api_write { API_MERGE, API_APPLY };

void apiserver_reset(void);
/* Takes the object over. Its metadata must name it. */
void apiserver_put(const struct kube_resource *resource, struct json_t *object);
/* Borrowed until the next write; NULL: not there. */
const struct json_t *apiserver_get(const struct kube_resource *resource, const char *name_space, const char *name);
/* A write to the status of an object, as who wrote it means it. -1: err says why not. */
int apiserver_write_status(const struct kube_target *target, enum api_write how, const struct json_t *patch, const char *manager,
	struct err *err) must_check;
/* Its version moves, nothing else that anybody here reads. */
void apiserver_touch(const struct kube_resource *resource, const char *name_space, const char *name);
/* For ms from now nobody reaches it, and what was followed stands still. */
void apiserver_leave(int64_t ms);
bool apiserver_is_away(void);

/* The controller follows Agents without a client. */
void apiserver_on_write(void (*told)(const struct kube_resource *resource, const struct json_t *object, const char *manager));
/* Visits each object of a kind whose labels say so (NULL: any). */
void apiserver_each(const struct kube_resource *resource, const char *label_selector,
	void (*visit)(void *arg, const struct json_t *object), void *arg);
bool apiserver_selects(const struct json_t *object, const char *label_selector);

/* kube.c: a write has happened; whoever follows is told in his own time. */
void kube_tell(const struct kube_resource *resource, struct json_t *object, enum kube_change change);

#endif
