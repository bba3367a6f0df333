/* SPDX-License-Identifier: Apache-2.0 */
/* A hello is a hint with a proof: the token says whose agent, the answer to our question back says that it is really there. */
#include "gateway/hello.h"

#include "base/log.h"
#include "base/loop.h"
#include "gateway/gateway.h"
#include "gateway/peers.h"
#include "gateway/probe.h"
#include "gateway/route.h"
#include "krypton/labels.h"
#include "krypton/ports.h"
#include "net/ops_server.h"

static void refuse(struct ops_request *request, int status, const char *error, const char *reason)
{
	ops_reply_problem(request, status, &(struct problem){ .error = error, .reason = reason });
}

/* The pod's address: the caller's, or what another gateway says. false: that is no address. */
static bool address_in(struct ops_request *request, char ip[ADDRESS_TEXT_BYTES])
{
	struct text told = ops_request_query(request, "pod_ip");
	struct address address = *ops_request_peer(request);
	struct err err = { 0 };

	if (told.at != NULL && address_of_ip(told, PORT_PROXY, &address, &err) < 0)
		return false;
	address_format_ip(&address, ip);
	return true;
}

void hello_handle(void *arg, struct ops_request *request)
{
	struct gateway *gateway = arg;
	struct route *route =
		routes_find(gateway->routes, ops_request_query(request, "namespace"), ops_request_query(request, "name"));
	char token[INTERNAL_TOKEN_BYTES], ip[ADDRESS_TEXT_BYTES];
	struct pod *pod;

	if (route == NULL || route->agent == NULL || !mounted_key_token(&gateway->key, route->agent->uid, token) ||
		!text_equal_secret(ops_request_header(request, HEADER_TOKEN), text_of(token))) {
		refuse(request, 403, "the agent's token is required", "TokenRequired");
		return;
	}
	if (!address_in(request, ip)) {
		refuse(request, 400, "pod_ip is no address", "BadAddress");
		return;
	}
	pod = route_pod_at(route, ip);
	if (pod == NULL) {
		refuse(request, 503, "the agent has too many pods", "TooManyPods");
		return;
	}
	log_debug("hello.received", LOG_STR("agent", route->name), LOG_STR("namespace", route->name_space), LOG_STR("pod_ip", ip));
	if (!pod_is_usable(pod, loop_now_ms(gateway->loop)))
		probe_hello(pod, token);
	if (ops_request_query(request, "pod_ip").at == NULL)
		peers_tell(gateway->peers, route, ip, token);
	ops_reply(request, 204, "text/plain", TEXT(""));
}
