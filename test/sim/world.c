/* SPDX-License-Identifier: Apache-2.0 */
/* From event to event, in milliseconds: arrivals, ends, pods that become ready, decisions. Waiting requests stand in one line,
 * first come first served, and the gateway's own room picks the pod. */
#include "test/sim/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/mem.h"
#include "gateway/pick.h"

#define NEVER INT64_MAX

enum pod_state { POD_NONE, POD_ALIVE, POD_TERMINATING };

struct sim_pod {
	enum pod_state state;
	int64_t ready_ms; /* from then on */
	int64_t retired_since_ms, terminating_since_ms;
	bool is_retired;
	int inflight, streams;
};

/* A request that runs. */
struct running {
	int64_t end_ms;
	int pod;
	bool is_stream;
};

struct world {
	const struct trace *trace;
	const struct sim_settings *settings;
	struct policy *policy;
	struct sim_result *result;
	int64_t now_ms, end_ms;
	struct sim_pod pods[SIM_MAX_PODS];
	int wanted;
	size_t turn;

	struct running *running; /* a heap, the earliest end first */
	size_t running_count;
	int64_t inflight, streams;
	size_t arrived, served; /* those between them wait: the line is a run of the trace */
	int64_t *waits_ms;

	int64_t last_arrival_ms, last_activity_ms;
	int64_t concurrency_ms, pod_ms;
	int64_t tick_ms, look_ms; /* the next decisions; look: because of a line */
	int64_t line_told;        /* its length at the last decision */
};

static int64_t waiting_in(const struct world *world)
{
	return (int64_t)(world->arrived - world->served);
}

static bool is_serving(const struct world *world, const struct sim_pod *pod)
{
	return pod->state == POD_ALIVE && !pod->is_retired && pod->ready_ms <= world->now_ms;
}

static void heap_push(struct world *world, struct running running)
{
	size_t at = world->running_count++;

	for (; at > 0 && world->running[(at - 1) / 2].end_ms > running.end_ms; at = (at - 1) / 2)
		world->running[at] = world->running[(at - 1) / 2];
	world->running[at] = running;
}

static struct running heap_pop(struct world *world)
{
	struct running first = world->running[0], last = world->running[--world->running_count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < world->running_count) {
		if (child + 1 < world->running_count && world->running[child + 1].end_ms < world->running[child].end_ms)
			child++;
		if (world->running[child].end_ms >= last.end_ms)
			break;
		world->running[at] = world->running[child];
		at = child;
	}
	world->running[at] = last;
	return first;
}

static void create_pod(struct world *world, int64_t ready_ms)
{
	for (size_t i = 0; i < SIM_MAX_PODS; i++) {
		if (world->pods[i].state == POD_NONE) {
			world->pods[i] = (struct sim_pod){ .state = POD_ALIVE, .ready_ms = ready_ms };
			return;
		}
	}
}

/* Kubernetes ends those first that are not ready; of the others the emptiest, which is more than it does for most. */
static bool goes_before(const struct world *world, const struct sim_pod *a, const struct sim_pod *b)
{
	bool a_serves = is_serving(world, a), b_serves = is_serving(world, b);
	int a_work = a->inflight + a->streams, b_work = b->inflight + b->streams;

	if (a_serves != b_serves)
		return b_serves;
	if (a_work != b_work)
		return a_work < b_work;
	return a->ready_ms > b->ready_ms;
}

static void end_one(struct world *world)
{
	struct sim_pod *next = NULL;

	for (size_t i = 0; i < SIM_MAX_PODS; i++) {
		struct sim_pod *pod = &world->pods[i];

		if (pod->state == POD_ALIVE && (next == NULL || goes_before(world, pod, next)))
			next = pod;
	}
	if (next == NULL)
		return;
	next->state = next->inflight + next->streams > 0 ? POD_TERMINATING : POD_NONE;
	next->terminating_since_ms = world->now_ms;
}

