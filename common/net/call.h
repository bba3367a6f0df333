/* SPDX-License-Identifier: Apache-2.0 */
/* net/call.h — one small HTTP request to a numeric address, its answer read whole: between our own daemons, on our own engine. */
#ifndef KRYPTON_NET_CALL_H
#define KRYPTON_NET_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "net/address.h"
#include "net/h1_head.h"

struct loop;
struct call;

struct call_answer {
	int status;                 /* 0: none came, err says why */
	const struct h1_head *head; /* NULL where status is 0 */
	struct text body;
	const struct err *err;
	bool was_connected; /* the dial succeeded */
};

struct call_options {
	struct address address;
	const char *method;         /* "GET" */
	const char *target;         /* "/readyz?wait=10s" */
	const char *host;           /* Host header */
	const char *extra;          /* header lines with CRLF; NULL: none */
	struct text body;           /* copied; empty: none */
	int64_t connect_timeout_ms; /* 0: none but the next */
	int64_t timeout_ms;         /* from start to the whole answer; 0: 10 s */
	size_t max_body_bytes;      /* of the answer; past it ERR_LIMIT; 0: 64 KiB */
	void *arg;
	/* Once, from the loop, never before call_start() returned. The answer is borrowed; the call is freed after it. */
	void (*on_done)(void *arg, const struct call_answer *answer);
};

/* Never NULL. The connection is not kept. */
struct call *call_start(struct loop *loop, const struct call_options *options);
/* on_done is not called any more; sets *call = NULL. NULL is fine. Not needed after on_done: the owner clears its pointer there. */
void call_cancel(struct call **call);

#endif
