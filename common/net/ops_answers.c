/* SPDX-License-Identifier: Apache-2.0 */
/* What every daemon answers about itself. A daemon's own endpoints are handlers in its own rooms. */
#include "net/ops_answers.h"

#include "base/json.h"
#include "base/metrics.h"
#include "net/ops_server.h"

#define HEALTH_MAX_BYTES  (16 * 1024)
#define CONFIG_MAX_BYTES  (1024 * 1024)
#define METRICS_MAX_BYTES (64 * 1024 * 1024)

#define TEXT_PLAIN "text/plain; charset=utf-8"

static void reply_absent(struct ops_request *request)
{
	ops_reply_problem(request, 404, &(struct problem){ .error = "this daemon has none" });
}

static void reply_too_long(struct ops_request *request)
{
	ops_reply_problem(request, 500, &(struct problem){ .error = "the answer is longer than its cap" });
}

void ops_handle_healthz(void *arg, struct ops_request *request)
{
	(void)arg;
	ops_reply(request, 200, TEXT_PLAIN, TEXT("ok\n"));
}

void ops_handle_readyz(void *arg, struct ops_request *request)
{
	const struct ops_common *common = arg;
	bool is_verbose = ops_request_query(request, "verbose").at != NULL;
	scoped_buf out;

	buf_init(&out, HEALTH_MAX_BYTES);
	if (common->health == NULL)
		reply_absent(request);
	else if ((is_verbose ? health_format(common->health, &out) : health_format_short(common->health, &out)) < 0)
		reply_too_long(request);
	else
		ops_reply(request, health_is_ready(common->health) ? 200 : 503, TEXT_PLAIN, buf_text(&out));
}

void ops_handle_metrics(void *arg, struct ops_request *request)
{
	const struct ops_common *common = arg;
	scoped_buf out;

	buf_init(&out, METRICS_MAX_BYTES);
	if (common->metrics == NULL) {
		reply_absent(request);
		return;
	}
	if (common->before_metrics != NULL)
		common->before_metrics(arg);
	if (metrics_render(common->metrics, &out) < 0)
		reply_too_long(request);
	else
		ops_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", buf_text(&out));
}

void ops_handle_configz(void *arg, struct ops_request *request)
{
	const struct ops_common *common = arg;
	scoped_buf out;

	buf_init(&out, CONFIG_MAX_BYTES);
	if (common->configuration == NULL)
		reply_absent(request);
	else if (json_format(common->configuration, &out) < 0)
		reply_too_long(request);
	else
		ops_reply(request, 200, "application/json", buf_text(&out));
}
