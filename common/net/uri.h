/* SPDX-License-Identifier: Apache-2.0 */
/* net/uri.h — pure: paths and queries as they stand on the wire (RFC 3986). */
#ifndef KRYPTON_NET_URI_H
#define KRYPTON_NET_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/text.h"

/* A segment that is ".." (or "." pairs) raw or percent-encoded, in any mix and case. */
bool uri_has_dot_dot(struct text path);
/* The raw value of the first `name=` in a query; at == NULL: absent. */
struct text uri_query_get(struct text query, const char *name);
/* Decodes %XX (and '+' as space where plus_is_space) into out; -1: malformed, NUL, or out is too small. Returns the length. */
int uri_decode(struct text encoded, bool plus_is_space, char *out, size_t out_bytes) must_check;

#endif
