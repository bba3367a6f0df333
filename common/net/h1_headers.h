/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_headers.h — pure: which headers go on and which are added (RFC 9110 section 7.6, RFC 7239 and its X- relatives). */
#ifndef KRYPTON_NET_H1_HEADERS_H
#define KRYPTON_NET_H1_HEADERS_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/text.h"
#include "net/h1_head.h"

/* A hop-by-hop field, or one that this head's Connection lists. */
bool h1_headers_is_hop_by_hop(const struct h1_head *head, struct text name);
/* How often a TRACE or OPTIONS request may still go on (RFC 9110 section 7.6.2); -1: that is not said, or of other requests. */
int64_t h1_headers_forwards_left(const struct h1_head *head);
/* Does a comma-separated list field of this name hold the token (case folded)? */
bool h1_headers_lists(const struct h1_head *head, const char *name, const char *token);
/* Is it there, and does it hold nothing but that token, whatever the parameters behind ';'? */
bool h1_headers_lists_only(const struct h1_head *head, const char *name, const char *token);
/* Is its Content-Type text/event-stream, with whatever parameters? */
bool h1_headers_is_event_stream(const struct h1_head *head);

/* Appends every end-to-end header that `keeps` (NULL: all) admits, byte-exact and in order, each with CRLF. */
int h1_headers_copy(const struct h1_head *head, bool (*keeps)(struct text name), struct buf *out) must_check;

/* The same without the headers named in `but`; a text that is none ends them. */
int h1_headers_copy_but(
	const struct h1_head *head, const struct text *but, bool (*keeps)(struct text name), struct buf *out) must_check;

/* What a proxy knows of a request's way here. */
struct h1_forwarding {
	struct text client_address; /* the peer's, without port */
	bool peer_is_trusted;       /* inbound X-Forwarded-* are believed */
	struct text scheme;         /* of our own listener: "http" */
	struct text host;           /* as the client sent it */
	struct text prefix;         /* stripped path prefix; at == NULL: none */
};
/* Appends X-Forwarded-For/-Proto/-Host/-Prefix lines and Forwarded (RFC 7239), which say the same: where a trusted peer sent only
   the one kind, the other is made of it. The inbound ones must be dropped from the copy by the caller (h1_headers_is_forwarding).
 */
int h1_headers_forwarding(const struct h1_head *head, const struct h1_forwarding *forwarding, struct buf *out) must_check;
bool h1_headers_is_forwarding(struct text name);

/* How the client reached the outermost proxy, as far as it is believed. */
struct h1_public {
	struct text scheme; /* "http" or "https" */
	struct text host;   /* with its port where that was said */
	struct text base;   /* path prefix of proxies before us, without a slash at its end; may be empty */
};
struct h1_public h1_headers_public(const struct h1_head *head, const struct h1_forwarding *forwarding);

#endif
