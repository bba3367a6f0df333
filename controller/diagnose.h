/* SPDX-License-Identifier: Apache-2.0 */
/* controller/diagnose.h — pure: why an agent is, or is not, available: a reason of the catalogue and words for a person. */
#ifndef KRYPTON_CONTROLLER_DIAGNOSE_H
#define KRYPTON_CONTROLLER_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/child.h"
#include "controller/pod.h"
#include "controller/sidecar_word.h"
#include "krypton/agent.h"
#include "krypton/reasons.h"

#define DIAGNOSIS_PODS_MAX     64
#define DIAGNOSIS_WARNINGS_MAX 64
#define DIAGNOSIS_BYTES        2560

/* What an agent's pods looked like at one instant. All borrowed. */
struct sighting {
	const struct pod *pods[DIAGNOSIS_PODS_MAX];
	const struct sidecar_word *words[DIAGNOSIS_PODS_MAX]; /* of those pods; NULL: unknown */
	size_t pod_count;
	const struct warning *warnings[DIAGNOSIS_WARNINGS_MAX];
	size_t warning_count;
};

struct diagnosis_input {
	const struct agent *agent;
	const struct rollout *rollout; /* NULL: there is no Deployment yet */
	const char *replica_failure;   /* NULL: none */
	const struct sighting *sighting;
	bool is_refused; /* nothing was written, for this reason */
	enum reason refusal;
	const char *refusal_words;
	const char *held; /* of a deleted agent: children that a finalizer holds; NULL or "": none */
	int64_t now_ms;   /* wall clock */
};

struct diagnosis {
	enum reason reason;
	bool is_available; /* the agent can be called: pods take requests, or it sleeps */
	bool is_fault;     /* worth a Warning */
	int retired;       /* pods that take no requests because the count is about to go down */
	char message[DIAGNOSIS_BYTES];
	int64_t recheck_after_ms; /* look again then, though nothing may have changed; 0: no need */
};

void diagnose(const struct diagnosis_input *input, struct diagnosis *ret_diagnosis);

#endif
