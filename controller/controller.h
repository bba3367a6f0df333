/* SPDX-License-Identifier: Apache-2.0 */
/* controller/controller.h — keeps the children of all Agents as they should be, while it leads. */
#ifndef KRYPTON_CONTROLLER_CONTROLLER_H
#define KRYPTON_CONTROLLER_CONTROLLER_H

#include <stdbool.h>

struct controller;
struct controller_options;
struct health;
struct kube_client;
struct loop;
struct metrics;

/* All borrowed; they outlive it. */
struct controller_tools {
	struct loop *loop;
	struct kube_client *client;
	const struct controller_options *options;
	const char *name_space; /* ours: of the Lease, the Secret and the gateway's Service */
	const char *identity;   /* our pod's name */
	struct health *health;
	struct metrics *metrics;
};

struct controller *controller_new(const struct controller_tools *tools);
void controller_start(struct controller *controller);
/* Ends what runs and gives the Lease up; on_stopped comes once, at the latest after 2 s. */
void controller_stop(struct controller *controller, void (*on_stopped)(void *arg), void *arg);
void controller_free(struct controller **controller);
/* Refreshes the gauges, before they are read. */
void controller_measure(struct controller *controller);

#endif
