/* SPDX-License-Identifier: Apache-2.0 */
/* hint.h — pure: what to do next, in answers of krypton-proxy: commands to be pasted, of this agent. */
#ifndef KRYPTON_PROXY_SIDECAR_HINT_H
#define KRYPTON_PROXY_SIDECAR_HINT_H

#include "base/buf.h"
#include "krypton/labels.h"

#define HINT_BYTES 1024 /* of any hint: a namespace has 63 bytes, a name 253 */

/* With places {namespace} and {agent}, as in krypton/remedy.h, of which the sidecar links nothing. */
#define HINT_LOGS  "kubectl -n {namespace} logs -l " LABEL_AGENT "={agent} -c " CONTAINER_AGENT " --tail=50"
#define HINT_EDIT  "kubectl -n {namespace} edit agent {agent}"
#define HINT_PATCH "kubectl -n {namespace} patch agent {agent} --type=merge -p "

/* Appends the words with their places filled in; other braces stay. -1 where out is full. */
int hint_append(const char *words, const char *name_space, const char *agent, struct buf *out) must_check;

#endif
