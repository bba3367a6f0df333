/* SPDX-License-Identifier: Apache-2.0 */
/* net/health.h — what a daemon needs before it is ready: named conditions, all of which must hold. */
#ifndef KRYPTON_NET_HEALTH_H
#define KRYPTON_NET_HEALTH_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"

struct health;

/* Ready while no condition is named. At most 32 of them. */
struct health *health_new(void);
void health_free(struct health **health);
/* name is kept by pointer; detail (copied) says what is missing while not ready: "403: cannot list agents.krypton.ai". */
void health_set(struct health *health, const char *name, bool is_ready, const char *detail);
bool health_is_ready(const struct health *health);
/* Appends "[+]name ok" and "[-]name: detail" lines. */
int health_format(const struct health *health, struct buf *out) must_check;
/* Appends one line: "ok", or "not ready: name: detail; name: detail". */
int health_format_short(const struct health *health, struct buf *out) must_check;

#endif
