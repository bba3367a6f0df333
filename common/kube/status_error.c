/* SPDX-License-Identifier: Apache-2.0 */
/* kube/status_error.c — pure: HTTP status and metav1.Status into struct err. Retrying is the caller's business. */
#include "kube/status_error.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"

#define MAX_RETRY_AFTER_MS (10 * 60 * 1000)
#define QUOTED_BYTES       200 /* of a body that is no Status */

/* Server-side apply answers 500 to what is a 400: an object that does not fit the schema. */
static bool is_senders_fault(const char *message)
{
	return message != NULL &&
		(strstr(message, "failed to create typed patch object") != NULL ||
			strstr(message, "failed to convert new object") != NULL);
}

enum err_code kube_status_code(int status, const char *message)
{
	switch (status) {
	case 404: return ERR_NOT_FOUND;
	case 409: return ERR_CONFLICT;
	case 410: return ERR_GONE;
	case 401:
	case 403: return ERR_FORBIDDEN;
	case 429: return ERR_RETRY;
	case 500: return is_senders_fault(message) ? ERR_INVALID : ERR_RETRY;
	default: return status >= 300 && status < 500 ? ERR_INVALID : ERR_RETRY;
	}
}

int kube_status_error(const char *what, int status, struct text body, int64_t retry_after_ms, struct err *err)
{
	struct err unused = { 0 };
	scoped_json answer = body.len > 0 && body.at[0] == '{' ? json_parse(body, &unused) : NULL;
	const char *message = json_text_at(answer, "/message");
	int64_t asked_s = json_int_at(answer, "/details/retryAfterSeconds", 0);

	if (message != NULL)
		err_set(err, kube_status_code(status, message), "%s: %d: %s", what, status, message);
	else if (body.len > 0)
		err_set(err, kube_status_code(status, NULL), "%s: %d: %.*s", what, status,
			(int)(body.len < QUOTED_BYTES ? body.len : QUOTED_BYTES), body.at);
	else
		err_set(err, kube_status_code(status, NULL), "%s: %d", what, status);
	if (retry_after_ms == 0 && asked_s > 0 && asked_s <= MAX_RETRY_AFTER_MS / 1000)
		retry_after_ms = asked_s * 1000;
	if (err != NULL)
		err->retry_after_ms = retry_after_ms > MAX_RETRY_AFTER_MS ? MAX_RETRY_AFTER_MS : retry_after_ms;
	return -1;
}
