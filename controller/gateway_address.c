/* SPDX-License-Identifier: Apache-2.0 */
/* controller/gateway_address.c — pure: a Service's cluster IP and ops port as a URL. */
#include "controller/gateway_address.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "krypton/ports.h"

static int ops_port(const json_t *service)
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_at(service, "/spec/ports"), i, port) {
		const char *name = json_text_at(port, "/name");

		if (name != NULL && strcmp(name, PORT_NAME_OPS) == 0)
			return (int)json_int_at(port, "/port", PORT_GATEWAY_OPS);
	}
	return PORT_GATEWAY_OPS;
}

char *gateway_address_of(const struct json_t *service)
{
	const char *ip = json_text_at(service, "/spec/clusterIP");
	char url[96];

	if (ip == NULL || ip[0] == '\0' || strcmp(ip, "None") == 0)
		return NULL;
	const char *open = strchr(ip, ':') != NULL ? "[" : "", *close = open[0] == '\0' ? "" : "]";
	int len = snprintf(url, sizeof(url), "http://%s%s%s:%d", open, ip, close, ops_port(service));
	return len < 0 || (size_t)len >= sizeof(url) ? NULL : mem_copy_text(url);
}
