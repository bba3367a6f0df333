/* SPDX-License-Identifier: Apache-2.0 */
/* own_paths.h — what the sidecar answers itself: health, metrics, in-flight count, drain and retire. */
#ifndef KRYPTON_PROXY_SIDECAR_OWN_PATHS_H
#define KRYPTON_PROXY_SIDECAR_OWN_PATHS_H

#include "proxy-sidecar/sidecar.h"

/* Answers or holds a request for a path of ours. false: the path is the agent's. */
bool own_paths_serve(struct sidecar *sidecar, struct visit *visit);
/* What it waited for is true, or its time is up: answers with how things stand. */
void own_paths_answer_waiting(struct sidecar *sidecar, struct visit *visit);

#endif
