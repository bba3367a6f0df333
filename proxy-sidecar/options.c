/* SPDX-License-Identifier: Apache-2.0 */
/* Reads krypton-proxy's environment. What is accepted is used: a value that makes no sense ends the process with one line. */
#include "proxy-sidecar/options.h"

#include <stdio.h>
#include <string.h>

#include "base/daemon.h"
#include "krypton/proxy_limits.h"

#define FIELD(name) offsetof(struct sidecar_options, name)

#define LIMIT(variable, kind, field, ordinary, least, most, words) \
	{ .env = variable,                                         \
		.type = kind,                                      \
		.offset = FIELD(field),                            \
		.fallback = ordinary,                              \
		.min = least,                                      \
		.max = most,                                       \
		.sentence = words },

static const char *const MODES[] = { "serverless", "always-on", NULL };
static const char *const PROTOCOLS[] = {
	[SIDECAR_PROTOCOL_A2A] = "a2a", [SIDECAR_PROTOCOL_MCP] = "mcp", [SIDECAR_PROTOCOL_HTTP] = "http", NULL
};

static const struct option OPTIONS[] = { { .env = "KRYPTON_AGENT_NAME",
						 .type = OPTION_TEXT,
						 .offset = FIELD(agent_name),
						 .fallback = "unknown",
						 .sentence = "name of the Agent, for logs and metrics" },
	{ .env = "KRYPTON_AGENT_NAMESPACE",
		.type = OPTION_TEXT,
		.offset = FIELD(agent_namespace),
		.fallback = "default",
		.sentence = "namespace of the Agent" },
	{ .env = "KRYPTON_LISTEN_ADDR",
		.type = OPTION_ADDRESS,
		.offset = FIELD(listen_address),
		.fallback = ":8888",
		.sentence = "where the gateway, the Service and the kubelet reach us" },
	{ .env = "KRYPTON_UPSTREAM_URL",
		.type = OPTION_TEXT,
		.offset = FIELD(upstream_url),
		.fallback = "http://127.0.0.1:8080",
		.sentence = "the agent: http://ADDRESS:PORT" },
	{ .env = "KRYPTON_CONCURRENCY",
		.type = OPTION_INT,
		.offset = FIELD(concurrency),
		.fallback = "8",
		.min = 1,
		.max = 1000000,
		.sentence = "requests that the agent gets at the same time" },
	{ .env = "KRYPTON_MODE",
		.type = OPTION_CHOICE,
		.offset = FIELD(mode),
		.choices = MODES,
		.fallback = "serverless",
		.sentence = "of the Agent; informational" },
	{ .env = "KRYPTON_PROTOCOL",
		.type = OPTION_CHOICE,
		.offset = FIELD(protocol),
		.choices = PROTOCOLS,
		.fallback = "a2a",
		.sentence = "event streams of an mcp agent do not count against the concurrency" },
	{ .env = "KRYPTON_IDLE_TIMEOUT",
		.type = OPTION_DURATION,
		.offset = FIELD(idle_timeout_ms),
		.fallback = "300s",
		.min = 0,
		.max = INT64_MAX,
		.sentence = "quiet after which the agent may go to zero (informational: the scaler decides)" },
	{ .env = "KRYPTON_SHUTDOWN_TIMEOUT",
		.type = OPTION_DURATION,
		.offset = FIELD(shutdown_timeout_ms),
		.fallback = "25s",
		.min = 0,
		.max = INT64_MAX,
		.sentence = "how long running requests may take after SIGTERM or drain" },
	{ .env = "KRYPTON_TOKEN",
		.type = OPTION_TEXT,
		.offset = FIELD(token),
		.secret = true,
		.sentence = "opens /_krypton/drain and /_krypton/retire; unset: they are closed" },
	{ .env = "KRYPTON_GATEWAY",
		.type = OPTION_TEXT,
		.offset = FIELD(gateway_url),
		.sentence = "http://ADDRESS:PORT told when the agent accepts; unset: nobody is told" },
	{ .env = "KRYPTON_READINESS_PATH",
		.type = OPTION_TEXT,
		.offset = FIELD(readiness_path),
		.sentence = "path on the agent that must answer 2xx or 3xx before it is ready; unset: accepting is enough" },
	{ .env = "KRYPTON_LOG_LEVEL",
		.type = OPTION_CHOICE,
		.offset = FIELD(log_level),
		.choices = LOG_LEVELS,
		.fallback = "info",
		.sentence = "events below it are not told" },
	PROXY_LIMITS(LIMIT) };

/* "http://10.0.0.1:8080" with nothing behind the port but a slash. No DNS: only addresses, and localhost. */
static int address_of_url(const char *variable, const char *url, struct address *ret_address, struct err *err)
{
	struct text rest = text_of(url);
	char numeric[ADDRESS_TEXT_BYTES];

	if (!text_has_prefix(rest, "http://"))
		return err_set(err, ERR_INVALID, "%s=%s: must be http://ADDRESS:PORT", variable, url);
	rest.at += strlen("http://");
	rest.len -= strlen("http://");
	if (rest.len > 0 && rest.at[rest.len - 1] == '/')
		rest.len--;
	if (text_has_prefix(rest, "localhost:")) {
		int len = snprintf(numeric, sizeof(numeric), "127.0.0.1%.*s", (int)(rest.len - strlen("localhost")),
			rest.at + strlen("localhost"));

		if (len < 0 || (size_t)len >= sizeof(numeric))
			return err_set(err, ERR_INVALID, "%s=%s: too long", variable, url);
		rest = text_of(numeric);
	}
	if (address_parse(rest, ret_address, err) < 0)
		return err_wrap(err, "%s=%s", variable, url);
	return 0;
}

enum options_result sidecar_options_parse(int argc, char **argv, struct sidecar_options *ret_options, struct err *err)
{
	struct sidecar_options options = { 0 };
	enum options_result result = options_parse(OPTIONS, ARRAY_LEN(OPTIONS), &options, "krypton-proxy", daemon_version(),
		"stands before one agent in its pod: admits, forwards, streams, drains", argc, argv, err);

	if (result != OPTIONS_RUN)
		return result;
	if (address_of_url("KRYPTON_UPSTREAM_URL", options.upstream_url, &options.upstream, err) < 0)
		return OPTIONS_WRONG;
	options.port = address_port(&options.upstream);
	if (options.gateway_url != NULL && options.gateway_url[0] != '\0') {
		if (address_of_url("KRYPTON_GATEWAY", options.gateway_url, &options.gateway, err) < 0)
			return OPTIONS_WRONG;
		options.has_gateway = true;
	}
	if (options.token != NULL && options.token[0] == '\0')
		options.token = NULL;
	if (options.readiness_path != NULL && options.readiness_path[0] != '/') {
		(void)err_set(err, ERR_INVALID, "KRYPTON_READINESS_PATH=%s: must begin with a slash", options.readiness_path);
		return OPTIONS_WRONG;
	}
	*ret_options = options;
	return OPTIONS_RUN;
}
