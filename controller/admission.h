/* SPDX-License-Identifier: Apache-2.0 */
/* controller/admission.h — the admission webhooks, by HTTPS; the certificate is read again when its files change. */
#ifndef KRYPTON_CONTROLLER_ADMISSION_H
#define KRYPTON_CONTROLLER_ADMISSION_H

#include "base/err.h"

struct admission;
struct loop;
struct metrics;

/* NULL with an error that names the file or the address. Borrows all. */
struct admission *admission_new(
	struct loop *loop, const char *address, const char *cert_dir, struct metrics *metrics, struct err *err);
void admission_free(struct admission **admission);

#endif
