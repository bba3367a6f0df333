/* SPDX-License-Identifier: Apache-2.0 */
/* hello.h — tells the gateway that the agent accepts: sooner than the kubelet publishes the pod's address. */
#ifndef KRYPTON_PROXY_SIDECAR_HELLO_H
#define KRYPTON_PROXY_SIDECAR_HELLO_H

#include "proxy-sidecar/options.h"

struct loop;
struct hello;

/* Borrows options, which must outlive it. */
struct hello *hello_new(struct loop *loop, const struct sidecar_options *options);
void hello_free(struct hello **hello);
/* Says it, three times at most until somebody answers; nothing depends on it. Does nothing where there is no gateway or no token.
 */
void hello_say(struct hello *hello);

#endif