static int count_alive(const struct world *world)
{
	int alive = 0;

	for (size_t i = 0; i < SIM_MAX_PODS; i++)
		alive += world->pods[i].state == POD_ALIVE;
	return alive;
}

static void reach_wanted(struct world *world)
{
	for (int alive = count_alive(world); alive < world->wanted; alive++)
		create_pod(world, world->now_ms + world->settings->pod_start_ms);
	for (int alive = count_alive(world); alive > world->wanted; alive--)
		end_one(world);
}

static void leave_pod(struct world *world, const struct running *running)
{
	struct sim_pod *pod = &world->pods[running->pod];

	*(running->is_stream ? &pod->streams : &pod->inflight) -= 1;
	*(running->is_stream ? &world->streams : &world->inflight) -= 1;
	if (pod->state == POD_TERMINATING && pod->inflight + pod->streams == 0)
		pod->state = POD_NONE;
}

static void end_due(struct world *world)
{
	while (world->running_count > 0 && world->running[0].end_ms <= world->now_ms) {
		struct running running = heap_pop(world);

		world->last_activity_ms = world->now_ms;
		leave_pod(world, &running);
	}
}

/* What still runs where a pod's time is over ends with it. */
static void cut_overdue(struct world *world)
{
	for (int at = 0; at < SIM_MAX_PODS; at++) {
		const struct sim_pod *pod = &world->pods[at];
		size_t kept = 0, count = world->running_count;

		if (pod->state != POD_TERMINATING || world->now_ms - pod->terminating_since_ms < world->settings->drain_ms)
			continue;
		world->running_count = 0;
		for (size_t i = 0; i < count; i++) {
			struct running running = world->running[i];

			if (running.pod == at) {
				world->result->cut++;
				leave_pod(world, &running);
			} else {
				kept++;
				heap_push(world, running); /* never further than what is read */
			}
		}
		BUG_ON(kept != world->running_count);
	}
}

/* As gateway/route.c does it: every pod that is there stands for election, in an order that stays. */
static int pick(struct world *world, bool is_stream)
{
	struct pick_candidate candidates[SIM_MAX_PODS];
	int places[SIM_MAX_PODS], found;
	size_t count = 0;

	for (int i = 0; i < SIM_MAX_PODS; i++) {
		if (world->pods[i].state == POD_NONE)
			continue;
		places[count] = i;
		candidates[count++] = (struct pick_candidate){ .is_usable = is_serving(world, &world->pods[i]),
			.inflight = world->pods[i].inflight };
	}
	found = pick_pod(candidates, count, is_stream ? INT32_MAX : world->settings->concurrency, PICK_NONE, world->turn++);
	return found == PICK_NONE ? PICK_NONE : places[found];
}

static void dispatch(struct world *world)
{
	while (waiting_in(world) > 0) {
		const struct arrival *arrival = &world->trace->arrivals[world->served];
		int at = pick(world, arrival->is_stream);

		if (at == PICK_NONE)
			return;
		*(arrival->is_stream ? &world->pods[at].streams : &world->pods[at].inflight) += 1;
		*(arrival->is_stream ? &world->streams : &world->inflight) += 1;
		world->waits_ms[world->served++] = world->now_ms - arrival->at_ms;
		world->last_activity_ms = world->now_ms;
		heap_push(world,
			(struct running){
				.end_ms = world->now_ms + arrival->duration_ms, .pod = at, .is_stream = arrival->is_stream });
	}
}

static void take_arrivals(struct world *world)
{
	while (world->arrived < world->trace->count && world->trace->arrivals[world->arrived].at_ms <= world->now_ms) {
		world->arrived++;
		world->last_arrival_ms = world->now_ms;
	}
}

