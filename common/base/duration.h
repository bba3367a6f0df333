/* SPDX-License-Identifier: Apache-2.0 */
/* base/duration.h — pure: Go duration strings ("1m30s", "500ms"), as the Agent resource and flags spell them. */
#ifndef KRYPTON_BASE_DURATION_H
#define KRYPTON_BASE_DURATION_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/text.h"

#define DURATION_TEXT_BYTES 40

/* Go's time.ParseDuration, rounded down to milliseconds; negatives, a bare "300" and "1d" are refused, "0" and "0s" are 0. */
int duration_parse(struct text text, int64_t *ret_ms) must_check;
/* The shortest Go form: 90000 is "1m30s". */
void duration_format(int64_t ms, char out[DURATION_TEXT_BYTES]);

#endif
