/* SPDX-License-Identifier: Apache-2.0 */
/* drain.h — the way out: nothing new comes in, what runs may end, and then whoever waits for that is told. */
#ifndef KRYPTON_PROXY_SIDECAR_DRAIN_H
#define KRYPTON_PROXY_SIDECAR_DRAIN_H

#include "proxy-sidecar/sidecar.h"

/* SIGTERM or the agent container's preStop. A second one changes nothing. */
void drain_start(struct sidecar *sidecar);
/* Something ended: is it over? */
void drain_check(struct sidecar *sidecar);
/* Not ready and no work of gateways, until undone. false: a drain is on its way and stays. */
bool drain_retire(struct sidecar *sidecar, bool retires);

#endif
