/* SPDX-License-Identifier: Apache-2.0 */
/* krypton.h — pure: Krypton's own policy in the simulated world. */
#ifndef KRYPTON_SIM_KRYPTON_H
#define KRYPTON_SIM_KRYPTON_H

#include "krypton/agent.h"
#include "scaler/samples.h"
#include "test/sim/policy.h"

struct krypton_policy {
	struct policy policy;
	const struct sim_settings *settings;
	struct agent agent;
	struct samples window;
	int64_t told_waiting, told_inflight; /* where gateways and pods are polled: what they said last */
};

/* Borrows settings. */
void krypton_policy_init(struct krypton_policy *krypton, const struct sim_settings *settings);

#endif
