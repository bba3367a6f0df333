/* SPDX-License-Identifier: Apache-2.0 */
/* net/uri.h — pure: paths and queries as they stand on the wire (RFC 3986). */
#ifndef KRYPTON_NET_URI_H
#define KRYPTON_NET_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/text.h"

/* A segment that is ".." raw or percent-encoded, in any mix and case; '\\', %2F and %5C part segments here as '/' does. */
bool uri_has_dot_dot(struct text path);
/* The raw value of the first `name=` in a query; `?name` alone is empty; at == NULL: absent. */
struct text uri_query_get(struct text query, const char *name);
/* Decodes %XX (and '+' as space where plus_is_space) into out and puts a NUL behind it; -1: malformed, a NUL among it, or out
   is too small. Returns the length without that NUL. */
int uri_decode(struct text encoded, bool plus_is_space, char *out, size_t out_bytes) must_check;

#endif
