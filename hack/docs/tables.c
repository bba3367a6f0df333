/* SPDX-License-Identifier: Apache-2.0 */
/* Prints reference pages from the tables that the daemons are compiled with: tables metrics|reasons|errors|troubleshooting. Linked
   with
   --wrap=metrics_new, so that each daemon hands its table of metrics to us instead. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/metrics.h"
#include "gateway/refusal.h"
#include "krypton/reasons.h"
#include "krypton/remedy.h"

/* Declared here, as the daemons' headers have some names in common. */
struct metrics *controller_metrics_new(void);
struct metrics *gateway_metrics_new(void);
struct metrics *scaler_metrics_new(void);
struct metrics *sidecar_metrics_new(void);

struct metrics *__real_metrics_new(const struct metric_spec *specs, size_t count, const char *version);
struct metrics *__wrap_metrics_new(const struct metric_spec *specs, size_t count, const char *version);

static const char *const METRIC_TYPES[] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_GAUGE] = "gauge",
	[METRIC_HISTOGRAM] = "histogram",
};

static void print_labels(const char *labels)
{
	struct text rest = text_of(labels);
	const char *separator = "";

	while (rest.len > 0) {
		struct text label = text_cut(&rest, ',');

		printf("%s`%.*s`", separator, TEXT_ARGS(label));
		separator = ", ";
	}
}

struct metrics *__wrap_metrics_new(const struct metric_spec *specs, size_t count, const char *version)
{
	(void)version;
	printf("\n| metric | type | labels | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		printf("| `%s` | %s | ", specs[i].name, METRIC_TYPES[specs[i].type]);
		print_labels(specs[i].labels);
		printf(" | %s", specs[i].help);
		for (size_t bucket = 0; bucket < specs[i].bucket_count; bucket++)
			printf("%s%g", bucket == 0 ? " Buckets: " : ", ", specs[i].buckets[bucket]);
		printf("%s |\n", specs[i].bucket_count > 0 ? " seconds." : "");
	}
	return NULL;
}

/* What every daemon has is rendered, not listed: read back from the exposition. */
static void print_common_metrics(void)
{
	struct metrics *metrics = __real_metrics_new(NULL, 0, "0");
	struct text rest, line, name;
	scoped_buf text;

	buf_init(&text, 64 * 1024);
	if (metrics_render(metrics, &text) < 0)
		return;
	metrics_free(&metrics);
	printf("\n| metric | type | meaning |\n|---|---|---|\n");
	rest = buf_text(&text);
	while (rest.len > 0) {
		line = text_cut(&rest, '\n');
		if (!text_has_prefix(line, "# HELP "))
			continue;
		line = (struct text){ line.at + 7, line.len - 7 };
		name = text_cut(&line, ' ');
		struct text type = text_cut(&rest, '\n');
		type = (struct text){ type.at + 8 + name.len, type.len - 8 - name.len };
		printf("| `%.*s` | %.*s | %.*s |\n", TEXT_ARGS(name), TEXT_ARGS(type), TEXT_ARGS(line));
	}
}

static void print_metrics(void)
{
	printf("# Metrics\n\n"
	       "Prometheus text, at `/metrics` of each daemon; [INSTALL.md](../INSTALL.md#ports) has the ports. A metric with\n"
	       "labels appears with its first series, and the series of an agent go when the agent goes.\n");
	printf("\n## gateway\n");
	(void)gateway_metrics_new();
	printf("\n## krypton-proxy, in each agent's pod\n");
	(void)sidecar_metrics_new();
	printf("\n## scaler\n");
	(void)scaler_metrics_new();
	printf("\n## controller\n");
	(void)controller_metrics_new();
	printf("\n## Every daemon\n");
	print_common_metrics();
}

static void print_reasons(void)
{
	printf("# Reasons\n\n"
	       "The condition `Available` of an Agent, its Events and the gateway's error bodies give one of these as their\n"
	       "cause. The words are stable: alert on them. A fault that *lasts* does not pass by itself; an agent without a\n"
	       "ready pod is then in phase Failed, else in Pending.\n\n"
	       "| reason | lasts | meaning |\n|---|---|---|\n");
	for (int reason = 0; reason < REASON_COUNT; reason++)
		printf("| `%s` | %s | %s |\n", reason_name(reason), reason_is_lasting(reason) ? "yes" : "",
			reason_sentence(reason));
}

