/* SPDX-License-Identifier: Apache-2.0 */
/* controller/finalize.h — pure: our finalizer in an Agent's list, which is shared with others. */
#ifndef KRYPTON_CONTROLLER_FINALIZE_H
#define KRYPTON_CONTROLLER_FINALIZE_H

#include <stdbool.h>

struct json_t;

bool finalize_is_ours(const struct json_t *object);                /* our finalizer is there */
struct json_t *finalize_list_with(const struct json_t *object);    /* the list and ours. Yours. */
struct json_t *finalize_list_without(const struct json_t *object); /* the list less ours. Yours. */
/* A merge patch that puts list there, refused where the Agent changed since object was read. Yours. */
struct json_t *finalize_patch(const struct json_t *object, const struct json_t *list);

#endif
