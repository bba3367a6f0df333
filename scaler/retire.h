/* SPDX-License-Identifier: Apache-2.0 */
/* retire.h — pure: which pods take no more work before the count goes down, and when it may. A ReplicaSet removes pods that are not
 * ready first, so a retired pod is the one that goes, and nobody needs the right to write pods. */
#ifndef KRYPTON_SCALER_RETIRE_H
#define KRYPTON_SCALER_RETIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum retire_order {
	RETIRE_NOTHING, /* stays as it is */
	RETIRE_OUT,     /* takes no more work from now on */
	RETIRE_BACK,    /* is needed after all */
};

/* A pod that is not terminating. */
struct retire_pod {
	bool is_ready;   /* as Kubernetes sees it */
	bool is_retired; /* as its sidecar says */
	bool is_back;    /* it was retired until just now: Kubernetes may see it not ready, whatever is_ready says */
	bool is_fresh;   /* its work was told since it was retired, and lately */
	bool refuses;    /* it does not let itself be retired */
	int64_t work;    /* requests and streams */
	enum retire_order order;
};

/* Fills in every order. current: the count that is asked for now; desired: the one wanted. To zero nobody is retired: a request
   that comes meanwhile finds a pod that takes it, or wakes one. */
void retire_plan(struct retire_pod *pods, size_t count, int current, int desired);
/* After the plan for a lower count: the pods that are too many are empty, and Kubernetes has seen them not ready. */
bool retire_is_done(const struct retire_pod *pods, size_t count, int desired);
/* After the plan: the count that may be asked for now. Going down that is the lowest that ends only pods that are empty and seen
   not ready: demand that keeps falling does not wait for its own end. */
int retire_reachable(const struct retire_pod *pods, size_t count, int current, int desired);

#endif
