/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/cache.c — rows by key, kept in step by a reflector and by what our own
 * writes were answered with. A row lives until a newer one replaces it, its object
 * goes, or a full list does not name it.
 */
#include "kube/cache.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define VERSION_BYTES 32 /* resourceVersions are 64-bit numbers; what is longer is never newer */

/* One object. The version is all that is kept of it besides the row. */
struct entry {
	void *row;
	uint32_t round; /* of the list or watch that named it last */
	char version[]; /* resourceVersion */
};

struct kube_cache {
	struct kube_cache_options options;
	struct kube_reflector *reflector;
	struct map *entries;
	char passed[VERSION_BYTES]; /* the newest version that list or watch has brought */
	uint32_t round;             /* counts full lists */
	bool is_synced;
};

void kube_key_format(const char *name_space, const char *name, char out[KUBE_KEY_BYTES])
{
	if (name == NULL)
		name = "";
	if (name_space == NULL || name_space[0] == '\0')
		(void)snprintf(out, KUBE_KEY_BYTES, "%s", name);
	else
		(void)snprintf(out, KUBE_KEY_BYTES, "%s/%s", name_space, name);
}

void kube_key_of(const struct json_t *object, char out[KUBE_KEY_BYTES])
{
	kube_key_format(json_text_at(object, "/metadata/namespace"), json_text_at(object, "/metadata/name"), out);
}

int kube_key_split(const char *key, char ret_namespace[KUBE_KEY_BYTES], char ret_name[KUBE_KEY_BYTES])
{
	const char *slash = strchr(key, '/');

	if (slash == NULL || strlen(key) >= KUBE_KEY_BYTES)
		return -1;
	(void)snprintf(ret_namespace, KUBE_KEY_BYTES, "%.*s", (int)(slash - key), key);
	(void)snprintf(ret_name, KUBE_KEY_BYTES, "%s", slash + 1);
	return 0;
}

static struct entry *entry_new(void *row, const char *version, uint32_t round)
{
	struct entry *entry = mem_alloc(sizeof(*entry) + strlen(version) + 1);

	entry->row = row;
	entry->round = round;
	memcpy(entry->version, version, strlen(version) + 1);
	return entry;
}

static bool entry_release(void *arg, const char *key, void *value)
{
	struct kube_cache *cache = arg;
	struct entry *entry = value;

	(void)key;
	cache->options.row_free(entry->row);
	mem_release(entry);
	return true;
}

static void change_tell(struct kube_cache *cache, const char *key, const void *old, const void *now)
{
	if (cache->options.on_change != NULL)
		cache->options.on_change(cache->options.arg, key, old, now);
}

/* Ends an entry that is no longer in the map; now: what took its place. */
static void entry_end(struct kube_cache *cache, struct entry *old, const char *key, const void *now)
{
	change_tell(cache, key, old == NULL ? NULL : old->row, now);
	if (old != NULL)
		(void)entry_release(cache, key, old);
}

bool kube_version_is_newer(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len != b_len)
		return a_len > b_len;
	return strcmp(a, b) > 0;
}

static const char *version_of(const struct json_t *object)
{
	const char *version = json_text_at(object, "/metadata/resourceVersion");

	return version == NULL ? "" : version;
}

static void object_drop(struct kube_cache *cache, const char *key)
{
	struct entry *old = map_take(cache->entries, key);

	if (old != NULL)
		entry_end(cache, old, key, NULL);
}

static void object_put(struct kube_cache *cache, const char *key, const struct json_t *object)
{
	const char *version = version_of(object);
	struct entry *old = map_get(cache->entries, key);
	void *row;

	if (old != NULL && version[0] != '\0' && !kube_version_is_newer(version, old->version)) {
		old->round = cache->round;
		return;
	}
	row = cache->options.row_from(cache->options.arg, object);
	if (row == NULL) {
		object_drop(cache, key);
		return;
	}
	old = map_take(cache->entries, key);
	map_put(cache->entries, key, entry_new(row, version, cache->round));
	entry_end(cache, old, key, row);
}

/* A deletion has a version of its own; what was made anew since, by our own write, is not what it speaks of. */
static void object_deleted(struct kube_cache *cache, const char *key, const char *version)
{
	const struct entry *old = map_get(cache->entries, key);

	if (old != NULL && !kube_version_is_newer(old->version, version))
		object_drop(cache, key);
}

