/* SPDX-License-Identifier: Apache-2.0 */
/* controller/desired_access.h — pure: who an agent's pod is, and whether it gets a token for the API server. */
#ifndef KRYPTON_CONTROLLER_DESIRED_ACCESS_H
#define KRYPTON_CONTROLLER_DESIRED_ACCESS_H

#include <stdbool.h>

#include "krypton/agent.h"

struct json_t;

/* The ServiceAccount that the spec names; NULL: one is made under the agent's name. Borrowed. */
const char *desired_access_named(const struct json_t *agent_object);
/* The account of the agent, without rights and without a mounted token. Yours. */
struct json_t *desired_access_account(const struct agent *agent);
/* Adds the projected token to the pod's template, mounted into the container agent alone. */
void desired_access_mount_token(struct json_t *template, struct json_t *container);

/* Name, namespace, labels and the ownerReference that every child carries. Yours. */
struct json_t *desired_metadata(const struct agent *agent);
/* Our two labels. Yours. */
struct json_t *desired_labels(const struct agent *agent);

#endif
