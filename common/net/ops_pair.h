/* SPDX-License-Identifier: Apache-2.0 */
/* net/ops_pair.h — the two operations ports of a daemon: /metrics on one; /healthz, /readyz, /configz and its own paths on the
 * other. */
#ifndef KRYPTON_NET_OPS_PAIR_H
#define KRYPTON_NET_OPS_PAIR_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/err.h"
#include "net/ops_server.h"

/* Embedded; zeroed is closed. */
struct ops_pair {
	struct ops_server *metrics, *health;
	struct ops_route *health_routes; /* the common ones, then the daemon's */
};

struct ops_pair_options {
	const char *metrics_address;    /* --metrics-bind-address */
	const char *health_address;     /* --health-probe-bind-address */
	const struct ops_route *routes; /* the daemon's own, beside the health ones; may be NULL */
	size_t route_count;
	void *arg; /* for all handlers: a struct whose first member is a struct ops_common */
};

/* -1 with an error that names the flag; what was opened by then is closed by ops_pair_close(). */
int ops_pair_open(struct ops_pair *pair, struct loop *loop, const struct ops_pair_options *options, struct err *err) must_check;
void ops_pair_close(struct ops_pair *pair); /* closed before is fine */

#endif
