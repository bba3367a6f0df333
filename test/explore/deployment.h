/* SPDX-License-Identifier: Apache-2.0 */
/* deployment.h — an Agent as the cluster carries it out: the controller's count, the ReplicaSet's choice, the EndpointSlice. */
#ifndef KRYPTON_EXPLORE_DEPLOYMENT_H
#define KRYPTON_EXPLORE_DEPLOYMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "test/explore/settings.h"

struct deployment;
struct instance;
struct sidecar_options;

/* Every Agent of the settings, as somebody has just applied it. */
void deployment_start_all(void);
void deployment_stop_all(void);
/* The world is over: nothing is made any more. */
void deployment_freeze_all(void);

const struct agent_settings *deployment_settings(const struct deployment *deployment);
const char *deployment_name(int agent);
/* A pod that the Service has; NULL: none. */
const char *deployment_service_ip(int agent);
/* status.desiredReplicas as it is now; -1: nobody has spoken. */
int deployment_desired(int agent);
/* The last time that it went up. Elapsed on the agenda. */
int64_t deployment_raised_ms(int agent);
void deployment_each_instance(int agent, void (*visit)(void *arg, struct instance *instance), void *arg);
/* Faults of this second. */
void deployment_suffer_all(void);

/* For its instances. */
void deployment_changed(struct deployment *deployment);
void deployment_instance_gone(struct deployment *deployment, struct instance *instance);
void deployment_fill_options(const struct deployment *deployment, struct sidecar_options *ret_options);

#endif
