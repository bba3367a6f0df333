/* SPDX-License-Identifier: Apache-2.0 */
/* controller/finding.h — pure: the gravest of what keeps one pod from taking requests, in words, with the command to go on with. */
#ifndef KRYPTON_CONTROLLER_FINDING_H
#define KRYPTON_CONTROLLER_FINDING_H

#include <stddef.h>
#include <stdint.h>

#include "controller/pod.h"
#include "controller/sidecar_word.h"
#include "krypton/agent.h"
#include "krypton/reasons.h"
#include "krypton/remedy.h"

#define FINDING_BYTES 1400

/* One pod that takes no requests, and what is known of it. All borrowed. */
struct evidence {
	const struct agent *agent;
	const struct pod *pod;
	const struct sidecar_word *word;       /* never NULL */
	const struct warning *const *warnings; /* about pods, not only this one */
	size_t warning_count;
	int64_t now_ms; /* wall clock */
};

struct finding {
	int rank; /* the greater, the earlier it stands in the way; 0: nothing was found, and what is below means nothing */
	enum reason reason;
	char message[FINDING_BYTES];
	const char *command;       /* to go on with; its places are below. NULL: none */
	struct remedy_place place; /* borrowed from the evidence */
	int64_t recheck_after_ms;  /* look again then, though nothing may have changed; 0: no need */
};

void finding_of_pod(const struct evidence *seen, struct finding *ret_finding);
/* There is no pod, in the words of the ReplicaSet that may not make it. */
void finding_of_failure(const struct agent *agent, const char *failure, struct finding *ret_finding);

#endif
