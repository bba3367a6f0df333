/* SPDX-License-Identifier: Apache-2.0 */
/* A hello is a hint with a proof: the token says whose agent, the answer to our question back says that it is really there. */
#include "gateway/hello.h"

#include "base/log.h"
#include "base/loop.h"
#include "gateway/gateway.h"
#include "gateway/probe.h"
#include "gateway/route.h"
#include "krypton/internal_token.h"
#include "krypton/labels.h"
#include "net/ops_server.h"

void hello_handle(void *arg, struct ops_request *request)
{
	struct gateway *gateway = arg;
	struct route *route =
		routes_find(gateway->routes, ops_request_query(request, "namespace"), ops_request_query(request, "name"));
	char token[INTERNAL_TOKEN_BYTES], ip[ADDRESS_TEXT_BYTES];
	struct err err = { 0 };
	struct pod *pod;

	if (route == NULL || route->agent == NULL || gateway->key_bytes == 0 ||
		internal_token_make((struct text){ gateway->key, gateway->key_bytes }, route->agent->uid, token, &err) < 0 ||
		!text_equal_secret(ops_request_header(request, HEADER_TOKEN), text_of(token))) {
		ops_reply(request, 403, "text/plain", TEXT("the agent's token is required\n"));
		return;
	}
	address_format_ip(ops_request_peer(request), ip);
	pod = route_pod_at(route, ip);
	if (pod == NULL) {
		ops_reply(request, 503, "text/plain", TEXT("too many pods\n"));
		return;
	}
	log_debug("hello.received", LOG_STR("agent", route->name), LOG_STR("namespace", route->name_space), LOG_STR("pod_ip", ip));
	if (!pod_is_usable(pod, loop_now_ms(gateway->loop)))
		probe_hello(pod, token);
	ops_reply(request, 204, "text/plain", TEXT(""));
}
