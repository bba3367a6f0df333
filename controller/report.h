/* SPDX-License-Identifier: Apache-2.0 */
/* controller/report.h — pure: an Agent's status as it should read, and whether that is news. */
#ifndef KRYPTON_CONTROLLER_REPORT_H
#define KRYPTON_CONTROLLER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/child.h"
#include "controller/diagnose.h"
#include "krypton/agent.h"
#include "krypton/phase.h"

struct json_t;

#define CONDITION_AVAILABLE   "Available"
#define CONDITION_PROGRESSING "Progressing"

enum phase report_phase(const struct agent *agent, const struct rollout *rollout, const struct diagnosis *diagnosis);
/* What to apply to the status (our fields alone), or NULL where it says so already. Yours. */
struct json_t *report_status(const struct agent *agent, const struct json_t *object, const struct rollout *rollout,
	const struct diagnosis *diagnosis, int64_t now_ms);
/* Does the diagnosis deserve an Event: a new fault, or the end of one? */
bool report_is_event(const struct agent *agent, const struct diagnosis *diagnosis);

#endif
