/* SPDX-License-Identifier: Apache-2.0 */
/* net/authority.h — certificates of our own: an authority that signs one serving certificate and is then without a key; and what
   certificates say. The time is always the caller's (wall clock). */
#ifndef KRYPTON_NET_AUTHORITY_H
#define KRYPTON_NET_AUTHORITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/err.h"

struct certificate_life {
	int64_t begins_ms, ends_ms; /* whole seconds */
};

struct authority_options {
	const char *name;             /* the authority's common name; at most 64 bytes are used */
	const char *const *dns_names; /* of the server */
	size_t dns_name_count;
	struct certificate_life life; /* of both certificates */
};

/* Appends, as PEM, the authority, the certificate that it signed and that certificate's key (ECDSA, P-256). The authority's key is
   forgotten: nobody can sign with it again. */
int authority_issue(const struct authority_options *options, struct buf *authority_pem, struct buf *certificate_pem,
	struct buf *key_pem, struct err *err) must_check;

/* Of the first certificate in the text. */
int certificate_read_life(const char *pem, struct certificate_life *ret_life, struct err *err) must_check;
/* Is it valid at that moment, for all the names, and signed by one of the authorities? The error says what it is not. */
int certificate_check(const char *pem, const char *authorities_pem, const char *const *dns_names, size_t dns_name_count,
	int64_t wall_ms, struct err *err) must_check;
/* Appends those of the authorities that have not ended, at most `max`, the first first. */
int authorities_keep(const char *pem, int64_t wall_ms, size_t max, struct buf *out, struct err *err) must_check;

#endif
