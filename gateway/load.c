/* SPDX-License-Identifier: Apache-2.0 */
/* The version counts lines that formed: a poller that knows the current one is held until the next. */
#include "gateway/load.h"

#include <inttypes.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/random.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "net/ops_server.h"

#include <jansson.h>

#define WAIT_MAX_MS    30000
#define MAX_POLLERS    16
#define BODY_MAX_BYTES (4 << 20)

struct load {
	struct gateway *gateway;
	int64_t version;
	struct ops_request *pollers[MAX_POLLERS];
	int64_t deadlines_ms[MAX_POLLERS];
	int poller_count;
	struct loop_timer *timer; /* the earliest deadline */
};

static void add_route(void *arg, struct route *route)
{
	struct json_t *agents = arg;
	char key[KUBE_KEY_BYTES];

	if (route->line.count == 0 && route->running == 0)
		return;
	kube_key_format(route->name_space, route->name, key);
	json_object_set_new(
		agents, key, json_pack("{s:I, s:i}", "waiting", (json_int_t)route->line.count, "inflight", route->running));
}

static void answer(struct load *load, struct ops_request *request)
{
	scoped_json body = json_object();
	struct json_t *agents = json_object();
	scoped_buf text;

	routes_each(load->gateway->routes, add_route, agents);
	json_put(body, "/version", json_integer(load->version));
	json_put(body, "/agents", agents);
	buf_init(&text, BODY_MAX_BYTES);
	if (json_format(body, &text) < 0)
		ops_reply_problem(request, 500, &(struct problem){ .error = "the load is larger than its bound" });
	else
		ops_reply(request, 200, "application/json", buf_text(&text));
}

static void plan_next(struct load *load)
{
	int64_t earliest_ms = INT64_MAX;

	for (int i = 0; i < load->poller_count; i++) {
		if (load->deadlines_ms[i] < earliest_ms)
			earliest_ms = load->deadlines_ms[i];
	}
	if (load->poller_count > 0)
		loop_timer_set(load->timer, earliest_ms - loop_now_ms(load->gateway->loop));
}

/* Answers those whose deadline is not later than until_ms. */
static void answer_until(struct load *load, int64_t until_ms)
{
	int kept = 0;

	for (int i = 0; i < load->poller_count; i++) {
		if (load->deadlines_ms[i] <= until_ms) {
			answer(load, load->pollers[i]);
			continue;
		}
		load->pollers[kept] = load->pollers[i];
		load->deadlines_ms[kept++] = load->deadlines_ms[i];
	}
	load->poller_count = kept;
	plan_next(load);
}

static void on_due(void *arg)
{
	struct load *load = arg;

	answer_until(load, loop_now_ms(load->gateway->loop));
}

void load_note_line(struct gateway *gateway)
{
	gateway->load->version++;
	answer_until(gateway->load, INT64_MAX);
}

void load_handle(void *arg, struct ops_request *request)
{
	struct gateway *gateway = arg;
	struct load *load = gateway->load;
	struct text after = ops_request_query(request, "after");
	struct text wait = ops_request_query(request, "wait");
	int64_t version = -1, wait_ms = 0;

	if ((after.at != NULL && text_to_int(after, 0, INT64_MAX, &version) < 0) ||
		(wait.at != NULL && (duration_parse(wait, &wait_ms) < 0 || wait_ms > WAIT_MAX_MS))) {
		ops_reply_problem(request, 400, &(struct problem){ .error = "after is a version, wait a duration of at most 30s" });
		return;
	}
	if (version != load->version || wait_ms <= 0 || load->poller_count == MAX_POLLERS) {
		answer(load, request);
		return;
	}
	load->pollers[load->poller_count] = request;
	load->deadlines_ms[load->poller_count++] = loop_now_ms(gateway->loop) + wait_ms;
	plan_next(load);
}

/* A start at random tells a gateway that came back from the one before. */
struct load *load_new(struct gateway *gateway)
{
	struct load *load = mem_alloc(sizeof(*load));

	load->gateway = gateway;
	load->version = random_below(INT64_C(1) << 40);
	load->timer = loop_timer_new(gateway->loop, on_due, load);
	return load;
}

void load_free(struct load **load)
{
	if (*load == NULL)
		return;
	loop_timer_free(&(*load)->timer);
	mem_release(*load);
	*load = NULL;
}
