/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/serving_certificate.c — deciding about a Secret's certificate; the
 * doing is webhook_certificate. Each renewal has an authority of its own, whose
 * key is never kept: the bundle vouches for the one before until that has ended.
 */
#include "controller/serving_certificate.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "krypton/labels.h"
#include "kube/base64.h"
#include "net/pem_file.h"

#define PEM_BYTES_MAX   (64 * 1024)
#define AUTHORITIES_MAX 3                /* two overlap; one to spare */
#define SKEW_MAX_MS     INT64_C(3600000) /* a peer's clock may be that far behind ours */
#define SETTLE_MAX_MS   10000

static const char *const pointers[SERVING_PARTS] = {
	[SERVING_AUTHORITIES] = "/data/ca.crt",
	[SERVING_CERTIFICATE] = "/data/tls.crt",
	[SERVING_KEY] = "/data/tls.key",
};

void serving_certificate_init(struct serving_certificate *certificate)
{
	*certificate = (struct serving_certificate){ 0 };
	for (size_t i = 0; i < SERVING_PARTS; i++)
		buf_init(&certificate->pem[i], PEM_BYTES_MAX);
}

void serving_certificate_fini(struct serving_certificate *certificate)
{
	for (size_t i = 0; i < SERVING_PARTS; i++)
		buf_fini(&certificate->pem[i]);
}

void serving_certificate_copy(struct serving_certificate *to, const struct serving_certificate *from)
{
	to->life = from->life;
	for (size_t i = 0; i < SERVING_PARTS; i++) {
		buf_clear(&to->pem[i]);
		BUG_ON(buf_append_text(&to->pem[i], buf_text(&from->pem[i])) == -1);
	}
}

bool serving_certificate_is_empty(const struct serving_certificate *certificate)
{
	return buf_len(&certificate->pem[SERVING_CERTIFICATE]) == 0;
}

bool serving_certificate_is_same(const struct serving_certificate *a, const struct serving_certificate *b)
{
	for (size_t i = 0; i < SERVING_PARTS; i++) {
		if (!text_equal(buf_text(&a->pem[i]), buf_text(&b->pem[i])))
			return false;
	}
	return true;
}

int64_t serving_certificate_due_ms(const struct certificate_life *life, int64_t life_ms)
{
	int64_t its_own_ms = life->ends_ms - life->begins_ms;

	return life->begins_ms + (its_own_ms < life_ms ? its_own_ms : life_ms) * 2 / 3;
}

int64_t serving_certificate_settle_ms(int64_t life_ms)
{
	return life_ms / 10 < SETTLE_MAX_MS ? life_ms / 10 : SETTLE_MAX_MS;
}

/* The Secret's texts, as they are; "" where there is none. */
static int parts_take(const json_t *secret, struct serving_certificate *out, struct err *err)
{
	for (size_t i = 0; i < SERVING_PARTS; i++) {
		const char *encoded = json_text_at(secret, pointers[i]);

		buf_clear(&out->pem[i]);
		if (encoded == NULL || kube_base64_decode(text_of(encoded), &out->pem[i]) == -1)
			return err_set(err, ERR_INVALID, "no usable %s in it", pointers[i] + strlen("/data/"));
	}
	return 0;
}

static int certificate_take(
	const json_t *secret, const struct serving_terms *terms, int64_t wall_ms, struct serving_certificate *out, struct err *err)
{
	if (parts_take(secret, out, err) == -1)
		return -1;
	const char *certificate = buf_terminated(&out->pem[SERVING_CERTIFICATE]);
	if (pem_check_pair(certificate, buf_terminated(&out->pem[SERVING_KEY]), err) == -1)
		return -1;
	if (certificate_check(certificate, buf_terminated(&out->pem[SERVING_AUTHORITIES]), terms->dns_names, terms->dns_name_count,
		    wall_ms, err) == -1)
		return -1;
	return certificate_read_life(certificate, &out->life, err);
}

enum serving_verdict serving_certificate_judge(const struct json_t *secret, const struct serving_terms *terms, int64_t wall_ms,
	struct serving_certificate *ret_certificate, struct err *err)
{
	const char *managed_by = json_text_at(secret, "/metadata/labels/app.kubernetes.io~1managed-by");
	scoped_serving_certificate found;

	serving_certificate_init(&found);
	if (managed_by == NULL || strcmp(managed_by, FIELD_MANAGER_CONTROLLER) != 0) {
		(void)err_set(err, ERR_CONFLICT, "it is not ours (no label %s=%s): delete it, or name another by --webhook-secret",
			LABEL_MANAGED_BY, FIELD_MANAGER_CONTROLLER);
		return SERVING_FOREIGN;
	}
	if (certificate_take(secret, terms, wall_ms, &found, err) == -1)
		return SERVING_BAD;
	serving_certificate_copy(ret_certificate, &found);
	return wall_ms >= serving_certificate_due_ms(&found.life, terms->life_ms) ? SERVING_DUE : SERVING_GOOD;
}

int serving_certificate_issue(const struct serving_terms *terms, const struct serving_certificate *before, int64_t wall_ms,
	struct serving_certificate *ret_certificate, struct err *err)
{
	int64_t skew_ms = terms->life_ms / 20 < SKEW_MAX_MS ? terms->life_ms / 20 : SKEW_MAX_MS;
	const struct authority_options options = {
		.name = "krypton webhook authority",
		.dns_names = terms->dns_names,
		.dns_name_count = terms->dns_name_count,
		.life = { .begins_ms = wall_ms - skew_ms, .ends_ms = wall_ms - skew_ms + terms->life_ms },
	};
	scoped_serving_certificate made;
	scoped_buf old;

	serving_certificate_init(&made);
	buf_init(&old, PEM_BYTES_MAX);
	if (authority_issue(
		    &options, &made.pem[SERVING_AUTHORITIES], &made.pem[SERVING_CERTIFICATE], &made.pem[SERVING_KEY], err) == -1)
		return -1;
	if (buf_append_text(&old, buf_text(&before->pem[SERVING_AUTHORITIES])) == -1)
		return err_set(err, ERR_LIMIT, "the authorities before are too long");
	if (buf_len(&old) > 0 &&
		authorities_keep(buf_terminated(&old), wall_ms, AUTHORITIES_MAX - 1, &made.pem[SERVING_AUTHORITIES], err) == -1)
		return -1;
	if (certificate_read_life(buf_terminated(&made.pem[SERVING_CERTIFICATE]), &made.life, err) == -1)
		return -1;
	serving_certificate_copy(ret_certificate, &made);
	return 0;
}

struct json_t *serving_certificate_to_secret(const struct serving_certificate *certificate)
{
	json_t *secret = json_object();

	json_put_text(secret, "/type", "kubernetes.io/tls");
	json_put_text(secret, "/metadata/labels/app.kubernetes.io~1part-of", "krypton");
	json_put_text(secret, "/metadata/labels/app.kubernetes.io~1managed-by", FIELD_MANAGER_CONTROLLER);
	for (size_t i = 0; i < SERVING_PARTS; i++) {
		scoped_buf encoded;

		buf_init(&encoded, 2 * PEM_BYTES_MAX);
		BUG_ON(kube_base64_encode(buf_text(&certificate->pem[i]), &encoded) == -1);
		json_put_text(secret, pointers[i], buf_terminated(&encoded));
	}
	return secret;
}
