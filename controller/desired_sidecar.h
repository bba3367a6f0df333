/* SPDX-License-Identifier: Apache-2.0 */
/* controller/desired_sidecar.h — pure: the container krypton-proxy of an agent's pod. */
#ifndef KRYPTON_CONTROLLER_DESIRED_SIDECAR_H
#define KRYPTON_CONTROLLER_DESIRED_SIDECAR_H

#include <stdbool.h>

#include "controller/release.h"
#include "krypton/agent.h"

struct json_t;

/* readiness_path: what the agent's own probe asks, NULL: none. Yours. */
struct json_t *desired_sidecar(const struct agent *agent, const struct release *release, const char *readiness_path);

/* Does this path of a Deployment ("spec.template.spec.containers[krypton-proxy].image") come from the release and not from
   the Agent? Such differences alone are no reason to replace running pods at once. */
struct difference;
bool desired_sidecar_owns(const struct difference *difference);
/* Is it no more than where the gateways are? */
bool desired_sidecar_is_gateway(const struct difference *difference);

#endif