static void on_object(void *arg, enum kube_change change, const struct json_t *object)
{
	struct kube_cache *cache = arg;
	const char *version = version_of(object);
	char key[KUBE_KEY_BYTES];

	kube_key_of(object, key);
	if (key[0] == '\0')
		return;
	if (kube_version_is_newer(version, cache->passed) && strlen(version) < sizeof(cache->passed))
		(void)snprintf(cache->passed, sizeof(cache->passed), "%s", version);
	if (change == KUBE_DELETED)
		object_deleted(cache, key, version);
	else
		object_put(cache, key, object);
}

void kube_cache_note(struct kube_cache *cache, const struct json_t *object)
{
	const char *version = version_of(object);
	char key[KUBE_KEY_BYTES];
	struct entry *old;
	void *row;

	kube_key_of(object, key);
	if (key[0] == '\0' || !kube_version_is_newer(version, cache->passed))
		return;
	row = cache->options.row_from(cache->options.arg, object);
	if (row == NULL)
		return;
	old = map_take(cache->entries, key);
	map_put(cache->entries, key, entry_new(row, version, cache->round));
	if (old != NULL)
		entry_release(cache, key, old);
}

static void on_list_start(void *arg)
{
	struct kube_cache *cache = arg;

	cache->round++;
}

static bool drop_unnamed(void *arg, const char *key, void *value)
{
	struct kube_cache *cache = arg;
	const struct entry *entry = value;
	char copy[KUBE_KEY_BYTES];

	if (entry->round == cache->round)
		return true;
	(void)snprintf(copy, sizeof(copy), "%s", key); /* the map's own dies with the entry */
	object_drop(cache, copy);
	return true;
}

static void on_list_end(void *arg)
{
	struct kube_cache *cache = arg;

	map_each(cache->entries, drop_unnamed, cache);
	if (cache->is_synced)
		return;
	cache->is_synced = true;
	if (cache->options.on_synced != NULL)
		cache->options.on_synced(cache->options.arg);
}

static void on_trouble(void *arg, const struct err *err)
{
	struct kube_cache *cache = arg;

	if (cache->options.on_trouble != NULL)
		cache->options.on_trouble(cache->options.arg, err);
}

struct kube_cache *kube_cache_new(struct loop *loop, struct kube_client *client, const struct kube_cache_options *options)
{
	struct kube_cache *cache = mem_alloc(sizeof(*cache));
	struct kube_reflector_options follow = options->follow;

	cache->options = *options;
	cache->entries = map_new(NULL);
	follow.arg = cache;
	follow.on_object = on_object;
	follow.on_list_start = on_list_start;
	follow.on_list_end = on_list_end;
	follow.on_trouble = on_trouble;
	cache->reflector = kube_reflector_new(loop, client, &follow);
	return cache;
}

void kube_cache_start(struct kube_cache *cache)
{
	kube_reflector_start(cache->reflector);
}

void kube_cache_free(struct kube_cache **cache)
{
	if (*cache == NULL)
		return;
	kube_reflector_free(&(*cache)->reflector);
	map_each((*cache)->entries, entry_release, *cache);
	map_free(&(*cache)->entries);
	mem_release(*cache);
	*cache = NULL;
}

bool kube_cache_is_synced(const struct kube_cache *cache)
{
	return cache->is_synced;
}

size_t kube_cache_count(const struct kube_cache *cache)
{
	return map_count(cache->entries);
}

const void *kube_cache_get(const struct kube_cache *cache, const char *key)
{
	const struct entry *entry = map_get(cache->entries, key);

	return entry == NULL ? NULL : entry->row;
}

/* The caller's visit and arg, for map_each(). */
struct tour {
	bool (*visit)(void *arg, const char *key, const void *row);
	void *arg;
};

static bool row_visit(void *arg, const char *key, void *value)
{
	const struct tour *tour = arg;
	const struct entry *entry = value;

	return tour->visit(tour->arg, key, entry->row);
}

void kube_cache_each(const struct kube_cache *cache, bool (*visit)(void *arg, const char *key, const void *row), void *arg)
{
	struct tour tour = { .visit = visit, .arg = arg };

	map_each(cache->entries, row_visit, &tour);
}
