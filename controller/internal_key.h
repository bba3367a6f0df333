/* SPDX-License-Identifier: Apache-2.0 */
/* controller/internal_key.h — the key of the agents' tokens: read from its Secret, made when there is none. */
#ifndef KRYPTON_CONTROLLER_INTERNAL_KEY_H
#define KRYPTON_CONTROLLER_INTERNAL_KEY_H

#include "base/err.h"
#include "base/text.h"

struct internal_key;
struct kube_client;
struct loop;

struct internal_key_options {
	const char *name_space, *secret; /* borrowed */
	void *arg;
	void (*on_change)(void *arg);                         /* the key is there, or is another one */
	void (*on_trouble)(void *arg, const struct err *err); /* NULL err: well again */
};

struct internal_key *internal_key_new(struct loop *loop, struct kube_client *client, const struct internal_key_options *options);
/* Looks now and once a minute; for the leader alone, since it may make the Secret. Idempotent. */
void internal_key_start(struct internal_key *key);
void internal_key_stop(struct internal_key *key);
void internal_key_free(struct internal_key **key);
/* Borrowed until control returns to the loop; at == NULL: not there yet. */
struct text internal_key_get(const struct internal_key *key);

#endif
