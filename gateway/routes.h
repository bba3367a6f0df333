/* SPDX-License-Identifier: Apache-2.0 */
/* routes.h — the gateway's table: agents by namespace and name, kept in step with the API server. */
#ifndef KRYPTON_GATEWAY_ROUTES_H
#define KRYPTON_GATEWAY_ROUTES_H

#include <stdbool.h>

#include "base/text.h"

struct gateway;
struct route;
struct routes;

/* Follows Agents and the EndpointSlices that carry our label, from now on. With the API server away the last table goes on serving.
 */
struct routes *routes_new(struct gateway *gateway);
void routes_free(struct routes **routes);
/* Borrowed; NULL: no such agent. */
struct route *routes_find(const struct routes *routes, struct text name_space, struct text name);
/* Both lists were read once: "not there" means that there is none. */
bool routes_are_complete(const struct routes *routes);
void routes_each(const struct routes *routes, void (*visit)(void *arg, struct route *route), void *arg);

#endif
