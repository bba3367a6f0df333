/* SPDX-License-Identifier: Apache-2.0 */
/* kube/cache.h — the objects of one kind as their reader needs them: rows made from the JSON, which is not kept. */
#ifndef KRYPTON_KUBE_CACHE_H
#define KRYPTON_KUBE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "kube/reflector.h"

struct kube_cache;

#define KUBE_KEY_BYTES 320 /* "namespace/name" with its NUL */

struct kube_cache_options {
	struct kube_reflector_options follow; /* its callbacks and arg are the cache's own: leave them NULL */
	void *arg;
	/* The row of an object; NULL: not wanted (an older row is dropped). */
	void *(*row_from)(void *arg, const struct json_t *object);
	void (*row_free)(void *row);
	/* After the row is in place (old: the row before, NULL if new; now: NULL if gone; both borrowed, old dies after the call).
	   Not called for an object whose resourceVersion is not newer than the row's. */
	void (*on_change)(void *arg, const char *key, const void *old, const void *now);
	void (*on_synced)(void *arg); /* first complete list only; may be NULL */
	void (*on_trouble)(void *arg, const struct err *err);
};

struct kube_cache *kube_cache_new(struct loop *loop, struct kube_client *client, const struct kube_cache_options *options);
void kube_cache_start(struct kube_cache *cache);
void kube_cache_free(struct kube_cache **cache);

/* What a write of ours was answered with: its row is in place at once, of which nobody is told, and what the watch still brings
   from before is old news. An answer that the watch has passed already changes nothing. */
void kube_cache_note(struct kube_cache *cache, const struct json_t *object);

bool kube_cache_is_synced(const struct kube_cache *cache);
size_t kube_cache_count(const struct kube_cache *cache);
/* Borrowed until the next change; key "namespace/name" (or "name"). NULL: not there. */
const void *kube_cache_get(const struct kube_cache *cache, const char *key);
/* visit returns false to stop; it must not change the cache. */
void kube_cache_each(const struct kube_cache *cache, bool (*visit)(void *arg, const char *key, const void *row), void *arg);

/* Pure: was a written after b? Versions of a kind count up, whichever object they are of (API concepts, "Resource versions"). */
bool kube_version_is_newer(const char *a, const char *b);

/* Pure: "namespace/name" of an object or of two names. */
void kube_key_of(const struct json_t *object, char out[KUBE_KEY_BYTES]);
void kube_key_format(const char *name_space, const char *name, char out[KUBE_KEY_BYTES]);
/* Splits; -1 where there is no slash. */
int kube_key_split(const char *key, char ret_namespace[KUBE_KEY_BYTES], char ret_name[KUBE_KEY_BYTES]) must_check;

#endif
