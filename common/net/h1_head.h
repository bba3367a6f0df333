/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_head.h — pure: the strict, incremental parser of an HTTP/1.1 message head (RFC 9112 sections 2 to 5). */
#ifndef KRYPTON_NET_H1_HEAD_H
#define KRYPTON_NET_H1_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/text.h"

#define H1_MAX_HEADERS 320 /* there is room for; how many are taken, h1_head_max_headers() says */

struct h1_header {
	struct text name;  /* as sent */
	struct text value; /* without surrounding white space */
};

/* All text borrows the bytes that were parsed. */
struct h1_head {
	/* request */
	struct text method;
	struct text target;    /* as sent: origin-form, absolute-form or "*" */
	struct text path;      /* of the target, before '?'; "*" for OPTIONS * */
	struct text query;     /* behind '?'; at == NULL: no '?'. An exchange's head has it right behind its path. */
	struct text authority; /* Host, or the absolute-form's */
	/* answer */
	int status; /* 0 in a request */
	struct text reason;
	/* both */
	int version_minor; /* HTTP/1.x: 0 or 1 */
	/* what the framing headers say (RFC 9112 section 6), checked against each other already */
	bool is_chunked;        /* Transfer-Encoding: chunked, alone and once */
	int64_t content_length; /* -1: not given */
	bool keep_alive;        /* may the connection carry another message (section 9.3) */
	bool expects_continue;
	struct text upgrade; /* value of Upgrade where Connection lists it; else at == NULL */
	size_t bytes;        /* length of the head with its empty line (and empty lines before it) */
	/* Last, since a head that is kept is cut behind header_count: borrow it, never copy it by value. */
	size_t header_count;
	struct h1_header headers[H1_MAX_HEADERS];
};

enum h1_result {
	H1_DONE, /* head is filled */
	H1_MORE, /* not all there yet */
	H1_BAD,  /* ret_status says what to answer: 400, 414, 431, 501, 505 */
};

/* Parses from the start of bytes each time; the verdict does not depend on how the bytes were cut.
   max_bytes bounds the head, max_target_bytes the request target. On H1_BAD *ret_why is a constant sentence. */
enum h1_result h1_head_parse_request(struct text bytes, size_t max_bytes, size_t max_target_bytes, struct h1_head *ret_head,
	int *ret_status, const char **ret_why) must_check;
/* An answer's head; H1_BAD means 502 to the client. */
enum h1_result h1_head_parse_answer(struct text bytes, size_t max_bytes, struct h1_head *ret_head, const char **ret_why) must_check;

/* How many headers a head of at most max_bytes may have: one for each 512 bytes, at least 128, at most H1_MAX_HEADERS. So who reads
   behind a proxy of ours, and has a larger cap to take what that adds, has it in headers too. */
size_t h1_head_max_headers(size_t max_bytes);

/* tchar, and a token of them (RFC 9110 section 5.6.2). */
bool h1_is_token_byte(char byte);
bool h1_is_token(struct text text);

/* First header of that name (ASCII case folded); at == NULL: none. */
struct text h1_head_get(const struct h1_head *head, const char *name);

#endif
