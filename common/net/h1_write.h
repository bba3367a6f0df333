/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_write.h — pure: the heads that a proxy sends: start line, what goes on of the headers, and framing written anew. */
#ifndef KRYPTON_NET_H1_WRITE_H
#define KRYPTON_NET_H1_WRITE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/text.h"
#include "net/h1_body.h"
#include "net/h1_head.h"

struct h1_request_out {
	struct text target;
	struct text host;
	bool (*keeps)(struct text name); /* NULL: all */
	const char *via;                 /* who sends it on (RFC 9110 section 7.6.3); NULL: not said */
	struct text extra;               /* whole lines */
	bool expects_continue;           /* say Expect: 100-continue, whatever the client said */
	bool asks_upgrade;               /* pass its Upgrade on */
};

/* The head under which a request goes on. -1: out's cap. */
int h1_write_request(const struct h1_head *head, const struct h1_request_out *request, struct buf *out) must_check;

struct h1_answer_out {
	bool (*keeps)(struct text name);
	struct text date; /* whole line, for a final answer that has none (RFC 9110 section 6.6.1) */
	struct text extra;
	bool is_chunked;      /* its bytes go on with their chunk framing */
	bool closes;          /* say that the connection closes behind it */
	bool says_keep_alive; /* an HTTP/1.0 client wants to be told */
};

/* The head under which an answer goes on: 1xx, 101 and 426 (with their Upgrade) and final ones. -1: out's cap. */
int h1_write_answer(const struct h1_head *head, const struct h1_answer_out *answer, struct buf *out) must_check;

/* How a body of that kind reaches a client of that version: chunked goes on as it is only to HTTP/1.1. */
bool h1_answer_needs_close(enum h1_body_kind kind, int client_version_minor);

struct h1_own_answer {
	int status;
	const char *content_type; /* NULL: none */
	struct text date;         /* whole line */
	struct text extra;        /* whole lines */
	int64_t body_len;         /* < 0: no Content-Length */
	bool closes;
};

/* The head of an answer of our own. */
int h1_write_own_answer(const struct h1_own_answer *answer, struct buf *out) must_check;

#endif
