/* SPDX-License-Identifier: Apache-2.0 */
/* controller/pod_template.h — pure: spec.podTemplate merged last over the pod that we make. */
#ifndef KRYPTON_CONTROLLER_POD_TEMPLATE_H
#define KRYPTON_CONTROLLER_POD_TEMPLATE_H

#include "base/attributes.h"
#include "base/err.h"

struct json_t;

/* Merges patch (may be NULL) into template as kubectl's strategic merge does: lists of named things by name, other lists
   replaced, null removes. -1 with ERR_INVALID where it would change our labels, krypton-proxy or the agent's preStop, or
   carries a `$` directive; the template is then half merged and of no use. */
int pod_template_merge(struct json_t *template, const struct json_t *patch, struct err *err) must_check;
/* The path that the agent's own readiness probe asks on its port, for krypton-proxy to ask too; NULL: none. Borrowed. */
const char *pod_template_readiness_path(const struct json_t *patch, int port);

#endif
