/* SPDX-License-Identifier: Apache-2.0 */
/* controller/list_keys.h — pure: which lists of an object are maps in disguise, and by which field. */
#ifndef KRYPTON_CONTROLLER_LIST_KEYS_H
#define KRYPTON_CONTROLLER_LIST_KEYS_H

#include <stddef.h>

struct json_t;

/* The field that tells entries of the list in object field `name` apart ("name" for containers); NULL: the list is one value.
   sample: an entry, for `ports`, which containers and Services key differently; may be NULL. */
const char *list_key_of(const char *name, const struct json_t *sample);
/* The entry of list whose key field equals that of `entry`; borrowed, NULL: none. */
struct json_t *list_find(const struct json_t *list, const char *key, const struct json_t *entry);

#endif
