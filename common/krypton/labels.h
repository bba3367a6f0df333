/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/labels.h — the names that we put on objects and on the wire. */
#ifndef KRYPTON_KRYPTON_LABELS_H
#define KRYPTON_KRYPTON_LABELS_H

#define LABEL_AGENT      "krypton.ai/agent"
#define LABEL_MANAGED_BY "app.kubernetes.io/managed-by"
#define MANAGED_BY       "krypton-runtime"

#define FINALIZER                "krypton.ai/cleanup"
#define FIELD_MANAGER_CONTROLLER "krypton-controller"
#define FIELD_MANAGER_GATEWAY    "krypton-gateway"
#define FIELD_MANAGER_SCALER     "krypton-scaler"

#define CONTAINER_AGENT "agent"
#define CONTAINER_PROXY "krypton-proxy"

/* Header fields between our daemons. Stripped from clients and from agents. */
#define HEADER_PREFIX   "Krypton-"
#define HEADER_TOKEN    "Krypton-Token"    /* an agent's token: opens drain, retire and hello */
#define HEADER_GATEWAY  "Krypton-Gateway"  /* the marker of a gateway's request: the sidecar serves no path of its own */
#define HEADER_REASON   "Krypton-Reason"   /* of a sidecar's refusal: nothing reached the agent */
#define HEADER_INFLIGHT "Krypton-Inflight" /* requests running in the pod, with every answer to a gateway */

#define REASON_OVER_CAPACITY     "over_capacity"
#define REASON_DRAINING          "draining"
#define REASON_AGENT_UNREACHABLE "agent_unreachable"

#endif
