/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/proxy_limits.h — krypton-proxy's deadlines and caps: what an operator may set for all agents. krypton-proxy reads them,
   the controller checks them before it puts them into pods, where a wrong one would end every sidecar. None is named by the
   controller itself, so these cannot take the place of what it says. */
#ifndef KRYPTON_KRYPTON_PROXY_LIMITS_H
#define KRYPTON_KRYPTON_PROXY_LIMITS_H

#include <stdint.h>

#define PROXY_LIMIT_HOUR_MS    INT64_C(3600000)
#define PROXY_LIMIT_MIN_MS     100
#define PROXY_LIMIT_HEAD_BYTES (160 * 1024) /* a gateway's largest and what it adds */

/* Variable, type, field of the sidecar's options, default, least, most, sentence. */
#define PROXY_LIMITS(X)                                                                                                            \
	X("KRYPTON_REQUEST_HEAD_TIMEOUT", OPTION_DURATION, request_head_timeout_ms, "60s", PROXY_LIMIT_MIN_MS,                     \
		PROXY_LIMIT_HOUR_MS, "from the first byte of a request's head to its last; past it 408")                           \
	X("KRYPTON_REQUEST_BODY_TIMEOUT", OPTION_DURATION, request_body_timeout_ms, "300s", PROXY_LIMIT_MIN_MS,                    \
		24 * PROXY_LIMIT_HOUR_MS, "silence of a request's body before the answer begins; past it 408")                     \
	X("KRYPTON_CONNECT_TIMEOUT", OPTION_DURATION, connect_timeout_ms, "5s", PROXY_LIMIT_MIN_MS, PROXY_LIMIT_HOUR_MS,           \
		"for a connection to the agent; past it 502")                                                                      \
	X("KRYPTON_STREAM_IDLE_TIMEOUT", OPTION_DURATION, stream_idle_timeout_ms, "0", 0, INT64_MAX,                               \
		"silence that ends an answer that has begun; 0: never, as the gateway ends its own")                               \
	X("KRYPTON_KEEP_ALIVE_TIMEOUT", OPTION_DURATION, keep_alive_timeout_ms, "75s", PROXY_LIMIT_MIN_MS,                         \
		24 * PROXY_LIMIT_HOUR_MS, "how long a connection is kept between two requests; gateways give theirs up after 30s") \
	X("KRYPTON_MAX_CONNECTIONS", OPTION_INT, max_connections, "0", 0, 1000000,                                                 \
		"gateways', clients' and the kubelet's connections; past it the one idle for longest is closed, or the new one "   \
		"waits; 0: half of the descriptors")                                                                               \
	X("KRYPTON_MAX_REQUEST_HEAD_BYTES", OPTION_BYTES, max_request_head_bytes, "160Ki", 4096, PROXY_LIMIT_HEAD_BYTES,           \
		"the largest request line and headers, with what a gateway adds; past it 431")                                     \
	X("KRYPTON_MAX_REQUEST_BODY_BYTES", OPTION_BYTES, max_request_body_bytes, "0", 0, INT64_MAX,                               \
		"the largest request body; past it 413; 0: no limit")

#endif
