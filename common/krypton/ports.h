/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/ports.h — which port is whose. */
#ifndef KRYPTON_KRYPTON_PORTS_H
#define KRYPTON_KRYPTON_PORTS_H

#define PORT_PROXY       8888 /* krypton-proxy in every agent's pod */
#define PORT_GATEWAY     8080
#define PORT_GATEWAY_OPS 8082 /* /_krypton/load, /_krypton/hello */
#define PORT_NAME_AGENT  "http"
#define PORT_NAME_PROXY  "proxy"
#define PORT_NAME_OPS    "ops" /* of the Service krypton-gateway: 8082 */

#endif
