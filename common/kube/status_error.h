/* SPDX-License-Identifier: Apache-2.0 */
/* kube/status_error.h — pure: what an answer of the API server that is no success means for us. */
#ifndef KRYPTON_KUBE_STATUS_ERROR_H
#define KRYPTON_KUBE_STATUS_ERROR_H

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* Sets err to "{what}: {status}: {message of the metav1.Status in body}" with the code that kube/client.h promises.
   retry_after_ms: of the header; where 0, the Status's details are asked. Always -1. */
int kube_status_error(const char *what, int status, struct text body, int64_t retry_after_ms, struct err *err);

/* The code alone; message is the Status's (a 500 for a patch that does not fit the schema is the sender's fault). */
enum err_code kube_status_code(int status, const char *message);

#endif
