/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_body.h — pure: where a message body ends (RFC 9112 sections 6 and 7): a tracker beside the bytes, not a copy. */
#ifndef KRYPTON_NET_H1_BODY_H
#define KRYPTON_NET_H1_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/text.h"
#include "net/h1_head.h"

enum h1_body_kind { H1_BODY_NONE, H1_BODY_LENGTH, H1_BODY_CHUNKED, H1_BODY_UNTIL_CLOSE };

struct h1_body {
	enum h1_body_kind kind;
	bool done;
	int64_t left;           /* of the length, or of the current chunk */
	int64_t payload;        /* body bytes seen, framing not counted */
	int chunk_state;        /* of the chunked tracker: private */
	int line_bytes;         /* length of the chunk line or trailer line so far: bounded */
	int trailer_bytes;      /* of the trailer section so far: bounded */
	unsigned trailer_names; /* bits of the forbidden names that the one at hand may still be: private */
};

/* What a request's head announces; what an answer's head announces for a request of that method. */
void h1_body_of_request(struct h1_body *body, const struct h1_head *head);
void h1_body_of_answer(struct h1_body *body, const struct h1_head *head, struct text request_method);

/* How many of these bytes belong to the body (framing included). -1: malformed chunk framing. body->done says whether it ended. */
int64_t h1_body_take(struct h1_body *body, struct text bytes) must_check;
/* The same, giving the next run of payload: returns bytes consumed, *ret_payload the payload among them (may be empty). */
int64_t h1_body_next(struct h1_body *body, struct text bytes, struct text *ret_payload) must_check;
/* The peer closed: is that a proper end? */
bool h1_body_ends_at_close(const struct h1_body *body);

#endif
