/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/mounted_key.c — read once, at the start, so that a wrong mount is a wrong start. */
#include "krypton/mounted_key.h"

#include <string.h>

#include "base/buf.h"
#include "base/file.h"

int mounted_key_read(const char *path, struct mounted_key *ret_key, struct err *err)
{
	char probe[INTERNAL_TOKEN_BYTES];
	scoped_buf bytes;

	buf_init(&bytes, MOUNTED_KEY_MAX_BYTES);
	ret_key->len = 0;
	if (path == NULL)
		return 0;
	if (file_read(path, &bytes, err) < 0 || internal_token_make(buf_text(&bytes), "probe", probe, err) < 0)
		return err_wrap(err, "--internal-key-file=%s", path);
	ret_key->len = buf_len(&bytes);
	memcpy(ret_key->bytes, buf_text(&bytes).at, ret_key->len);
	return 0;
}

bool mounted_key_token(const struct mounted_key *key, const char *agent_uid, char out[INTERNAL_TOKEN_BYTES])
{
	struct err err = { 0 };

	return key->len > 0 && internal_token_make((struct text){ key->bytes, key->len }, agent_uid, out, &err) == 0;
}
