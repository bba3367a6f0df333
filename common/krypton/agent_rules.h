/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/agent_rules.h — pure: the rules of an Agent beyond types and bounds, in the words of crds/agents.krypton.ai.yaml. */
#ifndef KRYPTON_KRYPTON_AGENT_RULES_H
#define KRYPTON_KRYPTON_AGENT_RULES_H

#include <stddef.h>

#include "base/attributes.h"

struct json_t;

struct agent_violation {
	char field[128];     /* "spec.env[2].valueFrom" */
	const char *message; /* what is wrong and what to write instead */
};

/* Writes the first `max` broken rules of the object and returns how many; 0: none is broken. Absent fields have their defaults. */
size_t agent_rules_check(const struct json_t *object, struct agent_violation *out, size_t max) must_check;

/* Every message there is, for comparing with the CRD; NULL past the last. */
const char *agent_rules_message(size_t index);

#endif
