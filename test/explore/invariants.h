/* SPDX-License-Identifier: Apache-2.0 */
/* invariants.h — what must hold in every schedule, looked at from outside: by what really happened, not by what somebody believes.
 */
#ifndef KRYPTON_EXPLORE_INVARIANTS_H
#define KRYPTON_EXPLORE_INVARIANTS_H

struct instance;
struct json_t;
struct request;

void invariants_reset(void);
/* An agent has begun a request. */
void invariants_began(const struct request *request, const struct instance *instance);
/* A draining pod has refused a request. */
void invariants_drained(struct request *request);
/* A request is over for its client. */
void invariants_judge(const struct request *request);
/* The Agent's object was written. */
void invariants_written(int agent, const struct json_t *object, const char *manager, int desired_before, int desired);
/* The ReplicaSet has chosen a pod to go. */
void invariants_removed(int agent, const struct instance *instance);
/* From time to time. */
void invariants_look(void);
/* All load is over and time has passed. */
void invariants_settled(void);

#endif