static size_t view_pods(const struct world *world, struct sim_pod_view *views, size_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < SIM_MAX_PODS; i++) {
		const struct sim_pod *pod = &world->pods[i];

		if (pod->state != POD_ALIVE)
			continue;
		places[count] = i;
		views[count++] = (struct sim_pod_view){ .is_ready = pod->ready_ms <= world->now_ms,
			.is_retired = pod->is_retired,
			.retired_since_ms = pod->retired_since_ms,
			.inflight = pod->inflight,
			.streams = pod->streams };
	}
	return count;
}

static void obey(struct world *world, const struct sim_orders *orders, const size_t *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sim_pod *pod = &world->pods[places[i]];

		if (orders->pods[i] == RETIRE_OUT && !pod->is_retired)
			pod->retired_since_ms = world->now_ms;
		if (orders->pods[i] != RETIRE_NOTHING)
			pod->is_retired = orders->pods[i] == RETIRE_OUT;
	}
	if (orders->wanted == world->wanted)
		return;
	world->wanted = orders->wanted;
	world->result->changes++;
	reach_wanted(world);
}

static void ask_policy(struct world *world, bool is_look)
{
	struct sim_pod_view views[SIM_MAX_PODS];
	size_t places[SIM_MAX_PODS];
	struct sim_orders orders = { .wanted = world->wanted };
	struct sim_view view = { .now_ms = world->now_ms,
		.wanted = world->wanted,
		.waiting = waiting_in(world),
		.is_look = is_look,
		.last_arrival_ms = world->last_arrival_ms,
		.last_activity_ms = world->last_activity_ms,
		.concurrency_ms = world->concurrency_ms,
		.pods = views };

	view.pod_count = view_pods(world, views, places);
	world->policy->decide(world->policy, &view, &orders);
	obey(world, &orders, places, view.pod_count);
	world->line_told = waiting_in(world);
}

/* A line that is longer than the policy knows is worth a look; or, where gateways are polled, one that has formed. */
static void watch_line(struct world *world)
{
	if (world->settings->poll_ms > 0 && world->line_told > 0 && waiting_in(world) > 0 && world->policy->looks_at_lines) {
		if (world->look_ms == NEVER)
			world->look_ms = world->now_ms + world->settings->poll_ms;
		return;
	}
	if (waiting_in(world) < world->line_told)
		world->line_told = waiting_in(world);
	if (waiting_in(world) > world->line_told && world->look_ms == NEVER &&
		(world->policy->looks_at_lines || world->wanted == 0))
		world->look_ms = world->now_ms + world->settings->reaction_ms;
}

