/* SPDX-License-Identifier: Apache-2.0 */
/* controller/release_finalizers.h — the one-shot for uninstalling: no Agent is left waiting for a controller that is gone. */
#ifndef KRYPTON_CONTROLLER_RELEASE_FINALIZERS_H
#define KRYPTON_CONTROLLER_RELEASE_FINALIZERS_H

#include <stdbool.h>

#include "base/err.h"

struct kube_client;
struct loop;
struct release_finalizers;

struct release_finalizers_options {
	const char *name_space, *identity; /* borrowed */
	bool elects_leader;                /* take the Lease first, as any controller does before it writes */
	void *arg;
	/* Once, at the latest after 60 s; err NULL: no Agent has our finalizer any more. */
	void (*on_done)(void *arg, const struct err *err);
};

struct release_finalizers *release_finalizers_new(
	struct loop *loop, struct kube_client *client, const struct release_finalizers_options *options);
void release_finalizers_start(struct release_finalizers *release);
void release_finalizers_free(struct release_finalizers **release);

#endif
