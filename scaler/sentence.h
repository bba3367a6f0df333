/* SPDX-License-Identifier: Apache-2.0 */
/* sentence.h — pure: why there are as many pods as there are, in words; the message of the condition Scaled and of its Event. */
#ifndef KRYPTON_SCALER_SENTENCE_H
#define KRYPTON_SCALER_SENTENCE_H

#include "scaler/decide.h"

#define SENTENCE_BYTES 256

/* count: as far as the decision is followed now, pods that still work being in the way of the rest; window_ms: the stable window;
   wall_ms: the decision's time, for people. */
void sentence_of(const struct agent *agent, const struct observation *seen, const struct decision *decision, int count,
	int64_t window_ms, int64_t wall_ms, char out[SENTENCE_BYTES]);

#endif
