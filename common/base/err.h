/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.h — why something failed: a code that tells the caller what to do, a text that tells a person what happened. */
#ifndef KRYPTON_BASE_ERR_H
#define KRYPTON_BASE_ERR_H

#include <stdint.h>

#include "base/attributes.h"

enum err_code {
	ERR_NONE = 0,
	ERR_INVALID,   /* what was given is wrong: repeating it cannot help */
	ERR_NOT_FOUND, /* the thing is not there */
	ERR_CONFLICT,  /* somebody changed it: read again, then decide again */
	ERR_GONE,      /* our place in the history is lost: list again */
	ERR_FORBIDDEN, /* a right is missing: slow retry, tell a person */
	ERR_LIMIT,     /* a bound of ours was reached */
	ERR_TIMEOUT,   /* a deadline passed */
	ERR_RETRY,     /* transient: again after a pause */
};

/* No allocation, nothing to free; `struct err err = {0};` starts one. */
struct err {
	enum err_code code;
	int64_t retry_after_ms; /* what the peer asked for (Retry-After); 0 = it said nothing */
	char message[480];      /* cut, never overrun */
};

/* Sets code and message (one line: control characters become blanks), retry_after_ms to 0. Always -1, so that `return err_set(…)`
 * is an error path. err may be NULL. */
int err_set(struct err *err, enum err_code code, const char *format, ...) printf_like(3, 4);

/* Puts "what: " before the message that is there. Always -1. */
int err_wrap(struct err *err, const char *format, ...) printf_like(2, 3);

#endif
