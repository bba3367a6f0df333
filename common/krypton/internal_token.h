/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/internal_token.h — pure: an agent's token, HMAC-SHA256 of the Agent's UID under the key of Secret krypton-internal. */
#ifndef KRYPTON_KRYPTON_INTERNAL_TOKEN_H
#define KRYPTON_KRYPTON_INTERNAL_TOKEN_H

#include "base/err.h"
#include "base/text.h"

#define INTERNAL_KEY_MIN_BYTES 16
#define INTERNAL_TOKEN_BYTES   65 /* 64 hexadecimal digits and a NUL */

/* Bytes of the key as mounted, surrounding white space taken off. -1 where it is shorter than INTERNAL_KEY_MIN_BYTES. */
int internal_token_make(struct text key, const char *agent_uid, char out[INTERNAL_TOKEN_BYTES], struct err *err) must_check;

#endif
