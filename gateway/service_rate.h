/* SPDX-License-Identifier: Apache-2.0 */
/* service_rate.h — pure: how fast an agent's requests end, for telling who is turned away when to come again. */
#ifndef KRYPTON_GATEWAY_SERVICE_RATE_H
#define KRYPTON_GATEWAY_SERVICE_RATE_H

#include <stddef.h>
#include <stdint.h>

/* Embedded; zeroed has seen nothing. */
struct service_rate {
	int64_t since_ms; /* monotonic: the ten seconds of now began */
	int ended;        /* in them, */
	int ended_before; /* and in those before */
};

void service_rate_note(struct service_rate *rate, int64_t now_ms);
/* Whole seconds, 1 to 60, until as many have ended as are ahead. fallback_ms: where none has ended lately. */
int service_rate_wait_s(const struct service_rate *rate, int64_t now_ms, size_t ahead, int64_t fallback_ms);

#endif
