/* SPDX-License-Identifier: Apache-2.0 */
/* controller/admission_review.c — pure: the rules of krypton/agent_rules, and whether podTemplate can be merged, as a webhook says
 * them. */
#include "controller/admission_review.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "controller/pod_template.h"
#include "krypton/agent_rules.h"
#include "krypton/agent_warnings.h"

#define VIOLATIONS_MAX    16
#define MESSAGE_BYTES_MAX 8192

static void cause_add(json_t *response, const char *field, const char *message)
{
	json_t *cause = json_object();

	json_put_text(cause, "/reason", "FieldValueInvalid");
	json_put_text(cause, "/field", field);
	json_put_text(cause, "/message", message);
	json_put(response, "/status/details/causes/-", cause);
}

/* Adds a sentence; past the bound the causes still tell the rest. */
static void message_add(struct buf *message, const char *field, const char *text)
{
	size_t before = buf_len(message);

	if (buf_format(message, "%s%s%s%s", before == 0 ? "" : "; ", field, field[0] == '\0' ? "" : ": ", text) == -1)
		buf_truncate(message, before);
}

/* Denies for each broken rule; false: none is broken. */
static bool is_denied(const json_t *object, json_t *response)
{
	struct agent_violation violations[VIOLATIONS_MAX];
	size_t count = agent_rules_check(object, violations, VIOLATIONS_MAX);
	scoped_json template = json_object();
	struct err err = { 0 };
	scoped_buf message;

	buf_init(&message, MESSAGE_BYTES_MAX);
	for (size_t i = 0; i < count; i++) {
		cause_add(response, violations[i].field, violations[i].message);
		message_add(&message, violations[i].field, violations[i].message);
	}
	if (count == 0 && pod_template_merge(template, json_at(object, "/spec/podTemplate"), &err) == -1) {
		cause_add(response, "spec.podTemplate", err.message);
		message_add(&message, "", err.message);
	}
	if (buf_len(&message) == 0)
		return false;
	json_put(response, "/allowed", json_false());
	json_put(response, "/status/code", json_integer(422));
	json_put_text(response, "/status/reason", "Invalid");
	json_put_text(response, "/status/message", buf_terminated(&message));
	return true;
}

/* Told by the API server to whoever wrote the Agent; kubectl prints them. */
static void warn(const json_t *object, json_t *response)
{
	const char *warnings[AGENT_WARNINGS_MAX];
	size_t count = agent_warnings(object, warnings);

	for (size_t i = 0; i < count; i++)
		json_put_text(response, "/warnings/-", warnings[i]);
}

struct json_t *admission_review_answer(
	const struct json_t *review, bool validates, enum admission_result *ret_result, struct err *err)
{
	const char *uid = json_text_at(review, "/request/uid"), *version = json_text_at(review, "/apiVersion");
	const json_t *object = json_at(review, "/request/object");
	json_t *answer, *response;

	*ret_result = ADMISSION_MALFORMED;
	if (version == NULL || strcmp(version, "admission.k8s.io/v1") != 0 || uid == NULL) {
		(void)err_set(err, ERR_INVALID, "no AdmissionReview of admission.k8s.io/v1 with a request");
		return NULL;
	}
	answer = json_object();
	response = json_object();
	json_put_text(answer, "/apiVersion", "admission.k8s.io/v1");
	json_put_text(answer, "/kind", "AdmissionReview");
	json_put_text(response, "/uid", uid);
	json_put(response, "/allowed", json_true());
	json_put(answer, "/response", response);
	/* An Agent that is being deleted only loses its finalizers: never in the way of that. */
	bool is_leaving = json_text_at(object, "/metadata/deletionTimestamp") != NULL;
	bool is_judged = validates && json_is_object(object) && !is_leaving;
	bool is_bad = is_judged && is_denied(object, response);
	if (is_judged && !is_bad)
		warn(object, response);
	*ret_result = is_bad ? ADMISSION_DENIED : ADMISSION_ALLOWED;
	return answer;
}
