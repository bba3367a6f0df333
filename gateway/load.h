/* SPDX-License-Identifier: Apache-2.0 */
/* load.h — /_krypton/load: how many requests wait and run here for each agent; the scaler's long poll. */
#ifndef KRYPTON_GATEWAY_LOAD_H
#define KRYPTON_GATEWAY_LOAD_H

struct gateway;
struct load;
struct ops_request;

struct load *load_new(struct gateway *gateway);
void load_free(struct load **load);
/* A line became non-empty: whoever polls is told at once. */
void load_note_line(struct gateway *gateway);
/* GET /_krypton/load[?after=VERSION&wait=10s] → {"version": n, "agents": {"ns/name": {"waiting": n, "inflight": n}}}, only agents
   with one or the other. With `after` = the current version the answer waits for the next line to form, or for `wait` to pass. */
void load_handle(void *arg, struct ops_request *request);

#endif
