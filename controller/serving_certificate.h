/* SPDX-License-Identifier: Apache-2.0 */
/* controller/serving_certificate.h — pure but for the randomness of keys: the webhooks' certificate as its Secret has it, and what
   is to be done about it. */
#ifndef KRYPTON_CONTROLLER_SERVING_CERTIFICATE_H
#define KRYPTON_CONTROLLER_SERVING_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/authority.h"

struct json_t;

enum serving_part {
	SERVING_AUTHORITIES, /* the newest first; those before it until they end */
	SERVING_CERTIFICATE,
	SERVING_KEY,
	SERVING_PARTS
};

/* Empty, or whole. */
struct serving_certificate {
	struct buf pem[SERVING_PARTS];
	struct certificate_life life;
};

void serving_certificate_init(struct serving_certificate *certificate);
void serving_certificate_fini(struct serving_certificate *certificate);
void serving_certificate_copy(struct serving_certificate *to, const struct serving_certificate *from);
bool serving_certificate_is_empty(const struct serving_certificate *certificate);
bool serving_certificate_is_same(const struct serving_certificate *a, const struct serving_certificate *b);
#define scoped_serving_certificate __attribute__((cleanup(serving_certificate_fini))) struct serving_certificate

/* What it is for, and for how long. */
struct serving_terms {
	const char *const *dns_names;
	size_t dns_name_count;
	int64_t life_ms;
};

enum serving_verdict {
	SERVING_GOOD,    /* to be served */
	SERVING_DUE,     /* still good, and to be made anew */
	SERVING_BAD,     /* of no use: to be made anew; err says why */
	SERVING_FOREIGN, /* the Secret is not ours to change; err says so */
};

/* Reads a Secret; ret_certificate is set where it is GOOD or DUE. */
enum serving_verdict serving_certificate_judge(const struct json_t *secret, const struct serving_terms *terms, int64_t wall_ms,
	struct serving_certificate *ret_certificate, struct err *err);

/* Another pair, with the authorities of `before` that have not ended behind the new one; before may be empty. */
int serving_certificate_issue(const struct serving_terms *terms, const struct serving_certificate *before, int64_t wall_ms,
	struct serving_certificate *ret_certificate, struct err *err) must_check;

/* The Secret that holds it, for an apply. Yours. */
struct json_t *serving_certificate_to_secret(const struct serving_certificate *certificate);

/* Two thirds of its life are over; a certificate that lives longer than the terms say is due sooner. */
int64_t serving_certificate_due_ms(const struct certificate_life *life, int64_t life_ms);
/* How long API servers are given to learn of a new authority before its certificate is served. */
int64_t serving_certificate_settle_ms(int64_t life_ms);

#endif
