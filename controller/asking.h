/* SPDX-License-Identifier: Apache-2.0 */
/* controller/asking.h — pure: which pod's sidecar is asked for its word, when, and how long that word holds. */
#ifndef KRYPTON_CONTROLLER_ASKING_H
#define KRYPTON_CONTROLLER_ASKING_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/pod.h"

#define ASKING_PAUSE_MIN_MS 1000
#define ASKING_PAUSE_MAX_MS 30000
#define ASKING_PATIENCE_MS  5000 /* so long a diagnosis waits for the first answer, whoever else is being asked */
#define ASKING_IP_BYTES     64

/* Zeroed is new. Clocks are monotonic, but for the pod's own times. */
struct asking {
	/* The pod as it was looked at last: what is asked is asked of this one. */
	char ip[ASKING_IP_BYTES];
	int64_t restarts; /* of both containers */
	int64_t agent_since_ms, proxy_since_ms;
	int64_t began_ms; /* with that pod */
	int64_t due_ms;
	int asked;
	int misses; /* in a row */
};

/* Agent and krypton-proxy run, krypton-proxy is not ready, and nobody is taking the pod away. */
bool asking_concerns(const struct pod *pod);
/* The pod as it is now, which it concerns. True: it is not the one of before, so what was said no longer holds; due at once. */
bool asking_see(struct asking *asking, const struct pod *pod, int64_t now_ms);
/* An answer came, or did not come. jitter_permille: [0, 1000). True: what was said before still holds without it. */
bool asking_note(struct asking *asking, bool is_understood, int64_t now_ms, int jitter_permille);
/* May a diagnosis wait for the first answer? */
bool asking_is_awaited(const struct asking *asking, int64_t now_ms);

#endif
