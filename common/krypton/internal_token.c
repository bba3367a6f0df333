/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/internal_token.c — pure: one HMAC, written as text that a header may carry. */
#include "krypton/internal_token.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_BYTES 32

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct text key_trim(struct text key)
{
	while (key.len > 0 && is_blank(key.at[0])) {
		key.at++;
		key.len--;
	}
	while (key.len > 0 && is_blank(key.at[key.len - 1]))
		key.len--;
	return key;
}

int internal_token_make(struct text key, const char *agent_uid, char out[INTERNAL_TOKEN_BYTES], struct err *err)
{
	unsigned char digest[DIGEST_BYTES];

	key = key_trim(key);
	if (key.len < INTERNAL_KEY_MIN_BYTES)
		return err_set(err, ERR_INVALID, "the internal key has %zu bytes, at least %d are needed", key.len,
			INTERNAL_KEY_MIN_BYTES);
	if (agent_uid == NULL || agent_uid[0] == '\0')
		return err_set(err, ERR_INVALID, "no token without a UID");
	int status = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.at, key.len, agent_uid, strlen(agent_uid), digest);
	if (status != 0)
		return err_set(err, ERR_INVALID, "HMAC-SHA256 is not available: %s", gnutls_strerror(status));
	for (int i = 0; i < DIGEST_BYTES; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return 0;
}
