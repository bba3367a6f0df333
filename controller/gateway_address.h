/* SPDX-License-Identifier: Apache-2.0 */
/* controller/gateway_address.h — pure: where sidecars say hello: the gateway's Service by its cluster IP, for they ask no DNS. */
#ifndef KRYPTON_CONTROLLER_GATEWAY_ADDRESS_H
#define KRYPTON_CONTROLLER_GATEWAY_ADDRESS_H

struct json_t;

/* "http://10.96.0.7:8082" of a Service; NULL where it has no cluster IP. Yours (mem_release). */
char *gateway_address_of(const struct json_t *service);

#endif
