/* SPDX-License-Identifier: Apache-2.0 */
/* passage.h — the way of one request to the agent: admission, forwarding, and what is said where it fails. */
#ifndef KRYPTON_PROXY_SIDECAR_PASSAGE_H
#define KRYPTON_PROXY_SIDECAR_PASSAGE_H

#include "proxy-sidecar/sidecar.h"

/* Forwards it to the agent, or refuses it at once. */
void passage_begin(struct sidecar *sidecar, struct visit *visit);
/* Gives its place back and counts it. */
void passage_end(struct sidecar *sidecar, struct visit *visit, const struct exchange_end *end);

#endif
