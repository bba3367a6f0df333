/* SPDX-License-Identifier: Apache-2.0 */
/* Real gateways in processes of their own, behind a Service that learns of their coming and going a little late. */
#include "test/explore/gateways.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "krypton/ports.h"
#include "test/explore/agenda.h"
#include "test/explore/apiserver.h"
#include "test/explore/choice.h"
#include "test/explore/deployment.h"
#include "test/explore/process.h"
#include "test/explore/request.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"
#include "test/explore/wire.h"

struct seat {
	int number;
	char name[PROCESS_NAME_BYTES], ip[32];
	struct loop *loop; /* NULL: nobody sits there */
	struct gateway *gateway;
	struct gateway_options options;
	int64_t since_ms;
	bool is_listed, is_terminating; /* as the Service's slice says */
	struct moment *again;
};

static struct seat seats[MAX_GATEWAYS];
static struct moment *slice_due;

static void on_slice_due(void *arg)
{
	json_t *endpoints = json_array();

	(void)arg;
	slice_due = NULL;
	for (int i = 0; i < settings_get()->gateways; i++) {
		struct seat *seat = &seats[i];

		seat->is_listed = seat->loop != NULL;
		if (seat->is_listed)
			json_array_append_new(endpoints,
				json_pack("{s:[s], s:{s:b, s:b, s:b}}", "addresses", seat->ip, "conditions", "ready",
					!seat->is_terminating, "serving", 1, "terminating", seat->is_terminating));
	}
	apiserver_put(&KUBE_ENDPOINT_SLICES,
		json_pack("{s:{s:s, s:s, s:{s:s}}, s:o}", "metadata", "name", "krypton-gateway-slice", "namespace",
			"krypton-system", "labels", "kubernetes.io/service-name", "krypton-gateway", "endpoints", endpoints));
}

static void note_change(void)
{
	if (slice_due == NULL)
		slice_due = agenda_in(choice_delay_ms(&settings_get()->slices), on_slice_due, NULL);
}

static void begin(void *arg)
{
	struct seat *seat = arg;
	struct err err = { 0 };

	seat->gateway = gateway_new(seat->loop, &seat->options, &err);
	BUG_ON(seat->gateway == NULL);
}

static void end(void *arg)
{
	struct seat *seat = arg;

	gateway_free(&seat->gateway);
}

static void on_again(void *arg);

static void leave(struct seat *seat)
{
	for (int i = 0; request_at(i) != NULL; i++) {
		struct request *request = request_at(i);

		if (request->gateway == seat->number && request->state == REQUEST_UNDER_WAY && !request->by_service)
			request->gateway_died = true;
	}
	process_end(seat->loop, end, seat);
	process_free(&seat->loop);
	note_change();
}

static void on_stopped(void *arg)
{
	struct seat *seat = arg;

	story_tell("%s has ended", seat->name);
	leave(seat);
	seat->again = agenda_in(choice_between(10, 1500), on_again, seat);
}

static void start(struct seat *seat)
{
	const struct settings *settings = settings_get();
	struct err err = { 0 };
	char *arguments[] = { (char[]){ "gateway" }, NULL };

	BUG_ON(gateway_options_parse(1, arguments, &seat->options, &err) != OPTIONS_RUN);
	seat->options.max_buffer_per_agent = settings->max_buffer;
	seat->options.max_queue_wait_ms = settings->max_queue_wait_ms;
	seat->options.shutdown_delay_ms = 2000;
	seat->options.shutdown_timeout_ms = 8000;
	seat->options.pod_namespace = "krypton-system";
	seat->is_terminating = false;
	seat->since_ms = agenda_now_ms();
	seat->loop = process_new(seat->name, seat->ip, PORT_GATEWAY);
	seat->loop->on_stop = on_stopped;
	seat->loop->arg = seat;
	story_tell("%s starts", seat->name);
	process_run(seat->loop, begin, seat);
	note_change();
}

static void on_again(void *arg)
{
	struct seat *seat = arg;

	seat->again = NULL;
	start(seat);
}

static void sigterm(void *arg)
{
	struct seat *seat = arg;

	gateway_stop(seat->gateway);
}

