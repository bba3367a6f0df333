/* SPDX-License-Identifier: Apache-2.0 */
/* controller/farewell.h — pure: how an agent's container ended when its pod was told to go. */
#ifndef KRYPTON_CONTROLLER_FAREWELL_H
#define KRYPTON_CONTROLLER_FAREWELL_H

#include <stdbool.h>

#include "controller/pod.h"

#define FAREWELL_BYTES 900

/* Did the agent of that pod not end by itself on SIGTERM? Then words for an Event. No fault: krypton-proxy had let its work finish.
 */
bool farewell_is_rude(const struct pod *pod, char ret_words[FAREWELL_BYTES]);

#endif
