/* SPDX-License-Identifier: Apache-2.0 */
/* net/router.h — pure: which row of a route table a method and path belong to. */
#ifndef KRYPTON_NET_ROUTER_H
#define KRYPTON_NET_ROUTER_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/text.h"

#define ROUTER_MAX_PARAMETERS 6

struct router_match {
	int row;                                       /* index in the table */
	struct text parameters[ROUTER_MAX_PARAMETERS]; /* of `{name}` segments in order, raw */
	int parameter_count;
};

enum router_result { ROUTER_FOUND, ROUTER_NO_PATH, ROUTER_NO_METHOD };

/* patterns: "GET /v1/agents/{ns}/{name}"; a last segment `{rest...}` takes the remainder, empty too. First
   match wins; a GET row takes HEAD as well. A `{name}` takes one segment that is not empty. */
enum router_result router_find(
	const char *const *patterns, size_t count, struct text method, struct text path, struct router_match *ret_match) must_check;

#endif
