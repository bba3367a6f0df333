/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h — questions to a pod's sidecar while somebody waits: are you ready, have you a free slot? */
#ifndef KRYPTON_GATEWAY_PROBE_H
#define KRYPTON_GATEWAY_PROBE_H

#include "gateway/pod.h"

/* Asks until the answer is yes, nobody waits any more or the pod is gone; dials again every 100 ms. One question a pod at a time.
 */
void probe_ready(struct pod *pod);
/* Asks every --poll-interval-ms how many run there. */
void probe_slot(struct pod *pod);
/* A hello's caller is asked back, with the agent's token: once, within 5 s. */
void probe_hello(struct pod *pod, const char *token);
void probe_cancel(struct pod *pod);

#endif
