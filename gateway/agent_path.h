/* SPDX-License-Identifier: Apache-2.0 */
/* agent_path.h — pure: which agent a request target names, and what is left for the agent. */
#ifndef KRYPTON_GATEWAY_AGENT_PATH_H
#define KRYPTON_GATEWAY_AGENT_PATH_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/text.h"
#include "net/h1_head.h"

#define AGENT_PATH_PREFIX "/v1/agents/"

struct agent_path {
	struct text name_space;
	struct text name;
	struct text prefix; /* "/v1/agents/ns/name": what is stripped */
	struct text rest;   /* path and query verbatim behind it; may be empty or begin with '?' */
};

/* Texts borrow the head's. false: the target names no namespace and agent. */
bool agent_path_parse(const struct h1_head *head, struct agent_path *ret_path) must_check;

#endif
