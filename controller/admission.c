/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/admission.c — a small HTTPS server around admission_review; it works
 * whether we lead or stand by. A new certificate is for the next handshake: the
 * socket stays open and no connection ends.
 */
#include "controller/admission.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "controller/admission_review.h"
#include "controller/metrics.h"
#include "controller/options.h"
#include "controller/serving_certificate.h"
#include "controller/webhook_certificate.h"
#include "net/health.h"
#include "net/ops_server.h"
#include "net/pem_file.h"

#define PEM_BYTES_MAX    (256 * 1024)
#define BODY_BYTES_MAX   (4 * 1024 * 1024)
#define ANSWER_BYTES_MAX (64 * 1024)
#define LOOK_AGAIN_MS    10000 /* at the files, which the kubelet changes within its minute */
#define HEALTH           "webhook"

struct admission {
	struct admission_tools tools;
	struct ops_server *server;       /* NULL: no certificate yet */
	struct webhook_certificate *own; /* NULL: the files */
	char certificate_path[512], key_path[512];
	struct buf certificate, key; /* of the files, those in use */
	struct loop_timer *timer;
	char complaint[sizeof(((struct err *)0)->message)]; /* told last */
};

static void review_handle(struct admission *admission, struct ops_request *request, bool validates)
{
	static const char *const results[] = { "allowed", "denied", "malformed" };
	enum admission_result result = ADMISSION_MALFORMED;
	struct err err = { 0 };
	scoped_json review = json_parse(ops_request_body(request), &err);
	scoped_json answer = review == NULL ? NULL : admission_review_answer(review, validates, &result, &err);
	scoped_buf body;

	buf_init(&body, ANSWER_BYTES_MAX);
	metrics_add(
		admission->tools.metrics, METRIC_ADMISSIONS, METRIC_LABELS(validates ? "validate" : "mutate", results[result]), 1);
	if (answer == NULL) {
		if (buf_format(&body, "%s\n", err.message) == -1)
			buf_clear(&body);
		ops_reply(request, 400, "text/plain; charset=utf-8", buf_text(&body));
		return;
	}
	if (json_format(answer, &body) == -1) {
		ops_reply(request, 500, "text/plain; charset=utf-8", TEXT("the answer is too long\n"));
		return;
	}
	ops_reply(request, 200, "application/json", buf_text(&body));
}

static void on_mutate(void *arg, struct ops_request *request)
{
	review_handle(arg, request, false);
}

static void on_validate(void *arg, struct ops_request *request)
{
	review_handle(arg, request, true);
}

static const struct ops_route routes[] = {
	{ "POST /mutate-krypton-ai-v1alpha1-agent", on_mutate },
	{ "POST /validate-krypton-ai-v1alpha1-agent", on_validate },
};

static int serve_with(struct admission *admission, const char *certificate_pem, const char *key_pem, struct err *err)
{
	const struct controller_options *settings = admission->tools.options;
	const struct ops_server_options options = {
		.address = settings->webhook_address,
		.routes = routes,
		.route_count = ARRAY_LEN(routes),
		.arg = admission,
		.max_body_bytes = BODY_BYTES_MAX,
		.certificate_pem = certificate_pem,
		.key_pem = key_pem,
	};

	if (admission->server != NULL)
		return ops_server_set_certificate(admission->server, certificate_pem, key_pem, err);
	admission->server = ops_server_new(admission->tools.loop, &options, err);
	return admission->server == NULL ? err_wrap(err, "--webhook-bind-address=%s", settings->webhook_address) : 0;
}

/* --- files --- */

static int pair_read(const struct admission *admission, struct buf *certificate, struct buf *key, struct err *err)
{
	if (file_read(admission->certificate_path, certificate, err) == -1)
		return err_wrap(err, "--enable-webhooks");
	if (file_read(admission->key_path, key, err) == -1)
		return err_wrap(err, "--enable-webhooks");
	if (pem_check_pair(buf_terminated(certificate), buf_terminated(key), err) == -1)
		return err_wrap(err, "--enable-webhooks: %s", admission->certificate_path);
	return 0;
}

