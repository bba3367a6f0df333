/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/webhook_certificate.c — the doing around serving_certificate. One
 * look: the Secret is read (made, renewed where serving_certificate says so), the
 * configurations are told its authorities, and only then is its certificate
 * served, a little later where another is being served: so at any moment API
 * servers trust what they are shown. Two controllers agree by the Secret: the API
 * server lets one of them write and tells the other 409, which then reads.
 */
#include "controller/webhook_certificate.h"

#include <jansson.h>
#include <stdio.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "controller/serving_certificate.h"
#include "controller/webhook_trust.h"
#include "krypton/labels.h"
#include "kube/client.h"

#define LOOK_AGAIN_MS   60000
#define LOOK_FOR_ALL_MS 5000 /* while a configuration is not there */
#define RETRY_MIN_MS    500
#define RETRY_MAX_MS    30000
#define DNS_NAMES       2
#define DNS_NAME_BYTES  256

struct webhook_certificate {
	struct webhook_certificate_options options;
	struct loop *loop;
	struct kube_client *client;
	struct loop_timer *timer;
	struct kube_call *call;
	struct webhook_trust *trust;
	char names[DNS_NAMES][DNS_NAME_BYTES];
	const char *name_pointers[DNS_NAMES];
	char creator[64];                   /* field manager of a creation: ours alone, so that two of them collide */
	struct serving_certificate seen;    /* in the Secret */
	struct serving_certificate held;    /* being served */
	struct serving_certificate waiting; /* told to the configurations, and to be held at */
	int64_t hold_at_ms;
	int failures;
};

static struct kube_target target_of(const struct webhook_certificate *certificate)
{
	return (struct kube_target){
		.resource = &KUBE_SECRETS, .name_space = certificate->options.name_space, .name = certificate->options.secret
	};
}

static struct serving_terms terms_of(const struct webhook_certificate *certificate)
{
	return (struct serving_terms){
		.dns_names = certificate->name_pointers, .dns_name_count = DNS_NAMES, .life_ms = certificate->options.life_ms
	};
}

static void again(struct webhook_certificate *certificate)
{
	loop_timer_set(certificate->timer, random_backoff_ms(certificate->failures, RETRY_MIN_MS, RETRY_MAX_MS));
	if (certificate->failures < 10)
		certificate->failures++;
}

static void fail(struct webhook_certificate *certificate, const struct err *err)
{
	certificate->options.on_trouble(certificate->options.arg, err);
	again(certificate);
}

/* --- serving what was seen --- */

static int hold(struct webhook_certificate *certificate, struct err *err)
{
	if (certificate->options.on_change(certificate->options.arg, &certificate->seen, err) == -1)
		return -1;
	serving_certificate_copy(&certificate->held, &certificate->seen);
	return 0;
}

/* Where nothing is served yet and more could not be done: better shown than nothing. */
static void hold_what_there_is(struct webhook_certificate *certificate)
{
	struct err err = { 0 };

	if (serving_certificate_is_empty(&certificate->held) && !serving_certificate_is_empty(&certificate->seen))
		(void)hold(certificate, &err);
}

/* How long until it may be served; 0: now. The clock starts when the configurations first say its authority. */
static int64_t hold_delay_ms(struct webhook_certificate *certificate)
{
	int64_t now_ms = loop_now_ms(certificate->loop);

	if (serving_certificate_is_empty(&certificate->held))
		return 0;
	if (!serving_certificate_is_same(&certificate->waiting, &certificate->seen)) {
		serving_certificate_copy(&certificate->waiting, &certificate->seen);
		certificate->hold_at_ms = now_ms + serving_certificate_settle_ms(certificate->options.life_ms);
	}
	return certificate->hold_at_ms > now_ms ? certificate->hold_at_ms - now_ms : 0;
}

