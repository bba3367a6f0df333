/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h — the gateway's error table: every answer that is not an agent's. */
#ifndef KRYPTON_GATEWAY_REFUSAL_H
#define KRYPTON_GATEWAY_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buf.h"

enum refusal {
	REFUSAL_BAD_HOST,
	REFUSAL_BAD_ORIGIN,
	REFUSAL_BAD_PATH,
	REFUSAL_NO_AGENT,
	REFUSAL_STARTING, /* the gateway has not seen the Agents yet */
	REFUSAL_BUFFER_FULL,
	REFUSAL_START_TIMEOUT,
	REFUSAL_QUEUE_TIMEOUT,
	REFUSAL_UNREACHABLE,
	REFUSAL_CLOSED,
	REFUSAL_BAD_ANSWER,
	REFUSAL_FIRST_BYTE_LATE,
	REFUSAL_NO_EVENTS, /* an answer that cannot go on in an event stream; its status is the agent's */
	REFUSALS
};

#define REFUSAL_MAX_BYTES (32 * 1024) /* room for any body: six bytes for one where JSON escapes it */

/* What is known of this case; each may be NULL. */
struct refusal_facts {
	const char *name_space, *name; /* of an Agent that there is; both or neither */
	const char *reason;            /* of the Agent's condition or its sidecar, in place of the table's; not empty */
	int event_status;              /* of one that goes into an event, where no head tells it; 0: it does not */
	const char *detail;            /* a sentence that may be told; cut at 2,560 bytes */
};

/* Why no pod became ready, of two that may know: the reason of the Agent's condition (NULL where that is True or unset) and what a
   sidecar said last ("" for nothing). The sidecar knows the agent's port best, the controller all else. NULL: neither knows. */
const char *refusal_start_reason(const char *condition, const char *sidecar);
int refusal_status(enum refusal refusal);         /* 0: the agent's */
const char *refusal_reason(enum refusal refusal); /* CamelCase, stable: people alert on it */
const char *refusal_error(enum refusal refusal);  /* a sentence */
bool refusal_may_come_again(enum refusal refusal);
/* Appends header lines; retry_after_s: of one that may come again. */
int refusal_headers(enum refusal refusal, int retry_after_s, struct buf *out) must_check;
/* Appends the JSON body. -1 where out has not room for REFUSAL_MAX_BYTES. */
int refusal_format(enum refusal refusal, const struct refusal_facts *facts, struct buf *out) must_check;

#endif
