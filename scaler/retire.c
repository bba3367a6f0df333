/* SPDX-License-Identifier: Apache-2.0 */
/* pure. */
#include "scaler/retire.h"

static bool serves(const struct retire_pod *pod)
{
	return pod->is_ready && !pod->is_retired;
}

/* A pod that starts has nothing to lose, then the emptiest goes; of two alike the one that was told already. */
static bool goes_before(const struct retire_pod *a, const struct retire_pod *b)
{
	bool a_starts = !serves(a) && !a->is_retired, b_starts = !serves(b) && !b->is_retired;

	if (a_starts != b_starts)
		return a_starts;
	if (a->work != b->work)
		return a->work < b->work;
	return a->is_retired && !b->is_retired;
}

/* `surplus` pods go. Each round picks the next of those that are not marked yet. Of the retired, so many as Kubernetes has been
   told to end already are left alone. */
static void choose(struct retire_pod *pods, size_t count, int surplus, int ending)
{
	for (; surplus > 0; surplus--) {
		struct retire_pod *next = NULL;

		for (size_t i = 0; i < count; i++) {
			if (pods[i].order != RETIRE_OUT && (next == NULL || goes_before(&pods[i], next)))
				next = &pods[i];
		}
		if (next == NULL)
			return;
		next->order = RETIRE_OUT;
	}
	for (size_t i = 0; i < count; i++) {
		if (pods[i].order == RETIRE_OUT)
			pods[i].order = serves(&pods[i]) ? RETIRE_OUT : RETIRE_NOTHING;
		else if (pods[i].is_retired && --ending < 0)
			pods[i].order = RETIRE_BACK;
	}
}

/* The busiest come back first: they are the warmest, and the empty ones may still go. */
static void call_back(struct retire_pod *pods, size_t count, int missing)
{
	for (; missing > 0; missing--) {
		struct retire_pod *next = NULL;

		for (size_t i = 0; i < count; i++) {
			if (pods[i].is_retired && pods[i].order == RETIRE_NOTHING && (next == NULL || pods[i].work > next->work))
				next = &pods[i];
		}
		if (next == NULL)
			return;
		next->order = RETIRE_BACK;
	}
}

void retire_plan(struct retire_pod *pods, size_t count, int current, int desired)
{
	int serving = 0, surplus = (int)count - desired;

	for (size_t i = 0; i < count; i++) {
		pods[i].order = RETIRE_NOTHING;
		serving += serves(&pods[i]);
	}
	if (desired >= current || desired == 0)
		call_back(pods, count, desired - serving);
	else
		choose(pods, count, surplus < current - desired ? surplus : current - desired, (int)count - current);
}

bool retire_is_done(const struct retire_pod *pods, size_t count, int desired)
{
	int ready = 0;

	for (size_t i = 0; i < count && desired > 0; i++) {
		/* Kubernetes ends first what it has not seen ready: that must be nobody who works, and all who were emptied. */
		if (pods[i].order == RETIRE_BACK || ((!pods[i].is_ready || pods[i].is_back) && pods[i].work > 0) ||
			(pods[i].is_retired && (pods[i].is_ready || pods[i].work > 0 || !pods[i].is_fresh)))
			return false;
		ready += pods[i].is_ready && !pods[i].refuses;
	}
	return ready <= desired;
}

int retire_reachable(const struct retire_pod *pods, size_t count, int current, int desired)
{
	int reachable = (int)count;

	if (desired >= current || retire_is_done(pods, count, desired))
		return desired;
	for (size_t i = 0; i < count; i++) {
		bool leaves = !pods[i].refuses &&
			(pods[i].is_retired || pods[i].is_back || pods[i].order == RETIRE_OUT || !pods[i].is_ready);
		bool may_work = pods[i].work > 0 || (pods[i].is_retired && !pods[i].is_fresh);

		if (pods[i].order == RETIRE_BACK || (leaves && may_work))
			return current; /* Kubernetes might end that one, now or as soon as it has seen it not ready */
		reachable -= !pods[i].is_ready;
	}
	if (reachable < desired)
		reachable = desired;
	return reachable < current ? reachable : current;
}
