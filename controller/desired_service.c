/* SPDX-License-Identifier: Apache-2.0 */
/* controller/desired_service.c — pure: one port, at the agent's number, that leads to krypton-proxy. */
#include "controller/desired_service.h"

#include <jansson.h>

#include "base/json.h"
#include "controller/desired_access.h"
#include "krypton/labels.h"
#include "krypton/ports.h"

struct json_t *desired_service(const struct agent *agent)
{
	json_t *service = json_object();

	json_put(service, "/metadata", desired_metadata(agent));
	json_put_text(service, "/spec/selector/krypton.ai~1agent", agent->name);
	json_put_text(service, "/spec/type", "ClusterIP");
	json_put_text(service, "/spec/ports/-/name", PORT_NAME_AGENT);
	json_put(service, "/spec/ports/0/port", json_integer(agent->port));
	json_put_text(service, "/spec/ports/0/protocol", "TCP");
	json_put_text(service, "/spec/ports/0/targetPort", PORT_NAME_PROXY);
	return service;
}

int desired_service_url(const struct agent *agent, struct buf *out)
{
	return buf_format(out, "http://%s.%s.svc:%d%s", agent->name, agent->name_space, agent->port, agent->invocation_path);
}
