/* SPDX-License-Identifier: Apache-2.0 */
/* net/problem.h — pure: the JSON body of an error answer: {"error": …, "reason": …, "hint": …}, "status" in front where no
   head tells it. */
#ifndef KRYPTON_NET_PROBLEM_H
#define KRYPTON_NET_PROBLEM_H

#include "base/attributes.h"
#include "base/buf.h"

struct problem {
	const char *error;  /* what happened, a sentence */
	const char *reason; /* CamelCase, stable; NULL: left out */
	const char *hint;   /* the next step; NULL: left out */
	int status;         /* 0: left out */
};

/* Appends the object and a newline. */
int problem_format(const struct problem *problem, struct buf *out) must_check;

#endif
