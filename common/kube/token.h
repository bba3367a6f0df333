/* SPDX-License-Identifier: Apache-2.0 */
/* kube/token.h — the bearer token: fixed, or in a file that is read again when it changes (projected tokens rotate). */
#ifndef KRYPTON_KUBE_TOKEN_H
#define KRYPTON_KUBE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kube_token;

/* Texts are copied; file wins over token; both NULL: no token. Nothing is read yet. Never NULL. */
struct kube_token *kube_token_new(const char *token, const char *file);
void kube_token_free(struct kube_token **token);

/* *ret_text: borrowed until the next call, NULL where there is none. Looks at the file at most once a second (now_ms: monotonic),
   and reads it only when it is another one or was written. Fails only when no token was ever read; the error names the file. */
int kube_token_get(struct kube_token *token, int64_t now_ms, const char **ret_text, struct err *err) must_check;
/* The API server refused it (401): the next get reads the file whatever its time. True where another try can help. */
bool kube_token_refused(struct kube_token *token);

#endif
