/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/internal_key.c — a Secret that vanishes is made again with the key
 * that we hold: another key would mean other tokens, and so a rollout of every
 * agent. A key that a person puts there is taken over.
 */
#include "controller/internal_key.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "krypton/internal_token.h"
#include "krypton/labels.h"
#include "kube/base64.h"
#include "kube/client.h"

#define KEY_BYTES     32
#define HELD_BYTES    512
#define LOOK_AGAIN_MS 60000
#define RETRY_MIN_MS  500
#define RETRY_MAX_MS  30000

struct internal_key {
	struct internal_key_options options;
	struct kube_client *client;
	struct loop_timer *timer;
	struct kube_call *call;
	struct buf held; /* hexadecimal, as the Secret has it */
	int failures;
};

static struct kube_target target_of(const struct internal_key *key)
{
	return (struct kube_target){
		.resource = &KUBE_SECRETS, .name_space = key->options.name_space, .name = key->options.secret
	};
}

static void fail(struct internal_key *key, const struct err *err)
{
	key->options.on_trouble(key->options.arg, err);
	loop_timer_set(key->timer, random_backoff_ms(key->failures, RETRY_MIN_MS, RETRY_MAX_MS));
	if (key->failures < 10)
		key->failures++;
}

/* Keeps what the Secret says and tells where it is news. */
static int secret_take(struct internal_key *key, const json_t *secret, struct err *err)
{
	scoped_buf found;

	buf_init(&found, HELD_BYTES);
	if (kube_base64_decode(text_of(json_text_at(secret, "/data/key")), &found) == -1 ||
		buf_len(&found) < INTERNAL_KEY_MIN_BYTES)
		return err_set(err, ERR_RETRY, "Secret %s/%s has no usable `key` (%d to %d bytes)", key->options.name_space,
			key->options.secret, INTERNAL_KEY_MIN_BYTES, HELD_BYTES);
	if (text_equal(buf_text(&found), buf_text(&key->held)))
		return 0;
	buf_clear(&key->held);
	if (buf_append_text(&key->held, buf_text(&found)) == -1)
		return err_set(err, ERR_LIMIT, "the internal key is too long");
	key->options.on_change(key->options.arg);
	return 0;
}

static void on_secret(struct internal_key *key, const json_t *secret)
{
	struct err err = { 0 };

	if (secret_take(key, secret, &err) == -1) {
		fail(key, &err);
		return;
	}
	key->failures = 0;
	key->options.on_trouble(key->options.arg, NULL);
	loop_timer_set(key->timer, LOOK_AGAIN_MS);
}

static void on_made(void *arg, const struct json_t *object, const struct err *err)
{
	struct internal_key *key = arg;

	key->call = NULL;
	if (object == NULL)
		fail(key, err);
	else
		on_secret(key, object);
}

static void key_invent(struct buf *out)
{
	unsigned char bytes[KEY_BYTES];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		BUG_ON(buf_format(out, "%02x", bytes[i]) == -1);
}

static void make_begin(struct internal_key *key)
{
	struct kube_target target = target_of(key);
	scoped_json secret = json_object();
	scoped_buf value, encoded;

	buf_init(&value, HELD_BYTES);
	buf_init(&encoded, 2 * HELD_BYTES);
	if (buf_len(&key->held) > 0)
		BUG_ON(buf_append_text(&value, buf_text(&key->held)) == -1);
	else
		key_invent(&value);
	BUG_ON(kube_base64_encode(buf_text(&value), &encoded) == -1);
	json_put_text(secret, "/type", "Opaque");
	json_put_text(secret, "/metadata/labels/app.kubernetes.io~1part-of", "krypton");
	json_put_text(secret, "/data/key", buf_terminated(&encoded));
	/* By apply, not create: the right is on this one name, and only an apply names what it makes. */
	key->call = kube_apply(key->client, &target, secret, FIELD_MANAGER_CONTROLLER, false, on_made, key);
}

static void on_read(void *arg, const struct json_t *object, const struct err *err)
{
	struct internal_key *key = arg;

	key->call = NULL;
	if (object != NULL)
		on_secret(key, object);
	else if (err->code == ERR_NOT_FOUND)
		make_begin(key);
	else
		fail(key, err);
}

static void on_due(void *arg)
{
	struct internal_key *key = arg;
	struct kube_target target = target_of(key);

	key->call = kube_get(key->client, &target, on_read, key);
}

struct internal_key *internal_key_new(struct loop *loop, struct kube_client *client, const struct internal_key_options *options)
{
	struct internal_key *key = mem_alloc(sizeof(*key));

	key->options = *options;
	key->client = client;
	key->timer = loop_timer_new(loop, on_due, key);
	buf_init(&key->held, HELD_BYTES);
	return key;
}

void internal_key_start(struct internal_key *key)
{
	if (key->call == NULL && !loop_timer_is_set(key->timer))
		loop_timer_set(key->timer, 0);
}

void internal_key_stop(struct internal_key *key)
{
	loop_timer_cancel(key->timer);
	kube_call_cancel(&key->call);
}

void internal_key_free(struct internal_key **key)
{
	if (*key == NULL)
		return;
	internal_key_stop(*key);
	loop_timer_free(&(*key)->timer);
	buf_fini(&(*key)->held);
	mem_release(*key);
	*key = NULL;
}

struct text internal_key_get(const struct internal_key *key)
{
	return buf_len(&key->held) == 0 ? (struct text){ 0 } : buf_text(&key->held);
}
