/* SPDX-License-Identifier: Apache-2.0 */
/* controller/webhook_certificate.h — the webhooks' certificate where none is given: read from its Secret, made there, renewed. */
#ifndef KRYPTON_CONTROLLER_WEBHOOK_CERTIFICATE_H
#define KRYPTON_CONTROLLER_WEBHOOK_CERTIFICATE_H

#include <stdint.h>

#include "base/err.h"

struct kube_client;
struct loop;
struct serving_certificate;
struct webhook_certificate;

struct webhook_certificate_options {
	const char *name_space, *secret; /* all borrowed */
	const char *service;             /* whose DNS names it is for */
	const char *configurations;
	int64_t life_ms;
	void *arg;
	/* Serve this one from now on; -1: it could not be, ask again. */
	int (*on_change)(void *arg, const struct serving_certificate *certificate, struct err *err);
	void (*on_trouble)(void *arg, const struct err *err); /* NULL err: well again */
};

struct webhook_certificate *webhook_certificate_new(
	struct loop *loop, struct kube_client *client, const struct webhook_certificate_options *options);
/* Looks now, once a minute, and when it is due. Every controller may, leading or not: they agree by the Secret. */
void webhook_certificate_start(struct webhook_certificate *certificate);
void webhook_certificate_free(struct webhook_certificate **certificate);

#endif
