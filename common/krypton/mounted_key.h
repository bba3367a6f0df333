/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/mounted_key.h — the key of the agents' tokens as gateway and scaler have it: a mounted file of Secret krypton-internal.
 */
#ifndef KRYPTON_KRYPTON_MOUNTED_KEY_H
#define KRYPTON_KRYPTON_MOUNTED_KEY_H

#include <stddef.h>

#include "base/err.h"
#include "krypton/internal_token.h"

#define MOUNTED_KEY_MAX_BYTES 4096

/* Embedded; zeroed: there is no key, and no token can be made. */
struct mounted_key {
	char bytes[MOUNTED_KEY_MAX_BYTES];
	size_t len;
};

/* path NULL: none. The error names --internal-key-file and why the file is no key. */
int mounted_key_read(const char *path, struct mounted_key *ret_key, struct err *err) must_check;
/* The token of the Agent with that UID; false: there is no key, or no UID. */
bool mounted_key_token(const struct mounted_key *key, const char *agent_uid, char out[INTERNAL_TOKEN_BYTES]) must_check;

#endif
