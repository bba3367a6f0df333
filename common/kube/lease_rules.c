/* SPDX-License-Identifier: Apache-2.0 */
/* kube/lease_rules.c — pure: reading and writing coordination.k8s.io/v1 Leases, and the one decision. Requests are kube/lease.c's.
 */
#include "kube/lease_rules.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/json.h"

#define MIN_TTL_S 1
#define MAX_TTL_S 600 /* a longer one would keep everybody waiting for a holder that is dead */

static void text_put(char out[KUBE_LEASE_TEXT_BYTES], const char *text)
{
	(void)snprintf(out, KUBE_LEASE_TEXT_BYTES, "%s", text == NULL ? "" : text);
}

static int64_t ttl_bounded_s(int64_t seconds)
{
	return seconds < MIN_TTL_S ? MIN_TTL_S : seconds > MAX_TTL_S ? MAX_TTL_S : seconds;
}

void kube_lease_record_see(struct kube_lease_record *record, const json_t *lease, int64_t now_ms)
{
	const char *version = json_text_at(lease, "/metadata/resourceVersion");
	int64_t transitions = json_int_at(lease, "/spec/leaseTransitions", 0);

	if (lease == NULL) {
		*record = (struct kube_lease_record){ .seen_ms = now_ms };
		return;
	}
	if (record->is_there && version != NULL && strcmp(version, record->resource_version) == 0)
		return;
	record->is_there = true;
	text_put(record->resource_version, version);
	text_put(record->holder, json_text_at(lease, "/spec/holderIdentity"));
	record->ttl_ms = 1000 * ttl_bounded_s(json_int_at(lease, "/spec/leaseDurationSeconds", MIN_TTL_S));
	record->transitions = transitions >= 0 && transitions < INT32_MAX ? transitions : 0; /* an int32 there */
	record->seen_ms = now_ms;
}

enum kube_lease_move kube_lease_next_move(
	const struct kube_lease_record *record, const struct kube_lease_self *self, int64_t now_ms)
{
	if (!record->is_there)
		return KUBE_LEASE_CREATE;
	if (strcmp(record->holder, self->identity) == 0)
		return KUBE_LEASE_RENEW;
	if (record->holder[0] == '\0' || now_ms - record->seen_ms > record->ttl_ms)
		return KUBE_LEASE_TAKE;
	return KUBE_LEASE_WAIT;
}

int64_t kube_lease_held_until_ms(const struct kube_lease_self *self, int64_t renewal_sent_ms)
{
	return renewal_sent_ms + self->ttl_ms * 2 / 3;
}

json_t *kube_lease_object(const struct kube_lease_record *record, const struct kube_lease_self *self, const json_t *lease,
	bool is_release, int64_t now_wall_ms)
{
	bool is_ours = strcmp(record->holder, self->identity) == 0;
	json_t *written = lease == NULL ? json_object() : json_deep_copy(lease);
	char now[INSTANT_TEXT_BYTES];

	instant_format_micro(now_wall_ms, now);
	if (record->is_there)
		json_put_text(written, "/metadata/resourceVersion", record->resource_version);
	json_put_text(written, "/spec/holderIdentity", is_release ? "" : self->identity);
	json_put(written, "/spec/leaseDurationSeconds",
		json_integer(is_release ? MIN_TTL_S : ttl_bounded_s((self->ttl_ms + 999) / 1000)));
	json_put_text(written, "/spec/renewTime", now);
	if (!is_ours || is_release)
		json_put_text(written, "/spec/acquireTime", now);
	json_put(written, "/spec/leaseTransitions", json_integer(record->transitions + (record->is_there && !is_ours ? 1 : 0)));
	return written;
}
