/* SPDX-License-Identifier: Apache-2.0 */
/* pod.h — one pod of an Agent as the scaler knows it: what its sidecar says of the work in it, and what it was told. */
#ifndef KRYPTON_SCALER_POD_H
#define KRYPTON_SCALER_POD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"

struct loop;
struct call;

/* Belongs to its target. Terminating ones are none of ours. */
struct pod {
	struct loop *loop;
	const char *agent, *name_space; /* whose; the target's */
	char ip[ADDRESS_TEXT_BYTES];
	uint16_t port;
	bool is_ready; /* as Kubernetes sees it */

	bool is_known;   /* the last question was answered */
	bool is_named;   /* the log says that it is not */
	bool has_spoken; /* a question was answered, once */
	bool is_tried;   /* a question was asked and is over, whatever came of it */
	bool is_retired;
	int64_t turned_ms; /* monotonic: since when that is so, as far as we know; 0: it never was retired */
	int64_t inflight;
	int64_t streams;
	int64_t last_activity_ms; /* the sidecar's own word, by its clock */
	int64_t active_ms;        /* monotonic: when that was, as far as can be told without believing its clock */
	int64_t asked_ms;         /* monotonic; 0: never */
	int64_t answered_ms;      /* 0: not since it was last told something */

	bool refuses; /* it was told to retire or to serve, and said no */
	void *arg;
	void (*on_answer)(void *arg); /* a question is over: it has said what runs in it, or nothing */
	struct call *question, *order;
	bool order_retires;
};

/* Borrows agent and name_space. on_answer and arg are its owner's to set. */
struct pod *pod_new(struct loop *loop, const char *agent, const char *name_space, const char *ip, uint16_t port);
void pod_free(struct pod **pod);
/* Asks, unless a question or an order is under way: GET /_krypton/inflight. */
void pod_ask(struct pod *pod);
/* Busy pods want asking each time, idle ones every ten seconds: of new work the gateways tell. */
bool pod_is_due(const struct pod *pod, int64_t now_ms);
/* When an idle one is due; 0: it is due each time, or its answer is under way. */
int64_t pod_due_ms(const struct pod *pod);
/* Tells it to retire or to serve again, unless it is being told: POST or DELETE /_krypton/retire. Its work is asked for after. */
void pod_order(struct pod *pod, bool retires, const char *token);
/* It takes work, is emptied by us, or its sidecar has answered: what runs in it matters, also when it answers no more. The gateways
   know a pod before Kubernetes calls it ready, and send work there; one whose readiness fails may still be at its work. */
bool pod_counts(const struct pod *pod);
/* How long nothing has begun or ended in it, ms; INT64_MAX: nothing ever has. */
int64_t pod_quiet_ms(const struct pod *pod);
/* It is retired, and has been for that long. */
bool pod_is_retired_for(const struct pod *pod, int64_t ms);
/* It was retired, serves again, and has for no longer than that. */
bool pod_is_back_within(const struct pod *pod, int64_t ms);
/* A question that was asked since then is over, whatever came of it. */
bool pod_was_tried(const struct pod *pod, int64_t since_ms);
/* It has said that nothing runs in it since it takes nothing more. */
bool pod_was_emptied(const struct pod *pod);
/* Requests and streams. */
int64_t pod_work(const struct pod *pod);

#endif