static int64_t next_look_ms(const struct webhook_certificate *certificate, bool is_absent)
{
	int64_t left_ms = serving_certificate_due_ms(&certificate->held.life, certificate->options.life_ms) - instant_wall_ms();
	int64_t pause_ms = is_absent ? LOOK_FOR_ALL_MS : LOOK_AGAIN_MS;

	return left_ms > pause_ms ? pause_ms : left_ms > RETRY_MIN_MS ? left_ms : RETRY_MIN_MS;
}

/* Serves what the configurations have been told of, when it is time. Returns how long until there is more to do; -1: err. */
static int64_t hold_when_due(struct webhook_certificate *certificate, bool is_absent, struct err *err)
{
	int64_t delay_ms = 0;

	if (!serving_certificate_is_same(&certificate->held, &certificate->seen)) {
		delay_ms = hold_delay_ms(certificate);
		if (delay_ms == 0 && hold(certificate, err) == -1)
			return -1;
	}
	return delay_ms > 0 ? delay_ms : next_look_ms(certificate, is_absent);
}

static void on_told(void *arg, bool is_absent, const struct err *told_err)
{
	struct webhook_certificate *certificate = arg;
	struct err err = { 0 };

	if (told_err != NULL) {
		hold_what_there_is(certificate);
		fail(certificate, told_err);
		return;
	}
	int64_t pause_ms = hold_when_due(certificate, is_absent, &err);
	if (pause_ms == -1) {
		fail(certificate, &err);
		return;
	}
	certificate->failures = 0;
	certificate->options.on_trouble(certificate->options.arg, NULL);
	loop_timer_set(certificate->timer, pause_ms);
}

static void take(struct webhook_certificate *certificate)
{
	webhook_trust_tell(certificate->trust, buf_text(&certificate->seen.pem[SERVING_AUTHORITIES]));
}

/* --- the Secret --- */

static void on_written(void *arg, const struct json_t *object, const struct err *err);

/* Nothing is there: what we hold, so that nothing changes; else a new one. */
static void make_begin(struct webhook_certificate *certificate)
{
	struct kube_target target = target_of(certificate);
	struct serving_terms terms = terms_of(certificate);
	scoped_serving_certificate made;
	struct err err = { 0 };

	serving_certificate_init(&made);
	if (instant_wall_ms() < certificate->held.life.ends_ms)
		serving_certificate_copy(&made, &certificate->held);
	else if (serving_certificate_issue(&terms, &certificate->held, instant_wall_ms(), &made, &err) == -1) {
		fail(certificate, &err);
		return;
	}
	scoped_json secret = serving_certificate_to_secret(&made);
	/* By apply, not create: the right is on this one name, and only an apply names what it makes. */
	certificate->call = kube_apply(certificate->client, &target, secret, certificate->creator, false, on_written, certificate);
}

/* In place of the version that was read: whoever is second gets a 409. */
static void renew_begin(struct webhook_certificate *certificate, const json_t *secret, const struct serving_certificate *before)
{
	struct kube_target target = target_of(certificate);
	struct serving_terms terms = terms_of(certificate);
	scoped_serving_certificate made;
	struct err err = { 0 };

	serving_certificate_init(&made);
	if (serving_certificate_issue(&terms, before, instant_wall_ms(), &made, &err) == -1) {
		fail(certificate, &err);
		return;
	}
	scoped_json whole = serving_certificate_to_secret(&made);
	scoped_json patch = json_object();
	json_put(patch, "/data", json_incref(json_at(whole, "/data")));
	json_put_text(patch, "/metadata/resourceVersion", json_text_at(secret, "/metadata/resourceVersion"));
	certificate->call =
		kube_merge_patch(certificate->client, &target, patch, FIELD_MANAGER_CONTROLLER, on_written, certificate);
}