void gateways_suffer_all(void)
{
	for (int i = 0; i < settings_get()->gateways; i++) {
		struct seat *seat = &seats[i];

		if (seat->loop == NULL)
			continue;
		if (choice_between(0, 9999) < settings_get()->gateway_crash) {
			story_tell("%s crashes", seat->name);
			leave(seat);
			seat->again = agenda_in(choice_between(300, 3000), on_again, seat);
		} else if (!seat->is_terminating && choice_between(0, 9999) < settings_get()->gateway_restart) {
			story_tell("%s gets SIGTERM", seat->name);
			seat->is_terminating = true;
			process_run(seat->loop, sigterm, seat);
			note_change();
		}
	}
}

static struct seat *pick_seat(void)
{
	struct seat *up[MAX_GATEWAYS];
	int count = 0;

	for (int i = 0; i < settings_get()->gateways; i++) {
		if (seats[i].loop != NULL && !seats[i].is_terminating && health_is_ready(seats[i].gateway->common.health))
			up[count++] = &seats[i];
	}
	return count > 0 ? up[choice_between(0, count - 1)] : NULL;
}

const char *gateways_pick(int *ret_gateway, int64_t *ret_since_ms)
{
	const struct seat *seat = pick_seat();

	if (seat == NULL)
		return NULL;
	*ret_gateway = seat->number;
	*ret_since_ms = seat->since_ms;
	return seat->ip;
}

static struct server *pick_server(uint16_t port)
{
	const struct seat *seat = pick_seat();

	return seat != NULL ? server_find(seat->ip, port) : NULL;
}

const char *gateways_name(int gateway)
{
	return seats[gateway].name;
}

bool gateways_is_up(int gateway)
{
	return seats[gateway].loop != NULL;
}

static struct route *route_of(int gateway, int agent)
{
	if (seats[gateway].gateway == NULL)
		return NULL;
	return routes_find(seats[gateway].gateway->routes, TEXT("default"), text_of(deployment_name(agent)));
}

int gateways_waiting(int gateway, int agent)
{
	const struct route *route = route_of(gateway, agent);

	return route != NULL ? (int)route->line.count : 0;
}

bool gateways_knows_ready(int gateway, int agent, const char *ip)
{
	const struct route *route = route_of(gateway, agent);

	for (size_t i = 0; route != NULL && i < route->pod_count; i++) {
		const struct pod *pod = route->pods[i];

		if (strcmp(pod->ip, ip) == 0)
			return pod->is_listed && pod->is_ready && !pod->is_terminating;
	}
	return false;
}

const char *gateways_left_over(int gateway)
{
	static char text[128];

	for (int agent = 0; agent < settings_get()->agents; agent++) {
		const struct route *route = route_of(gateway, agent);

		if (route == NULL)
			continue;
		if (route->line.count != 0 || route->running != 0) {
			(void)snprintf(text, sizeof(text), "%s counts %zu waiting and %d running for agent-%d", seats[gateway].name,
				route->line.count, route->running, agent);
			return text;
		}
		for (size_t i = 0; i < route->pod_count; i++) {
			if (route->pods[i]->running != 0) {
				(void)snprintf(text, sizeof(text), "%s counts %d running at %s", seats[gateway].name,
					route->pods[i]->running, route->pods[i]->ip);
				return text;
			}
		}
	}
	return "";
}

void gateways_start_all(void)
{
	wire_set_service(GATEWAYS_SERVICE_IP, pick_server);
	for (int i = 0; i < settings_get()->gateways; i++) {
		seats[i] = (struct seat){ .number = i };
		(void)snprintf(seats[i].name, sizeof(seats[i].name), "gateway-%d", i + 1);
		(void)snprintf(seats[i].ip, sizeof(seats[i].ip), "10.2.0.%d", i + 1);
		start(&seats[i]);
	}
}

void gateways_stop_all(void)
{
	for (int i = 0; i < settings_get()->gateways; i++) {
		agenda_drop(&seats[i].again);
		if (seats[i].loop != NULL)
			leave(&seats[i]);
	}
	agenda_drop(&slice_due);
}
