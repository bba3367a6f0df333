/* SPDX-License-Identifier: Apache-2.0 */
/* origin.h — pure: which web origins may call agents, by which host names the gateway is called, and what browsers are told of it
   (the Fetch standard's CORS protocol). */
#ifndef KRYPTON_GATEWAY_ORIGIN_H
#define KRYPTON_GATEWAY_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/h1_head.h"

#define ORIGIN_MAX       64
#define ORIGIN_MAX_BYTES 512

/* Texts borrow what was parsed. */
struct origin_list {
	bool is_set; /* else every request passes, and no CORS header is ours */
	bool is_any; /* "*" */
	size_t count;
	struct text origins[ORIGIN_MAX];
};

struct host_list {
	bool is_set;
	size_t count;
	struct text hosts[ORIGIN_MAX];
};

enum origin_verdict {
	ORIGIN_NONE,      /* the request names none: no browser, or a plain GET of one */
	ORIGIN_ALLOWED,   /* *ret_origin is it */
	ORIGIN_FORBIDDEN, /* not in the list, "null", malformed, or given twice */
};

/* "https://a.example, http://localhost:5173", or "*"; NULL or empty: not set. */
int origin_list_parse(const char *text, struct origin_list *ret_list, struct err *err) must_check;
/* "agents.example.com, gateway:8080"; a name without port stands for every port. NULL or empty: not set. */
int host_list_parse(const char *text, struct host_list *ret_list, struct err *err) must_check;

/* For a list that is set. */
enum origin_verdict origin_judge(const struct origin_list *list, const struct h1_head *request, struct text *ret_origin);
/* authority: what Host says, with its port. */
bool host_is_allowed(const struct host_list *list, struct text authority);

/* A browser asks whether it may send the request proper. */
bool origin_is_preflight(const struct h1_head *request);
/* Header lines of our answer to that. */
int origin_append_preflight(const struct h1_head *request, struct text origin, struct buf *out) must_check;
/* Header lines that let a page of that origin read an answer. */
int origin_append_answer(struct text origin, struct buf *out) must_check;

/* The same as names and values, for answers that are passed on: value of Access-Control-Expose-Headers. */
extern const char ORIGIN_EXPOSED[];

#endif