static void on_secret(struct webhook_certificate *certificate, const json_t *secret, bool is_ours)
{
	struct serving_terms terms = terms_of(certificate);
	struct err err = { 0 };
	enum serving_verdict verdict = serving_certificate_judge(secret, &terms, instant_wall_ms(), &certificate->seen, &err);

	if (is_ours && verdict == SERVING_BAD) {
		(void)err_set(&err, ERR_RETRY, "Secret %s/%s is not as we have just written it", certificate->options.name_space,
			certificate->options.secret);
		fail(certificate, &err);
		return;
	}
	switch (verdict) {
	case SERVING_GOOD: take(certificate); return;
	case SERVING_DUE:
		log_info("certificate.due", LOG_STR("secret", certificate->options.secret));
		renew_begin(certificate, secret, &certificate->seen);
		return;
	case SERVING_BAD:
		log_warn("certificate.unusable", LOG_STR("secret", certificate->options.secret), LOG_ERR(&err));
		renew_begin(certificate, secret, &certificate->held);
		return;
	case SERVING_FOREIGN:
		(void)err_wrap(&err, "Secret %s/%s", certificate->options.name_space, certificate->options.secret);
		fail(certificate, &err);
		return;
	}
}

static void on_written(void *arg, const struct json_t *object, const struct err *err)
{
	struct webhook_certificate *certificate = arg;

	certificate->call = NULL;
	if (object != NULL) {
		log_info("certificate.made", LOG_STR("secret", certificate->options.secret));
		on_secret(certificate, object, true);
	} else if (err->code == ERR_CONFLICT) {
		again(certificate); /* another controller was first */
	} else {
		hold_what_there_is(certificate);
		fail(certificate, err);
	}
}

static void on_read(void *arg, const struct json_t *object, const struct err *err)
{
	struct webhook_certificate *certificate = arg;

	certificate->call = NULL;
	if (object != NULL)
		on_secret(certificate, object, false);
	else if (err->code == ERR_NOT_FOUND)
		make_begin(certificate);
	else
		fail(certificate, err);
}

static void on_due(void *arg)
{
	struct webhook_certificate *certificate = arg;
	struct kube_target target = target_of(certificate);

	certificate->call = kube_get(certificate->client, &target, on_read, certificate);
}

/* --- life --- */

static void names_make(struct webhook_certificate *certificate)
{
	static const char *const endings[DNS_NAMES] = { "svc", "svc.cluster.local" };
	uint64_t number;

	for (size_t i = 0; i < DNS_NAMES; i++) {
		(void)snprintf(certificate->names[i], sizeof(certificate->names[i]), "%s.%s.%s", certificate->options.service,
			certificate->options.name_space, endings[i]);
		certificate->name_pointers[i] = certificate->names[i];
	}
	random_bytes(&number, sizeof(number));
	(void)snprintf(certificate->creator, sizeof(certificate->creator), FIELD_MANAGER_CONTROLLER "-%016llx",
		(unsigned long long)number);
}

struct webhook_certificate *webhook_certificate_new(
	struct loop *loop, struct kube_client *client, const struct webhook_certificate_options *options)
{
	struct webhook_certificate *certificate = mem_alloc(sizeof(*certificate));
	const struct webhook_trust_options trust = {
		.configurations = options->configurations, .arg = certificate, .on_told = on_told
	};

	certificate->options = *options;
	certificate->loop = loop;
	certificate->client = client;
	certificate->timer = loop_timer_new(loop, on_due, certificate);
	certificate->trust = webhook_trust_new(client, &trust);
	serving_certificate_init(&certificate->seen);
	serving_certificate_init(&certificate->held);
	serving_certificate_init(&certificate->waiting);
	names_make(certificate);
	return certificate;
}

void webhook_certificate_start(struct webhook_certificate *certificate)
{
	loop_timer_set(certificate->timer, 0);
}

void webhook_certificate_free(struct webhook_certificate **certificate)
{
	if (*certificate == NULL)
		return;
	loop_timer_free(&(*certificate)->timer);
	kube_call_cancel(&(*certificate)->call);
	webhook_trust_free(&(*certificate)->trust);
	serving_certificate_fini(&(*certificate)->seen);
	serving_certificate_fini(&(*certificate)->held);
	serving_certificate_fini(&(*certificate)->waiting);
	mem_release(*certificate);
	*certificate = NULL;
}
