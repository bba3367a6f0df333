/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h — what one schedule is made of: how many of each, how fast, how faulty. */
#ifndef KRYPTON_EXPLORE_SETTINGS_H
#define KRYPTON_EXPLORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "test/explore/choice.h"

#define MAX_GATEWAYS 3
#define MAX_AGENTS   2

struct agent_settings {
	bool is_serverless, is_mcp;
	int min_replicas, max_replicas, concurrency;
	int64_t scale_to_zero_after_ms, startup_timeout_ms, drain_timeout_ms, timeout_ms;
};

struct settings {
	int gateways, agents;
	bool has_scaler; /* it may be left out: then gateways wake, and nobody lowers */
	struct agent_settings of[MAX_AGENTS];

	/* the daemons' flags */
	int64_t max_queue_wait_ms, stable_window_ms, interval_ms;
	int max_buffer;

	/* how fast */
	struct span wire;                 /* one way between two of us */
	struct span api;                  /* one way to the API server */
	struct span watch;                /* until a change has come by a watch */
	struct span controller, slices;   /* until it acts */
	struct span sandbox, relist;      /* of a pod: until its containers run, until its address is published */
	struct span boot;                 /* until an agent listens */
	struct span first_byte, duration; /* of a request */

	/* how faulty */
	bool is_calm; /* nothing breaks, nobody dies */
	int dial_fault, cut_fault, unsent_fault;
	int api_fault, api_lost_answer;
	int api_away; /* of thousand schedules' seconds */
	int watch_relist;
	int probe_fault;                                    /* a pod's second: the kubelet's questions fail for a while */
	int agent_crash, sidecar_crash, pod_lost;           /* a pod's second */
	int gateway_crash, gateway_restart, scaler_restart; /* a second */
	int strangers;                                      /* writes to the Agent by people, a second */

	/* who calls */
	int requests;
	int64_t load_ms; /* the last one comes by then */
	int leaving;     /* of thousand clients */
	int by_service;  /* of thousand requests: not through a gateway */
	int reading;     /* of thousand: GET */
};

/* Of the schedule that runs. */
const struct settings *settings_get(void);
void settings_by_seed(uint64_t seed);
/* A small world for walks: one gateway, one sleeping agent, two requests. */
void settings_for_walk(void);
/* Nothing breaks any more. */
void settings_heal(void);
void settings_tell(void);

#endif
