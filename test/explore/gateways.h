/* SPDX-License-Identifier: Apache-2.0 */
/* gateways.h — the gateways and the scaler as processes: started, restarted, crashed, and looked into. */
#ifndef KRYPTON_EXPLORE_GATEWAYS_H
#define KRYPTON_EXPLORE_GATEWAYS_H

#include <stdbool.h>
#include <stdint.h>

#define GATEWAYS_SERVICE_IP "10.96.0.1"

void gateways_start_all(void);
void gateways_stop_all(void);
/* Faults of this second. */
void gateways_suffer_all(void);
/* Whom a client is sent to; NULL: nobody is up. */
const char *gateways_pick(int *ret_gateway, int64_t *ret_since_ms);
const char *gateways_name(int gateway);
bool gateways_is_up(int gateway);

/* Looks inside. */
int gateways_waiting(int gateway, int agent); /* in its line */
/* It has that pod, the slices call it ready and not terminating. */
bool gateways_knows_ready(int gateway, int agent, const char *ip);
/* Tells what is still counted although nothing runs; "" where nothing is. */
const char *gateways_left_over(int gateway);

/* scaler_process.c */
void scaler_process_start(void);
void scaler_process_stop(void);
void scaler_process_suffer(void);
/* Since when the one that runs does; INT64_MAX: none does. */
int64_t scaler_process_since_ms(void);

#endif
