/* SPDX-License-Identifier: Apache-2.0 */
/* kube/lease_rules.h — pure: who may hold a Lease now. Ages are judged by our own clock since we saw the record change,
   so that clocks of different nodes need not agree. */
#ifndef KRYPTON_KUBE_LEASE_RULES_H
#define KRYPTON_KUBE_LEASE_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

#define KUBE_LEASE_TEXT_BYTES 256

/* What the Lease said when it last changed. */
struct kube_lease_record {
	bool is_there;
	char holder[KUBE_LEASE_TEXT_BYTES]; /* "": nobody */
	char resource_version[KUBE_LEASE_TEXT_BYTES];
	int64_t ttl_ms; /* the holder's own */
	int64_t transitions;
	int64_t seen_ms; /* monotonic: when we first saw this resourceVersion */
};

struct kube_lease_self {
	const char *identity;
	int64_t ttl_ms, renew_ms;
};

enum kube_lease_move {
	KUBE_LEASE_WAIT,   /* somebody else holds it */
	KUBE_LEASE_CREATE, /* there is none */
	KUBE_LEASE_TAKE,   /* nobody holds it, or its holder was silent for too long */
	KUBE_LEASE_RENEW,  /* it is ours */
};

/* Takes over what a Lease object says (NULL: there is none). An unchanged resourceVersion keeps seen_ms. */
void kube_lease_record_see(struct kube_lease_record *record, const struct json_t *lease, int64_t now_ms);
enum kube_lease_move kube_lease_next_move(
	const struct kube_lease_record *record, const struct kube_lease_self *self, int64_t now_ms);
/* Until when (monotonic) we may act as the holder, from when the last good renewal was sent: two thirds of the ttl, so before
 * anybody else. */
int64_t kube_lease_held_until_ms(const struct kube_lease_self *self, int64_t renewal_sent_ms);
/* The Lease to write: a new one, ours, renewed, or (release) nobody's. Carries the resourceVersion seen. Yours. */
struct json_t *kube_lease_object(const struct kube_lease_record *record, const struct kube_lease_self *self,
	const struct json_t *lease, bool is_release, int64_t now_wall_ms);

#endif
