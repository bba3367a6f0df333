/* SPDX-License-Identifier: Apache-2.0 */
/* controller/admission.c — a small HTTPS server around admission_review; it works whether we lead or stand by. */
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
#include "net/ops_server.h"
#include "net/pem_file.h"

#define PEM_BYTES_MAX    (256 * 1024)
#define BODY_BYTES_MAX   (4 * 1024 * 1024)
#define ANSWER_BYTES_MAX (64 * 1024)
#define LOOK_AGAIN_MS    30000

struct admission {
	struct loop *loop;
	struct metrics *metrics;
	const char *address;
	char certificate_path[512], key_path[512];
	struct buf certificate, key; /* those in use */
	struct ops_server *server;
	struct loop_timer *timer;
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
	metrics_add(admission->metrics, METRIC_ADMISSIONS, METRIC_LABELS(validates ? "validate" : "mutate", results[result]), 1);
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

static int server_start(struct admission *admission, struct err *err)
{
	const struct ops_server_options options = {
		.address = admission->address,
		.routes = routes,
		.route_count = ARRAY_LEN(routes),
		.arg = admission,
		.max_body_bytes = BODY_BYTES_MAX,
		.certificate_pem = buf_terminated(&admission->certificate),
		.key_pem = buf_terminated(&admission->key),
	};

	admission->server = ops_server_new(admission->loop, &options, err);
	return admission->server == NULL ? err_wrap(err, "--webhook-bind-address=%s", admission->address) : 0;
}

/* A new pair is checked before the old one is given up. */
static void on_due(void *arg)
{
	struct admission *admission = arg;
	struct err err = { 0 };
	scoped_buf certificate, key;

	buf_init(&certificate, PEM_BYTES_MAX);
	buf_init(&key, PEM_BYTES_MAX);
	loop_timer_set(admission->timer, LOOK_AGAIN_MS);
	if (pair_read(admission, &certificate, &key, &err) == -1) {
		log_warn("certificate.unreadable", LOG_ERR(&err));
		return;
	}
	if (admission->server != NULL && text_equal(buf_text(&certificate), buf_text(&admission->certificate)) &&
		text_equal(buf_text(&key), buf_text(&admission->key)))
		return;
	ops_server_free(&admission->server);
	buf_clear(&admission->certificate);
	buf_clear(&admission->key);
	if (buf_append_text(&admission->certificate, buf_text(&certificate)) == -1 ||
		buf_append_text(&admission->key, buf_text(&key)) == -1 || server_start(admission, &err) == -1)
		log_error("webhook.stopped", LOG_ERR(&err));
	else
		log_info("certificate.reloaded", LOG_STR("file", admission->certificate_path));
}

struct admission *admission_new(
	struct loop *loop, const char *address, const char *cert_dir, struct metrics *metrics, struct err *err)
{
	scoped(admission) admission = mem_alloc(sizeof(*admission));
	struct admission *started;

	admission->loop = loop;
	admission->metrics = metrics;
	admission->address = address;
	buf_init(&admission->certificate, PEM_BYTES_MAX);
	buf_init(&admission->key, PEM_BYTES_MAX);
	if (strlen(cert_dir) > 480) {
		(void)err_set(err, ERR_INVALID, "--webhook-cert-dir: the path is too long");
		return NULL;
	}
	(void)snprintf(admission->certificate_path, sizeof(admission->certificate_path), "%.480s/tls.crt", cert_dir);
	(void)snprintf(admission->key_path, sizeof(admission->key_path), "%.480s/tls.key", cert_dir);
	if (pair_read(admission, &admission->certificate, &admission->key, err) == -1 || server_start(admission, err) == -1)
		return NULL;
	admission->timer = loop_timer_new(loop, on_due, admission);
	loop_timer_set(admission->timer, LOOK_AGAIN_MS);
	started = admission;
	admission = NULL;
	return started;
}

void admission_free(struct admission **admission)
{
	if (*admission == NULL)
		return;
	ops_server_free(&(*admission)->server);
	loop_timer_free(&(*admission)->timer);
	buf_fini(&(*admission)->certificate);
	buf_fini(&(*admission)->key);
	mem_release(*admission);
	*admission = NULL;
}
