/* SPDX-License-Identifier: Apache-2.0 */
/* net/pem_bytes.h — PEM text as a gnutls_datum_t takes it: GnuTLS only reads what it points to, and its type does not say so. */
#ifndef KRYPTON_NET_PEM_BYTES_H
#define KRYPTON_NET_PEM_BYTES_H

#include <string.h>

/* The initializer of a gnutls_datum_t that borrows the text. */
#define PEM_DATUM(pem)                                                    \
	{                                                                 \
		.data = pem_bytes(pem), .size = (unsigned int)strlen(pem) \
	}

static inline unsigned char *pem_bytes(const char *pem)
{
	union {
		const char *borrowed;
		unsigned char *at;
	} text = { .borrowed = pem };

	return text.at;
}

#endif
