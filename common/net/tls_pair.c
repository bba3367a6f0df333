/* SPDX-License-Identifier: Apache-2.0 */
/* What a handshake needs, made anew for each: handshakes are rare (the API server keeps its connections), and nothing that one
   still holds can then go away under it. */
#include "net/tls_pair.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "net/pem_bytes.h"

#define CHAIN_MAX 8

static gnutls_privkey_t key_take(const char *pem)
{
	gnutls_datum_t datum = PEM_DATUM(pem);
	gnutls_privkey_t key;

	if (gnutls_privkey_init(&key) < 0)
		return NULL;
	if (gnutls_privkey_import_x509_raw(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0) >= 0)
		return key;
	gnutls_privkey_deinit(key);
	return NULL;
}

int tls_pair_take(const char *certificate_pem, const char *key_pem, struct gnutls_pcert_st **ret_chain, unsigned int *ret_length,
	struct gnutls_privkey_st **ret_key)
{
	gnutls_datum_t datum = PEM_DATUM(certificate_pem);
	unsigned int length = CHAIN_MAX;
	gnutls_pcert_st *chain = gnutls_calloc(CHAIN_MAX, sizeof(*chain)); /* GnuTLS's own, since it is GnuTLS that releases it */

	if (chain == NULL)
		return -1;
	if (gnutls_pcert_list_import_x509_raw(chain, &length, &datum, GNUTLS_X509_FMT_PEM, 0) < 0) {
		gnutls_free(chain);
		return -1;
	}
	*ret_key = key_take(key_pem);
	if (*ret_key == NULL) {
		for (unsigned int i = 0; i < length; i++)
			gnutls_pcert_deinit(&chain[i]);
		gnutls_free(chain);
		return -1;
	}
	*ret_chain = chain;
	*ret_length = length;
	return 0;
}
