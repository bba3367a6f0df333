/* SPDX-License-Identifier: Apache-2.0 */
/* base/map.h — values by text key (over uthash). Order of iteration is the order of insertion. */
#ifndef KRYPTON_BASE_MAP_H
#define KRYPTON_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

/* release frees a value that is replaced, removed or left at the end; NULL: values are borrowed. */
struct map *map_new(void (*release)(void *value));
void map_free(struct map **map);
size_t map_count(const struct map *map);
void *map_get(const struct map *map, const char *key);       /* NULL: none */
void map_put(struct map *map, const char *key, void *value); /* key copied; an old value is released */
void map_remove(struct map *map, const char *key);           /* absent is fine */
void *map_take(struct map *map, const char *key);            /* removed, not released; NULL: none */

/* Visits each; visit returns false to stop. It may remove the entry it is given, and no other. */
void map_each(const struct map *map, bool (*visit)(void *arg, const char *key, void *value), void *arg);

#endif
