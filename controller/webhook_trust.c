/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/webhook_trust.c — by server-side apply of webhooks[].clientConfig.caBundle
 * and nothing else, so that whoever installed the configurations keeps the rest:
 * a helm upgrade or a GitOps tool does not name that field and leaves it alone.
 * A configuration that is not there is not made.
 */
#include "controller/webhook_trust.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "krypton/labels.h"
#include "kube/base64.h"
#include "kube/client.h"

#define BUNDLE_BYTES_MAX (256 * 1024)

static const struct kube_resource *const kinds[] = { &KUBE_MUTATING_WEBHOOKS, &KUBE_VALIDATING_WEBHOOKS };

struct webhook_trust {
	struct webhook_trust_options options;
	struct kube_client *client;
	struct kube_call *call;
	struct buf bundle; /* base64 of PEM, as the API has it */
	size_t kind;       /* the one under way */
	bool is_absent;
};

static void read_begin(struct webhook_trust *trust);

static struct kube_target target_of(const struct webhook_trust *trust)
{
	return (struct kube_target){ .resource = kinds[trust->kind], .name = trust->options.configurations };
}

static void next(struct webhook_trust *trust)
{
	trust->kind++;
	if (trust->kind < ARRAY_LEN(kinds))
		read_begin(trust);
	else
		trust->options.on_told(trust->options.arg, trust->is_absent, NULL);
}

static void on_written(void *arg, const struct json_t *object, const struct err *err)
{
	struct webhook_trust *trust = arg;

	trust->call = NULL;
	if (object == NULL)
		trust->options.on_told(trust->options.arg, trust->is_absent, err);
	else
		next(trust);
}

/* What to apply; NULL: every webhook has the bundle already. */
static json_t *change_make(const json_t *configuration, const char *bundle)
{
	json_t *change = json_object();
	const json_t *webhook;
	bool is_news = false;
	size_t i;

	json_put(change, "/webhooks", json_array());
	json_array_foreach(json_at(configuration, "/webhooks"), i, webhook) {
		const char *name = json_text_at(webhook, "/name"), *said = json_text_at(webhook, "/clientConfig/caBundle");
		json_t *entry = json_object();

		json_put_text(entry, "/name", name);
		json_put_text(entry, "/clientConfig/caBundle", bundle);
		json_put(change, "/webhooks/-", entry);
		is_news = is_news || said == NULL || strcmp(said, bundle) != 0;
	}
	if (is_news)
		return change;
	json_decref(change);
	return NULL;
}

static void on_read(void *arg, const struct json_t *object, const struct err *err)
{
	struct webhook_trust *trust = arg;
	struct kube_target target = target_of(trust);
	scoped_json change = object == NULL ? NULL : change_make(object, buf_terminated(&trust->bundle));

	trust->call = NULL;
	if (change != NULL) {
		/* One that was deleted and made again meanwhile is another object: looked at next time. */
		json_put_text(change, "/metadata/uid", json_text_at(object, "/metadata/uid"));
		trust->call = kube_apply(trust->client, &target, change, FIELD_MANAGER_CONTROLLER, true, on_written, trust);
		return;
	}
	if (object == NULL && err->code != ERR_NOT_FOUND) {
		trust->options.on_told(trust->options.arg, trust->is_absent, err);
		return;
	}
	trust->is_absent = trust->is_absent || object == NULL;
	next(trust);
}

static void read_begin(struct webhook_trust *trust)
{
	struct kube_target target = target_of(trust);

	trust->call = kube_get(trust->client, &target, on_read, trust);
}

struct webhook_trust *webhook_trust_new(struct kube_client *client, const struct webhook_trust_options *options)
{
	struct webhook_trust *trust = mem_alloc(sizeof(*trust));

	trust->options = *options;
	trust->client = client;
	buf_init(&trust->bundle, BUNDLE_BYTES_MAX);
	return trust;
}

void webhook_trust_tell(struct webhook_trust *trust, struct text authorities)
{
	BUG_ON(trust->call != NULL);
	buf_clear(&trust->bundle);
	BUG_ON(kube_base64_encode(authorities, &trust->bundle) == -1);
	trust->kind = 0;
	trust->is_absent = false;
	read_begin(trust);
}

void webhook_trust_free(struct webhook_trust **trust)
{
	if (*trust == NULL)
		return;
	kube_call_cancel(&(*trust)->call);
	buf_fini(&(*trust)->bundle);
	mem_release(*trust);
	*trust = NULL;
}
