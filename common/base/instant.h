/* SPDX-License-Identifier: Apache-2.0 */
/* base/instant.h — points in time: the machine's clocks, RFC 3339 as Kubernetes writes it, and HTTP's dates. */
#ifndef KRYPTON_BASE_INSTANT_H
#define KRYPTON_BASE_INSTANT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/text.h"

#define INSTANT_TEXT_BYTES 32

int64_t instant_monotonic_ms(void); /* for waits and ages; loop_now_ms() inside callbacks is cheaper */
int64_t instant_wall_ms(void);      /* since 1970, for what people and the API read */
int64_t instant_wall_ns(void);

/* Pure. "2026-05-01T12:00:00Z" (metav1.Time), or with ".123456Z" (metav1.MicroTime). */
void instant_format(int64_t wall_ms, char out[INSTANT_TEXT_BYTES]);
void instant_format_micro(int64_t wall_ms, char out[INSTANT_TEXT_BYTES]);
/* Pure. "Fri, 01 May 2026 12:00:00 GMT" (HTTP's Date). */
void instant_format_http(int64_t wall_ms, char out[INSTANT_TEXT_BYTES]);
/* Pure. RFC 3339 with any fraction and offset. */
int instant_parse(struct text text, int64_t *ret_wall_ms) must_check;

#endif
