/* SPDX-License-Identifier: Apache-2.0 */
/* controller/inquiry.h — asks the sidecars of pods that run and are not ready what keeps them from it. */
#ifndef KRYPTON_CONTROLLER_INQUIRY_H
#define KRYPTON_CONTROLLER_INQUIRY_H

#include "controller/pod.h"
#include "controller/sidecar_word.h"

struct inquiry;
struct loop;

struct inquiry_options {
	void *arg;
	/* From the loop: a sidecar of the Agent of that key says something else than before, or nothing any more. */
	void (*on_word)(void *arg, const char *agent_key);
};

/* Never NULL. Asks while it is there. */
struct inquiry *inquiry_new(struct loop *loop, const struct inquiry_options *options);
void inquiry_free(struct inquiry **inquiry); /* what is under way is given up */

/* A pod changed; old NULL: not seen before, now NULL: gone. Nothing is kept of one that is not to be asked. */
void inquiry_see(struct inquiry *inquiry, const char *agent_key, const struct pod *old, const struct pod *now);
/* NULL: nothing is known of the pod. Borrowed until control returns to the loop. */
const struct sidecar_word *inquiry_word(const struct inquiry *inquiry, const struct pod *pod);

#endif
