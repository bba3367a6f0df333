/* SPDX-License-Identifier: Apache-2.0 */
/* base/map.c — uthash behind four functions. One block an entry, the key in it; iteration follows insertion. */
#include "base/map.h"

#include <string.h>

#include "base/attributes.h"
#include "base/mem.h"

#define uthash_malloc(bytes)      mem_alloc(bytes)
#define uthash_free(block, bytes) mem_release(block)
#define uthash_fatal(message)     bug_report(__FILE__, __LINE__, message)
#include <uthash.h>

struct map_entry {
	UT_hash_handle hh;
	void *value;
	char key[];
};

struct map {
	struct map_entry *entries;
	void (*release)(void *value);
};

static struct map_entry *entry_get(const struct map *map, const char *key)
{
	struct map_entry *entry;

	HASH_FIND(hh, map->entries, key, strlen(key), entry);
	return entry;
}

static void *entry_take(struct map *map, struct map_entry *entry)
{
	void *value = entry->value;

	HASH_DELETE(hh, map->entries, entry);
	mem_release(entry);
	return value;
}

static void value_release(const struct map *map, void *value)
{
	if (map->release != NULL && value != NULL)
		map->release(value);
}

struct map *map_new(void (*release)(void *value))
{
	struct map *map = mem_alloc(sizeof(*map));

	map->release = release;
	return map;
}

void map_free(struct map **map)
{
	if (*map == NULL)
		return;
	while ((*map)->entries != NULL)
		value_release(*map, entry_take(*map, (*map)->entries));
	mem_release(*map);
	*map = NULL;
}

size_t map_count(const struct map *map)
{
	return HASH_COUNT(map->entries);
}

void *map_get(const struct map *map, const char *key)
{
	struct map_entry *entry = entry_get(map, key);

	return entry == NULL ? NULL : entry->value;
}

void map_put(struct map *map, const char *key, void *value)
{
	struct map_entry *entry = entry_get(map, key);

	if (entry != NULL) {
		void *old = entry->value;

		entry->value = value;
		if (old != value)
			value_release(map, old);
		return;
	}
	size_t len = strlen(key);
	entry = mem_alloc(sizeof(*entry) + len + 1);
	entry->value = value;
	memcpy(entry->key, key, len + 1);
	HASH_ADD_KEYPTR(hh, map->entries, entry->key, len, entry);
}

void map_remove(struct map *map, const char *key)
{
	value_release(map, map_take(map, key));
}

void *map_take(struct map *map, const char *key)
{
	struct map_entry *entry = entry_get(map, key);

	return entry == NULL ? NULL : entry_take(map, entry);
}

void map_each(const struct map *map, bool (*visit)(void *arg, const char *key, void *value), void *arg)
{
	struct map_entry *entry = map->entries;

	while (entry != NULL) {
		struct map_entry *next = entry->hh.next;

		if (!visit(arg, entry->key, entry->value))
			return;
		entry = next;
	}
}
