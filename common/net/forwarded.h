/* SPDX-License-Identifier: Apache-2.0 */
/* net/forwarded.h — pure: the Forwarded header (RFC 7239), one element for each proxy on the way. */
#ifndef KRYPTON_NET_FORWARDED_H
#define KRYPTON_NET_FORWARDED_H

#include "base/attributes.h"
#include "base/buf.h"
#include "base/text.h"

/* What one proxy saw; a part whose text is empty is left out. */
struct forwarded_element {
	struct text peer; /* an address without brackets, or whatever X-Forwarded-For had */
	struct text host;
	struct text scheme;
};

/* Appends "for=…;host=…;proto=…", quoted where that is needed. A missing peer is "unknown". */
int forwarded_append(const struct forwarded_element *element, struct buf *out) must_check;

/* A parameter of a field's first element, without its quotes; at == NULL: it is not there, or escapes something. */
struct text forwarded_get(struct text field, const char *parameter);

#endif
