/* SPDX-License-Identifier: Apache-2.0 */
/* controller/admission_review.h — pure: answering an AdmissionReview (admission.k8s.io/v1) about an Agent. */
#ifndef KRYPTON_CONTROLLER_ADMISSION_REVIEW_H
#define KRYPTON_CONTROLLER_ADMISSION_REVIEW_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/err.h"

struct json_t;

enum admission_result { ADMISSION_ALLOWED, ADMISSION_DENIED, ADMISSION_MALFORMED };

/* The answer to review, or NULL (ADMISSION_MALFORMED) with err where it is none. validates: apply the rules, and warn of
   what is unwise; else only let pass (defaults are the schema's). Yours. */
struct json_t *admission_review_answer(
	const struct json_t *review, bool validates, enum admission_result *ret_result, struct err *err);

#endif
