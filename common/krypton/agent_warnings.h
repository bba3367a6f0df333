/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/agent_warnings.h — pure: what is legal in an Agent and still unwise, as sentences for whoever writes it. */
#ifndef KRYPTON_KRYPTON_AGENT_WARNINGS_H
#define KRYPTON_KRYPTON_AGENT_WARNINGS_H

#include <stddef.h>

#include "base/attributes.h"

struct json_t;

#define AGENT_WARNINGS_MAX 4

/* Writes the warnings about the object, in a fixed order, and returns how many; 0: none. Absent fields have their defaults. Each
   is static, names the field, and has fewer than 120 characters, as Kubernetes asks. */
size_t agent_warnings(const struct json_t *object, const char *out[AGENT_WARNINGS_MAX]) must_check;

#endif
