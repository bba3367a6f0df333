/* SPDX-License-Identifier: Apache-2.0 */
/* controller/sidecar_word.h — pure: what a sidecar says of its pod (GET /_krypton/inflight), as far as a diagnosis asks. */
#ifndef KRYPTON_CONTROLLER_SIDECAR_WORD_H
#define KRYPTON_CONTROLLER_SIDECAR_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define SIDECAR_PORTS_MAX 16

enum sidecar_says {
	SIDECAR_UNKNOWN, /* no answer, or none that is understood */
	SIDECAR_AWAITED, /* it was asked for the first time, and its answer may come yet */
	SIDECAR_LISTENING,
	SIDECAR_NOT_LISTENING, /* nobody listens on any port */
	SIDECAR_PORT_MISMATCH, /* somebody listens, elsewhere */
	SIDECAR_PROBE_FAILING, /* the agent accepts, its own probe does not pass */
	SIDECAR_DRAINING,      /* the agent is about to be ended */
	SIDECAR_RETIRED,       /* the pod is emptied before the count goes down */
};

struct sidecar_word {
	enum sidecar_says says;
	uint16_t ports[SIDECAR_PORTS_MAX]; /* of a mismatch: those that somebody listens on */
	size_t port_count;
};

/* The body of an answer. A pod may be anybody's: what is not understood to the end is SIDECAR_UNKNOWN. */
struct sidecar_word sidecar_word_parse(struct text body);
bool sidecar_word_equal(const struct sidecar_word *a, const struct sidecar_word *b);

#endif
