/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.h — exchanges that are held until something becomes true or their time is up. */
#ifndef KRYPTON_PROXY_SIDECAR_WAITING_H
#define KRYPTON_PROXY_SIDECAR_WAITING_H

#include "proxy-sidecar/sidecar.h"

void waiting_init(struct sidecar *sidecar);
void waiting_add(struct sidecar *sidecar, struct visit *visit, enum visit_kind kind, int64_t timeout_ms);
/* The client left, or it was answered. Fine where it does not wait. */
void waiting_drop(struct visit *visit);
/* Takes out the next one of that kind; NULL: none waits. */
struct visit *waiting_take(struct sidecar *sidecar, enum visit_kind kind);

#endif
