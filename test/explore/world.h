/* SPDX-License-Identifier: Apache-2.0 */
/* world.h — one schedule from its first moment to its last. */
#ifndef KRYPTON_EXPLORE_WORLD_H
#define KRYPTON_EXPLORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

/* Of the settings that were chosen. true: all that must hold held; else the story has what did not. */
bool world_run(bool is_told);
/* Things that have happened since the program began. */
uint64_t world_steps(void);

#endif
