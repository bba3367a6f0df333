/* SPDX-License-Identifier: Apache-2.0 */
/* request.h — what clients ask for, and how it ended for each of them. */
#ifndef KRYPTON_EXPLORE_REQUEST_H
#define KRYPTON_EXPLORE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct wire;
struct moment;

#define MAX_REQUESTS 512
#define BY_SERVICE   (-1)

enum request_state { REQUEST_TO_COME, REQUEST_UNDER_WAY, REQUEST_LEFT, REQUEST_ANSWERED, REQUEST_UNSENT };

struct request {
	int id;    /* "X-Request: id" goes with it as far as the agent */
	int agent; /* number */
	bool is_get, is_stream, by_service;
	int64_t first_byte_ms, duration_ms; /* once the agent has it */
	int64_t leaves_after_ms;            /* 0: the client is patient */

	enum request_state state;
	int gateway; /* who was asked */
	bool gateway_died;
	int64_t sent_ms, ended_ms;
	struct wire *wire;
	struct moment *leaving;
	int status;      /* of the answer's head; 0: none came */
	char reason[40]; /* in the body of a refusal */
	bool is_whole;
	int drained;              /* times that a draining pod refused it */
	int executions;           /* times an agent began it */
	bool is_running;          /* an agent is at it */
	int64_t began_ms;         /* last time */
	int64_t worked_ms;        /* it was begun or ended */
	bool found_line_full;     /* as many waited already when it came */
	int64_t gateway_since_ms; /* when that gateway had started */
};

/* Clients and their requests as the settings say. */
void request_plan_all(void);
void request_reset(void);
void request_close_all(void);                      /* what is under way is over */
struct request *request_of_head(struct text head); /* NULL: carries no mark */
struct request *request_at(int index);             /* NULL: past the last */
/* Those that were sent to that gateway (BY_SERVICE not) for that agent, and that no agent has and nobody has answered. */
int request_count_waiting(int gateway, int agent);
bool request_all_over(void);
/* When the last one ended for its client. 0: none yet. */
int64_t request_last_end_ms(int agent);
/* Was one that came by a gateway begun or ended by an agent between these moments? */
bool request_worked_between(int agent, int64_t from_ms, int64_t to_ms);

#endif
