/* SPDX-License-Identifier: Apache-2.0 */
/* controller/webhook_trust.h — the authorities, written into the webhook configurations so that API servers trust our certificate.
 */
#ifndef KRYPTON_CONTROLLER_WEBHOOK_TRUST_H
#define KRYPTON_CONTROLLER_WEBHOOK_TRUST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct kube_client;
struct webhook_trust;

struct webhook_trust_options {
	const char *configurations; /* the name of both; borrowed */
	void *arg;
	/* Once for each webhook_trust_tell(): err NULL: both say it; is_absent: one of them is not there, so nothing asks us by it.
	 */
	void (*on_told)(void *arg, bool is_absent, const struct err *err);
};

struct webhook_trust *webhook_trust_new(struct kube_client *client, const struct webhook_trust_options *options);
/* Writes where it is not said yet. authorities: PEM, copied. Not while one is under way. */
void webhook_trust_tell(struct webhook_trust *trust, struct text authorities);
void webhook_trust_free(struct webhook_trust **trust);

#endif
