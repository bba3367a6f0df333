/* SPDX-License-Identifier: Apache-2.0 */
/* controller/desired_deployment.h — pure: the Deployment of an agent. */
#ifndef KRYPTON_CONTROLLER_DESIRED_DEPLOYMENT_H
#define KRYPTON_CONTROLLER_DESIRED_DEPLOYMENT_H

#include "base/err.h"
#include "controller/release.h"
#include "krypton/agent.h"

struct json_t;

/* object: the Agent as the API server has it. NULL with ERR_INVALID where spec.podTemplate cannot be merged. Yours. */
struct json_t *desired_deployment(
	const struct agent *agent, const struct json_t *object, const struct release *release, struct err *err);

#endif
