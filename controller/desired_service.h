/* SPDX-License-Identifier: Apache-2.0 */
/* controller/desired_service.h — pure: the Service of an agent, and the Agent's URL. */
#ifndef KRYPTON_CONTROLLER_DESIRED_SERVICE_H
#define KRYPTON_CONTROLLER_DESIRED_SERVICE_H

#include "base/buf.h"
#include "krypton/agent.h"

struct json_t;

/* Yours. */
struct json_t *desired_service(const struct agent *agent);
/* Appends "http://NAME.NAMESPACE.svc:PORT/path". */
int desired_service_url(const struct agent *agent, struct buf *out) must_check;

#endif
