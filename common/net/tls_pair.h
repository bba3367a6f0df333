/* SPDX-License-Identifier: Apache-2.0 */
/* net/tls_pair.h — a certificate and its key as GnuTLS wants them at a handshake, so that a server can change them while it serves.
 */
#ifndef KRYPTON_NET_TLS_PAIR_H
#define KRYPTON_NET_TLS_PAIR_H

#include "base/attributes.h"

struct gnutls_pcert_st;
struct gnutls_privkey_st;

/* Copies, which GnuTLS releases where it is told GNUTLS_CERT_RETR_DEINIT_ALL. The chain is as long as in the PEM text, at most 8.
   -1: the pair is unusable (pem_check_pair() says why). */
int tls_pair_take(const char *certificate_pem, const char *key_pem, struct gnutls_pcert_st **ret_chain, unsigned int *ret_length,
	struct gnutls_privkey_st **ret_key) must_check;

#endif
