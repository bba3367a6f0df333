/* SPDX-License-Identifier: Apache-2.0 */
/* controller/pass.h — one pass over one Agent: look, plan, act, diagnose, report. */
#ifndef KRYPTON_CONTROLLER_PASS_H
#define KRYPTON_CONTROLLER_PASS_H

#include <stdint.h>

#include "base/err.h"

struct condition_gauge;
struct controller_options;
struct inquiry;
struct internal_key;
struct kube_client;
struct kube_recorder;
struct map;
struct metrics;
struct observe;
struct pass;

/* What passes work with; outlives them all. */
struct pass_tools {
	const struct controller_options *options;
	struct kube_client *client;
	struct kube_recorder *recorder;
	struct observe *observe;
	const struct inquiry *inquiry; /* while passes run */
	struct internal_key *key;
	struct metrics *metrics;
	struct condition_gauge *conditions;
	struct map *settled;
	struct map *farewells; /* by an Agent's uid and an image: told already */
	int *rolling;          /* passes that are about to replace pods for the release's sake: observe does not see those yet */
	void *arg;
	/* Once, perhaps before pass_run() returns; the pass may be freed in it. recheck_after_ms: look again then, 0: no need. */
	void (*on_done)(void *arg, const char *key, const struct err *err, int64_t recheck_after_ms);
};

struct pass *pass_new(const struct pass_tools *tools, const char *key);
void pass_run(struct pass *pass);
void pass_free(struct pass **pass); /* what runs is given up */

#endif
