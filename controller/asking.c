/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/asking.c — pure. A pod that stays as it is is asked more and more
 * seldom, also where its word changes: each change is a write, and a pod must
 * not be able to make us write each second.
 */
#include "controller/asking.h"

#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "krypton/labels.h"

#define MISSES_MAX 2 /* in a row: then nothing is known any more */

bool asking_concerns(const struct pod *pod)
{
	const struct container *agent = pod_container(pod, CONTAINER_AGENT), *proxy = pod_container(pod, CONTAINER_PROXY);

	return pod->ip != NULL && pod->ip[0] != '\0' && strlen(pod->ip) < ASKING_IP_BYTES && !pod->is_deleting && !pod->is_ready &&
		agent != NULL && proxy != NULL && agent->state == CONTAINER_RUNNING && proxy->state == CONTAINER_RUNNING &&
		!proxy->is_ready;
}

bool asking_see(struct asking *asking, const struct pod *pod, int64_t now_ms)
{
	const struct container *agent = pod_container(pod, CONTAINER_AGENT), *proxy = pod_container(pod, CONTAINER_PROXY);
	int64_t restarts = (int64_t)agent->restarts + proxy->restarts;

	if (strcmp(asking->ip, pod->ip) == 0 && asking->restarts == restarts && asking->agent_since_ms == agent->since_ms &&
		asking->proxy_since_ms == proxy->since_ms)
		return false;
	*asking = (struct asking){
		.restarts = restarts,
		.agent_since_ms = agent->since_ms,
		.proxy_since_ms = proxy->since_ms,
		.began_ms = now_ms,
		.due_ms = now_ms,
	};
	(void)snprintf(asking->ip, sizeof(asking->ip), "%s", pod->ip);
	return true;
}

/* 1 s, 2 s, 4 s … 30 s, and up to a fifth less. */
static int64_t pause_ms(int asked, int jitter_permille)
{
	int64_t pause = ASKING_PAUSE_MIN_MS;

	for (int i = 1; i < asked && pause < ASKING_PAUSE_MAX_MS; i++)
		pause *= 2;
	if (pause > ASKING_PAUSE_MAX_MS)
		pause = ASKING_PAUSE_MAX_MS;
	return pause - pause * jitter_permille / 5000;
}

bool asking_note(struct asking *asking, bool is_understood, int64_t now_ms, int jitter_permille)
{
	bool is_first = asking->asked == 0;

	BUG_ON(jitter_permille < 0 || jitter_permille >= 1000);
	asking->asked = asking->asked < INT32_MAX ? asking->asked + 1 : asking->asked;
	asking->misses = is_understood ? 0 : asking->misses < MISSES_MAX ? asking->misses + 1 : MISSES_MAX;
	asking->due_ms = now_ms + pause_ms(asking->asked, jitter_permille);
	return !is_first && asking->misses < MISSES_MAX;
}

bool asking_is_awaited(const struct asking *asking, int64_t now_ms)
{
	return asking->asked == 0 && now_ms - asking->began_ms < ASKING_PATIENCE_MS;
}
