/* SPDX-License-Identifier: Apache-2.0 */
/* target.h — one Agent that is scaled: its pods, its window, and what is decided of them. */
#ifndef KRYPTON_SCALER_TARGET_H
#define KRYPTON_SCALER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "krypton/agent.h"
#include "krypton/endpoints.h"
#include "scaler/decide.h"
#include "scaler/pod.h"
#include "scaler/samples.h"

struct scaler;
struct change;

struct target {
	struct scaler *scaler;
	char *key, *name_space, *name;
	const struct agent *agent; /* the roster's */
	struct pod **pods;         /* not terminating */
	size_t pod_count;
	struct samples window;
	int64_t invoked_ms;        /* monotonic: when its lastInvocationAt was news */
	int64_t told_ms;           /* what that said */
	struct change *change;     /* the newest of its count */
	int64_t asked_to_sleep_ms; /* monotonic: since then its pods are asked whether it may; 0: they are not */
	int64_t wake_ms;           /* monotonic: since when it is a gateway's to wake; 0: it is not */
	int64_t rests_until_ms;    /* monotonic: nothing is to be decided before, unless something is heard; 0: it does not rest */
	int64_t busy_ms;           /* monotonic: when somebody waited or ran, as we saw it; 0: not yet */
	int64_t active_ms;         /* monotonic: the latest activity that a pod told of, also one that is gone */
};

struct target *target_new(struct scaler *scaler, const char *key, const struct agent *agent);
void target_free(struct target **target);
void target_set_endpoints(struct target *target, const struct endpoint *const *endpoints, size_t count);
/* We decide from now on: what the one before us wanted is as good as wanted now. */
void target_take_over(struct target *target);
/* Something was heard of it: it is decided on at the next look. */
void target_stir(struct target *target);
/* Nothing that could change its count has happened or is due: counted as a decision for what is. */
bool target_rests(const struct target *target, int64_t now_ms);
/* Decides on what is known; tells pods to retire or to serve; writes where the count changed. */
void target_decide(struct target *target);
/* Asks the pods whose turn it is; all: every one of them. */
void target_sample(struct target *target, bool all);

#endif
