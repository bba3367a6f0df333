/* SPDX-License-Identifier: Apache-2.0 */
/* hello.h — /_krypton/hello: a sidecar says that its agent accepts, sooner than any EndpointSlice. */
#ifndef KRYPTON_GATEWAY_HELLO_H
#define KRYPTON_GATEWAY_HELLO_H

struct ops_request;

/* POST /_krypton/hello?namespace=…&name=… with the agent's token. The caller's address is asked back before it gets any work, and
   the other gateways are told, by the same request with the pod's address in &pod_ip=…: they ask back themselves. */
void hello_handle(void *arg, struct ops_request *request);

#endif
