/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Statuses and words of the gateway's own answers; a waiting client learns why, as far as anybody knows. */
#include "gateway/refusal.h"

#include "krypton/reasons.h"
#include "krypton/remedy.h"
#include "net/problem.h"

#define DETAIL_BYTES 2560 /* what the controller says is no longer; what somebody else wrote there may be */
#define AGENT_LOGS   "kubectl -n {namespace} logs -l krypton.ai/agent={agent} -c agent --tail=50"

static const struct {
	int status;
	const char *reason, *error, *hint;
	bool may_come_again;
} TABLE[REFUSALS] = {
	[REFUSAL_BAD_HOST] = { 421, "HostNotAllowed", "the gateway is not called by this host name",
		"add it to the gateway's --allowed-hosts (chart: gateway.allowedHosts) if it should be", false },
	[REFUSAL_BAD_ORIGIN] = { 403, "OriginForbidden", "pages of this origin may not call agents",
		"add it to the gateway's --allowed-origins (chart: gateway.allowedOrigins) if they should", false },
	[REFUSAL_BAD_PATH] = { 400, "BadPath", "the path names no namespace and agent",
		"invoke an agent at /v1/agents/NAMESPACE/NAME", false },
	[REFUSAL_NO_AGENT] = { 404, "AgentNotFound", "no such agent", "kubectl get agents -A lists what there is", false },
	[REFUSAL_STARTING] = { 503, "GatewayStarting", "the gateway has not read the list of agents yet", "try again in a moment",
		true },
	[REFUSAL_BUFFER_FULL] = { 503, "BufferFull", "too many requests wait for this agent already",
		"raise spec.maxReplicas or spec.concurrency, or the gateway's --max-buffer-per-agent", true },
	[REFUSAL_START_TIMEOUT] = { 504, "StartupTimeout", "none of the agent's pods became ready in time",
		"kubectl -n {namespace} describe agent {agent} says what keeps it; spec.startupTimeout gives it longer", false },
	[REFUSAL_QUEUE_TIMEOUT] = { 503, "OverCapacity", "every pod of the agent stayed at its concurrency",
		"raise spec.maxReplicas or spec.concurrency", true },
	[REFUSAL_UNREACHABLE] = { 502, "AgentUnreachable", "the agent cannot be reached",
		"kubectl -n {namespace} describe agent {agent}", false },
	[REFUSAL_CLOSED] = { 502, "AgentClosedConnection", "the agent closed the connection before it answered",
		AGENT_LOGS "; the request was not sent again, as it may have been carried out", false },
	[REFUSAL_BAD_ANSWER] = { 502, "AgentBadAnswer", "the agent's answer is not HTTP/1.1",
		AGENT_LOGS "; look at what listens on spec.port", false },
	[REFUSAL_FIRST_BYTE_LATE] = { 504, "AgentTimeout", "the agent sent no first byte within spec.timeout",
		AGENT_LOGS "; raise spec.timeout if it needs longer", false },
	[REFUSAL_NO_EVENTS] = { 0, "AgentNoEventStream", "the agent's answer is no event stream",
		AGENT_LOGS "; without spec.waitKeepAlive callers get such an answer as it is", false },
};

int refusal_status(enum refusal refusal)
{
	return TABLE[refusal].status;
}

const char *refusal_reason(enum refusal refusal)
{
	return TABLE[refusal].reason;
}

const char *refusal_error(enum refusal refusal)
{
	return TABLE[refusal].error;
}

bool refusal_may_come_again(enum refusal refusal)
{
	return TABLE[refusal].may_come_again;
}

int refusal_headers(enum refusal refusal, int retry_after_s, struct buf *out)
{
	return TABLE[refusal].may_come_again ? buf_format(out, "Retry-After: %d\r\n", retry_after_s) : 0;
}

const char *refusal_start_reason(const char *condition, const char *sidecar)
{
	/* What the condition says as long as nothing worse is known, or where the sidecar looks closer. */
	static const enum reason vague[] = { REASON_STARTING, REASON_SCALING, REASON_AGENT_NOT_LISTENING,
		REASON_AGENT_PROBE_FAILING };
	enum reason known;

	if (sidecar[0] == '\0')
		return condition;
	if (condition == NULL || reason_parse(condition, &known) < 0)
		return sidecar;
	for (size_t i = 0; i < ARRAY_LEN(vague); i++) {
		if (known == vague[i])
			return sidecar;
	}
	return condition;
}

int refusal_format(enum refusal refusal, const struct refusal_facts *facts, struct buf *out)
{
	const struct remedy_place place = { .name_space = facts->name_space, .agent = facts->name };
	scoped_buf error;
	scoped_buf hint;

	buf_init(&error, 4096);
	buf_init(&hint, 1024);
	if (facts->name != NULL && buf_format(&error, "agent %s/%s: ", facts->name_space, facts->name) < 0)
		return -1;
	if (remedy_command(TABLE[refusal].hint, &place, &hint) < 0)
		return -1;
	if (buf_append_terminated(&error, TABLE[refusal].error) < 0)
		return -1;
	if (facts->detail != NULL && facts->detail[0] != '\0' && buf_format(&error, ": %.*s", DETAIL_BYTES, facts->detail) < 0)
		return -1;
	return problem_format(&(struct problem){ .error = buf_terminated(&error),
				      .reason = facts->reason != NULL ? facts->reason : TABLE[refusal].reason,
				      .hint = buf_terminated(&hint),
				      .status = facts->event_status },
		out);
}
