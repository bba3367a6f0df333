/* SPDX-License-Identifier: Apache-2.0 */
/* net/pem_datum.h — PEM text as GnuTLS takes it; for the rooms of net that speak to GnuTLS, and no others. */
#ifndef KRYPTON_NET_PEM_DATUM_H
#define KRYPTON_NET_PEM_DATUM_H

#include <string.h>

#include <gnutls/gnutls.h>

/* Borrows the text: GnuTLS reads it alone, and its type does not say so. */
static inline gnutls_datum_t pem_datum(const char *pem)
{
	union {
		const char *borrowed;
		unsigned char *at;
	} text = { .borrowed = pem };

	return (gnutls_datum_t){ .data = text.at, .size = (unsigned int)strlen(pem) };
}

#endif