static void decide_due(struct world *world)
{
	if (world->now_ms < world->tick_ms && world->now_ms < world->look_ms)
		return;
	bool is_look = world->now_ms >= world->look_ms;

	if (world->now_ms >= world->tick_ms)
		world->tick_ms += world->policy->interval_ms;
	if (is_look || world->settings->poll_ms == 0)
		world->look_ms = NEVER;
	ask_policy(world, is_look);
	dispatch(world);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_event_ms(const struct world *world)
{
	int64_t next_ms = sooner(sooner(world->tick_ms, world->look_ms), (world->now_ms / SIM_ROW_MS + 1) * SIM_ROW_MS);

	if (world->arrived < world->trace->count)
		next_ms = sooner(next_ms, world->trace->arrivals[world->arrived].at_ms);
	if (world->running_count > 0)
		next_ms = sooner(next_ms, world->running[0].end_ms);
	for (size_t i = 0; i < SIM_MAX_PODS; i++) {
		const struct sim_pod *pod = &world->pods[i];

		if (pod->state == POD_ALIVE && pod->ready_ms > world->now_ms)
			next_ms = sooner(next_ms, pod->ready_ms);
	}
	return sooner(next_ms, world->end_ms);
}

static int count_existing(const struct world *world)
{
	int existing = 0;

	for (size_t i = 0; i < SIM_MAX_PODS; i++)
		existing += world->pods[i].state != POD_NONE;
	return existing;
}

static void pass_time(struct world *world)
{
	int64_t next_ms = next_event_ms(world), passed_ms = next_ms - world->now_ms;

	world->pod_ms += passed_ms * count_existing(world);
	world->concurrency_ms += passed_ms * (world->inflight + world->streams + waiting_in(world));
	world->now_ms = next_ms;
}

static void note(struct world *world)
{
	struct sim_result *result = world->result;
	struct sim_row row = { .wanted = world->wanted,
		.alive = count_existing(world),
		.inflight = world->inflight + world->streams,
		.waiting = waiting_in(world) };

	for (size_t i = 0; i < SIM_MAX_PODS; i++)
		row.ready += is_serving(world, &world->pods[i]);
	if (row.alive > result->peak_pods)
		result->peak_pods = row.alive;
	if (row.waiting > result->longest_line)
		result->longest_line = row.waiting;
	if (world->now_ms % SIM_ROW_MS == 0) {
		result->rows[world->now_ms / SIM_ROW_MS] = row;
		result->row_count = (size_t)(world->now_ms / SIM_ROW_MS) + 1;
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static double seconds_at(const int64_t *sorted, size_t count, int percent)
{
	size_t rank = (count * (size_t)percent + 99) / 100;

	return count == 0 ? 0 : (double)sorted[rank > 0 ? rank - 1 : 0] / 1000;
}

static void sum_up(struct world *world)
{
	struct sim_result *result = world->result;
	double sum_ms = 0;

	/* Who was not served until the end has waited until then. */
	result->unserved = world->trace->count - world->served;
	for (size_t i = world->served; i < world->trace->count; i++)
		world->waits_ms[i] = world->end_ms - world->trace->arrivals[i].at_ms;
	result->requests = world->trace->count;
	for (size_t i = 0; i < world->trace->count; i++)
		sum_ms += (double)world->waits_ms[i];
	if (world->trace->count > 0) {
		qsort(world->waits_ms, world->trace->count, sizeof(*world->waits_ms), by_size);
		result->wait_mean_s = sum_ms / 1000 / (double)world->trace->count;
	}
	result->wait_p50_s = seconds_at(world->waits_ms, world->trace->count, 50);
	result->wait_p99_s = seconds_at(world->waits_ms, world->trace->count, 99);
	result->wait_max_s = seconds_at(world->waits_ms, world->trace->count, 100);
	result->pod_seconds = (double)world->pod_ms / 1000;
}

void world_play(
	const struct trace *trace, const struct sim_settings *settings, struct policy *policy, struct sim_result *ret_result)
{
	struct world *world = mem_alloc(sizeof(*world));

	*world = (struct world){ .trace = trace,
		.settings = settings,
		.policy = policy,
		.result = ret_result,
		.end_ms = trace->length_ms + settings->tail_ms,
		.wanted = settings->min_replicas,
		.last_arrival_ms = -1,
		.last_activity_ms = -1,
		.tick_ms = policy->interval_ms,
		.look_ms = NEVER };
	*ret_result = (struct sim_result){ 0 };
	ret_result->rows = mem_alloc_array((size_t)(world->end_ms / SIM_ROW_MS) + 2, sizeof(*ret_result->rows));
	world->running = mem_alloc_array(trace->count + 1, sizeof(*world->running));
	world->waits_ms = mem_alloc_array(trace->count + 1, sizeof(*world->waits_ms));
	for (int i = 0; i < settings->min_replicas; i++)
		create_pod(world, 0);
	note(world);
	while (world->now_ms < world->end_ms) {
		pass_time(world);
		end_due(world);
		cut_overdue(world);
		take_arrivals(world);
		dispatch(world);
		watch_line(world);
		decide_due(world);
		note(world);
	}
	sum_up(world);
	mem_release(world->running);
	mem_release(world->waits_ms);
	mem_release(world);
}

void sim_result_fini(struct sim_result *result)
{
	mem_release(result->rows);
	*result = (struct sim_result){ 0 };
}
