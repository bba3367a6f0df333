/* SPDX-License-Identifier: Apache-2.0 */
/* controller/ownership.h — pure: whose fields are whose, as metadata.managedFields tells (server-side apply's record). */
#ifndef KRYPTON_CONTROLLER_OWNERSHIP_H
#define KRYPTON_CONTROLLER_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

/* What `manager` applied and still owns (fieldsV1); borrowed, NULL: nothing. */
const struct json_t *ownership_of(const struct json_t *object, const char *manager);
/* The set below one step of the way: an object's field, or a list's entry. NULL: nothing below is owned.
   A set without members owns all below it: ownership_is_whole(). */
const struct json_t *ownership_below_field(const struct json_t *set, const char *field);
const struct json_t *ownership_below_entry(const struct json_t *set, const struct json_t *entry);
bool ownership_is_whole(const struct json_t *set);
/* The part of value that set owns: what its manager applied last. Yours; NULL: nothing of it. */
struct json_t *ownership_extract(const struct json_t *value, const struct json_t *set);
/* The name of another manager that owns `pointer` (object fields only, such as "/spec/replicas"); NULL: none. Borrowed. */
const char *ownership_other(const struct json_t *object, const char *manager, const char *pointer);

#endif
