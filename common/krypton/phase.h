/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/phase.h — pure: status.phase, an agent's state in one word. */
#ifndef KRYPTON_KRYPTON_PHASE_H
#define KRYPTON_KRYPTON_PHASE_H

#include <stdbool.h>

#define PHASES(X)                                                                   \
	X(PENDING, "Pending") /* pods are wanted and none takes requests */         \
	X(READY, "Ready")     /* one or more take requests, or it sleeps at zero */ \
	X(SCALING, "Scaling") /* takes requests, on the way to other pods */        \
	X(FAILED, "Failed")   /* none takes requests, for a fault that does not pass */

enum phase {
#define PHASE_ENUM(identifier, word) PHASE_##identifier,
	PHASES(PHASE_ENUM)
#undef PHASE_ENUM
};

struct phase_facts {
	int wanted;      /* replicas that the Deployment is to have */
	int replicas;    /* pods that exist */
	int updated;     /* of those, made from the template of now */
	int ready;       /* of those that exist, taking requests */
	int retired;     /* of those that exist, emptied before the count goes down: nothing is missing for their sake */
	bool is_lasting; /* a fault was seen that does not pass by itself */
};

enum phase phase_of(const struct phase_facts *facts);
const char *phase_name(enum phase phase); /* "Pending" */

#endif