/* One section a reason that something can be done about. */
static void print_troubleshooting(void)
{
	const struct remedy_place place = { "NAMESPACE", "AGENT", "POD", "CONTAINER", "NODE", 0 };

	printf("# Troubleshooting\n\n"
	       "`kubectl describe agent NAME` says what is wrong, where, and what to do next: the condition `Available` has a "
	       "reason\n"
	       "and a message that ends with a command to paste; `Progressing` is False where what is wanted cannot come about, "
	       "also\n"
	       "while pods of before serve. Events below it tell how it came to be. Callers get the reason in the body of a 502, "
	       "503\n"
	       "or 504. `krypton_agent_condition{reason}` is for alerts. This page has a section a reason.\n");
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		const struct remedy *remedy = remedy_of((enum reason)reason);
		scoped_buf command;

		buf_init(&command, 1024);
		if (remedy == NULL || remedy_command(remedy->command, &place, &command) == -1)
			continue;
		printf("\n## %s\n\n%s\n\n**Seen:** %s\n\n**Cause:** %s\n\n**Mend:** %s\n\n```sh\n%s\n```\n", reason_name(reason),
			reason_sentence(reason), remedy->symptom, remedy->cause, remedy->fix, buf_terminated(&command));
	}
	printf("\n");
}

static void print_error(enum refusal refusal)
{
	struct err err = { 0 };
	scoped_buf text;

	buf_init(&text, 4096);
	/* From there on it is about an Agent that there is. */
	const struct refusal_facts known = { .name_space = "NAMESPACE", .name = "NAME" }, unknown = { 0 };
	if (refusal_format(refusal, refusal >= REFUSAL_BUFFER_FULL ? &known : &unknown, &text) < 0)
		return;
	scoped_json body = json_parse(buf_text(&text), &err);
	char status[16] = "the agent's";
	if (refusal_status(refusal) != 0)
		(void)snprintf(status, sizeof(status), "%d", refusal_status(refusal));
	printf("| %s%s | `%s` | %s | %s |\n", status, refusal_may_come_again(refusal) ? ", `Retry-After`" : "",
		json_text_at(body, "/reason"), json_text_at(body, "/error"), json_text_at(body, "/hint"));
}

static void print_errors(void)
{
	printf("# Errors of the gateway\n\n"
	       "Answers that are not the agent's: JSON, `{\"error\": …, \"reason\": …, \"hint\": …}`. `error` begins with the\n"
	       "agent's name where there is one. In place of `StartupTimeout` stands what keeps the agent from being ready, one "
	       "of\n"
	       "the [reasons](reasons.md), as far as it is known. With `--error-detail=full` errors also tell the Agent's own\n"
	       "message, which may name images and nodes.\n\n"
	       "| status | reason | error | hint |\n|---|---|---|---|\n");
	for (int refusal = 0; refusal < REFUSALS; refusal++)
		print_error(refusal);
	printf("\nTo a client whose event stream was opened while it waited (`spec.waitKeepAlive`) each of them is the event\n"
	       "`error` instead, with the same JSON and `status` in it as its data, behind the comments and before a clean\n"
	       "end; `Retry-After` is left out. Metrics and log have the status as it stands here.\n");
	printf("\nA request that is no proper HTTP/1.1 (a malformed head, a body with two lengths, a path with a `..` segment) "
	       "is\n"
	       "refused before anything else, and its connection is closed. `reason` is `BadRequest` (400), `RequestTimeout` "
	       "(408),\n"
	       "`BodyTooLarge` (413), `TargetTooLong` (414), `HeadTooLarge` (431), `NotImplemented` (501), `HeldBytesExceeded`\n"
	       "(503: `--max-held-bytes`) or `VersionNotSupported` (505).\n");
}

int main(int argc, char **argv)
{
	const char *page = argc == 2 ? argv[1] : "";

	if (strcmp(page, "metrics") == 0)
		print_metrics();
	else if (strcmp(page, "reasons") == 0)
		print_reasons();
	else if (strcmp(page, "troubleshooting") == 0)
		print_troubleshooting();
	else if (strcmp(page, "errors") == 0)
		print_errors();
	else
		return 2;
	return 0;
}
