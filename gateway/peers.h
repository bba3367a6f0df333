/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h — the other gateways: what a sidecar has said to one of them is told to all. */
#ifndef KRYPTON_GATEWAY_PEERS_H
#define KRYPTON_GATEWAY_PEERS_H

struct gateway;
struct peers;
struct route;

struct peers *peers_new(struct gateway *gateway);
void peers_free(struct peers **peers);
/* Tells them that the pod at ip says to accept; each asks back itself. Nothing depends on it: what fails is not tried again. */
void peers_tell(struct peers *peers, const struct route *route, const char *ip, const char *token);

#endif