/* 1: another pair is served, 0: it is the same, -1: unusable, the old one stays. */
static int files_take(struct admission *admission, struct err *err)
{
	scoped_buf certificate, key;

	buf_init(&certificate, PEM_BYTES_MAX);
	buf_init(&key, PEM_BYTES_MAX);
	if (pair_read(admission, &certificate, &key, err) == -1)
		return -1;
	if (text_equal(buf_text(&certificate), buf_text(&admission->certificate)) &&
		text_equal(buf_text(&key), buf_text(&admission->key)))
		return 0;
	if (serve_with(admission, buf_terminated(&certificate), buf_terminated(&key), err) == -1)
		return -1;
	buf_clear(&admission->certificate);
	buf_clear(&admission->key);
	BUG_ON(buf_append_text(&admission->certificate, buf_text(&certificate)) == -1);
	BUG_ON(buf_append_text(&admission->key, buf_text(&key)) == -1);
	return 1;
}

static void on_due(void *arg)
{
	struct admission *admission = arg;
	struct err err = { 0 };
	int taken = files_take(admission, &err);

	loop_timer_set(admission->timer, LOOK_AGAIN_MS);
	if (taken == -1)
		log_warn("certificate.unreadable", LOG_ERR(&err));
	else if (taken == 1)
		log_info("certificate.reloaded", LOG_STR("file", admission->certificate_path));
}

static int files_open(struct admission *admission, struct err *err)
{
	const char *folder = admission->tools.options->webhook_cert_dir;

	if (strlen(folder) > 480)
		return err_set(err, ERR_INVALID, "--webhook-cert-dir: the path is too long");
	(void)snprintf(admission->certificate_path, sizeof(admission->certificate_path), "%.480s/tls.crt", folder);
	(void)snprintf(admission->key_path, sizeof(admission->key_path), "%.480s/tls.key", folder);
	if (files_take(admission, err) == -1)
		return -1;
	admission->timer = loop_timer_new(admission->tools.loop, on_due, admission);
	loop_timer_set(admission->timer, LOOK_AGAIN_MS);
	return 0;
}

/* --- our own --- */

/* Each trouble is logged when it is first met, not at each try. */
static void on_trouble(void *arg, const struct err *err)
{
	struct admission *admission = arg;
	const char *message = err == NULL ? "" : err->message;
	bool is_serving = admission->server != NULL;

	health_set(admission->tools.health, HEALTH, err == NULL && is_serving, err == NULL ? "no certificate yet" : message);
	if (err != NULL && strcmp(admission->complaint, message) != 0)
		log_warn("certificate.failed", LOG_ERR(err));
	(void)snprintf(admission->complaint, sizeof(admission->complaint), "%s", message);
}

static int on_change(void *arg, const struct serving_certificate *certificate, struct err *err)
{
	struct admission *admission = arg;
	scoped_serving_certificate served;

	serving_certificate_init(&served);
	serving_certificate_copy(&served, certificate);
	if (serve_with(admission, buf_terminated(&served.pem[SERVING_CERTIFICATE]), buf_terminated(&served.pem[SERVING_KEY]),
		    err) == -1)
		return -1;
	log_info("certificate.served", LOG_STR("secret", admission->tools.options->webhook_secret));
	return 0;
}

static void own_open(struct admission *admission)
{
	const struct controller_options *settings = admission->tools.options;
	const struct webhook_certificate_options options = {
		.name_space = admission->tools.name_space,
		.secret = settings->webhook_secret,
		.service = settings->webhook_service,
		.configurations = settings->webhook_configurations,
		.life_ms = settings->webhook_certificate_life_ms,
		.arg = admission,
		.on_change = on_change,
		.on_trouble = on_trouble,
	};

	health_set(admission->tools.health, HEALTH, false, "no certificate yet");
	admission->own = webhook_certificate_new(admission->tools.loop, admission->tools.client, &options);
	webhook_certificate_start(admission->own);
}

/* --- life --- */

struct admission *admission_new(const struct admission_tools *tools, struct err *err)
{
	scoped(admission) admission = mem_alloc(sizeof(*admission));
	const char *folder = tools->options->webhook_cert_dir;
	struct admission *started;

	admission->tools = *tools;
	buf_init(&admission->certificate, PEM_BYTES_MAX);
	buf_init(&admission->key, PEM_BYTES_MAX);
	if (folder == NULL || folder[0] == '\0')
		own_open(admission);
	else if (files_open(admission, err) == -1)
		return NULL;
	started = admission;
	admission = NULL;
	return started;
}

void admission_free(struct admission **admission)
{
	if (*admission == NULL)
		return;
	webhook_certificate_free(&(*admission)->own);
	ops_server_free(&(*admission)->server);
	loop_timer_free(&(*admission)->timer);
	buf_fini(&(*admission)->certificate);
	buf_fini(&(*admission)->key);
	mem_release(*admission);
	*admission = NULL;
}
