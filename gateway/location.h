/* SPDX-License-Identifier: Apache-2.0 */
/* location.h — pure: an agent's Location and Content-Location in the words of its clients. */
#ifndef KRYPTON_GATEWAY_LOCATION_H
#define KRYPTON_GATEWAY_LOCATION_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "net/h1_headers.h"

/* Where a request came in, and how the agent may call itself. */
struct location_place {
	struct h1_public outside; /* as the client sees us */
	struct text prefix;       /* what was stripped: "/v1/agents/NAMESPACE/NAME" */
	struct text rest;         /* what was left: path and query; may be empty or begin with '?' */
	struct text name_space, name;
	struct text pod_ip; /* without brackets */
	int port;           /* spec.port: the agent's and its Service's */
};

/* true: `value` is to be replaced by what was appended to out. false: it leads where it should already, points elsewhere, or has no
   room in out. */
bool location_map(struct text value, const struct location_place *place, struct buf *out) must_check;

#endif
