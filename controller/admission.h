/* SPDX-License-Identifier: Apache-2.0 */
/* controller/admission.h — the admission webhooks, by HTTPS: with a certificate from files, which are read again, or with our own.
 */
#ifndef KRYPTON_CONTROLLER_ADMISSION_H
#define KRYPTON_CONTROLLER_ADMISSION_H

#include "base/err.h"

struct admission;
struct controller_options;
struct health;
struct kube_client;
struct loop;
struct metrics;

/* All borrowed; they outlive it. */
struct admission_tools {
	struct loop *loop;
	struct kube_client *client;
	const struct controller_options *options;
	const char *name_space; /* ours: of the Secret and of the webhooks' Service */
	struct health *health;
	struct metrics *metrics;
};

/* NULL with an error that names the file or the address. */
struct admission *admission_new(const struct admission_tools *tools, struct err *err);
void admission_free(struct admission **admission);

#endif
