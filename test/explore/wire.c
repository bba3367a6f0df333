/* SPDX-License-Identifier: Apache-2.0 */
/* What goes one way arrives in order. A wire lives until both ends have let go of it and nothing is on its way. */
#include "test/explore/wire.h"

#include <string.h>

#include "base/mem.h"
#include "test/explore/agenda.h"
#include "test/explore/choice.h"
#include "test/explore/process.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"

enum parcel_kind { PARCEL_ANSWER, PARCEL_END, PARCEL_BREAK, PARCEL_FAILURE };

struct parcel {
	enum parcel_kind kind;
	enum wire_failure failure;
	char *head, *body;
	struct parcel *next;
};

struct wire {
	int references; /* two ends and what is on its way */
	struct loop *from;
	struct loop *to; /* who has read the request */
	char ip[ADDRESS_TEXT_BYTES];
	uint16_t port;
	char *request;
	const struct wire_reader *reader; /* NULL: who asked has let go */
	void *arg;
	bool is_well; /* nothing breaks it */
	bool has_answered;
	bool is_served; /* the other end holds it */
	void *served;
	void (*on_gone)(void *served);
	struct parcel *first, *last; /* towards who asks */
	int64_t back_ms;             /* when the last of them arrives */
};

static struct server *servers;
static const char *service_ip;
static struct server *(*service_pick)(uint16_t port);

void wire_set_service(const char *ip, struct server *(*pick)(uint16_t port))
{
	service_ip = ip;
	service_pick = pick;
}

void server_start(struct server *server)
{
	server->next = servers;
	servers = server;
}

void server_stop(struct server *server)
{
	for (struct server **at = &servers; *at != NULL; at = &(*at)->next) {
		if (*at == server) {
			*at = server->next;
			return;
		}
	}
}

struct server *server_find(const char *ip, uint16_t port)
{
	for (struct server *server = servers; server != NULL; server = server->next) {
		if (server->port == port && strcmp(server->ip, ip) == 0)
			return server;
	}
	return NULL;
}

static void let_go(struct wire *wire)
{
	if (--wire->references > 0)
		return;
	while (wire->first != NULL) {
		struct parcel *parcel = wire->first;

		wire->first = parcel->next;
		mem_release(parcel->head);
		mem_release(parcel->body);
		mem_release(parcel);
	}
	mem_release(wire->request);
	mem_release(wire);
}

static int64_t transit_ms(void)
{
	return choice_delay_ms(&settings_get()->wire);
}

/* --- towards who asks --- */

static void hand_over(void *arg)
{
	struct wire *wire = arg;
	struct parcel *parcel = wire->first;
	const struct wire_reader *reader = wire->reader;

	wire->first = parcel->next;
	if (reader != NULL && parcel->kind == PARCEL_ANSWER) {
		wire->has_answered = true;
		reader->on_answer(wire->arg, text_of(parcel->head), text_of(parcel->body));
	} else if (reader != NULL) {
		wire->reader = NULL;
		wire->references--; /* hand_over's own is left */
		if (parcel->kind == PARCEL_FAILURE)
			reader->on_failure(wire->arg, parcel->failure);
		else if (wire->has_answered)
			reader->on_end(wire->arg, parcel->kind == PARCEL_END);
		else
			reader->on_failure(wire->arg, WIRE_BROKEN);
	}
	mem_release(parcel->head);
	mem_release(parcel->body);
	mem_release(parcel);
}

static void on_arrival(void *arg)
{
	struct wire *wire = arg;

	process_run(wire->reader != NULL ? wire->from : NULL, hand_over, wire);
	let_go(wire);
}

static void send_back(struct wire *wire, enum parcel_kind kind, const char *head, const char *body, int64_t delay_ms)
{
	struct parcel *parcel = mem_alloc(sizeof(*parcel));
	int64_t due_ms = agenda_now_ms() + delay_ms;

	parcel->kind = kind;
	parcel->head = mem_copy_text(head);
	parcel->body = mem_copy_text(body);
	if (wire->first == NULL)
		wire->first = parcel;
	else
		wire->last->next = parcel;
	wire->last = parcel;
	wire->back_ms = due_ms > wire->back_ms ? due_ms : wire->back_ms;
	wire->references++;
	(void)agenda_in(wire->back_ms - agenda_now_ms(), on_arrival, wire);
}

static void fail(struct wire *wire, enum wire_failure failure, int64_t delay_ms)
{
	send_back(wire, PARCEL_FAILURE, NULL, NULL, delay_ms);
	wire->last->failure = failure;
}

/* --- towards who is asked --- */

static void tell_gone(void *arg)
{
	struct wire *wire = arg;
	void (*on_gone)(void *served) = wire->on_gone;

	wire->on_gone = NULL;
	wire->is_served = false;
	on_gone(wire->served);
}

static void on_close_arrived(void *arg)
{
	struct wire *wire = arg;

	if (wire->is_served && wire->on_gone != NULL) {
		process_run(wire->to, tell_gone, wire);
		let_go(wire);
	}
	let_go(wire);
}

static struct server *find_server(const struct wire *wire)
{
	if (strcmp(wire->ip, "127.0.0.1") == 0)
		return wire->from != NULL ? server_find(wire->from->ip, wire->port) : NULL;
	if (service_ip != NULL && strcmp(wire->ip, service_ip) == 0)
		return service_pick(wire->port);
	return server_find(wire->ip, wire->port);
}

struct delivery {
	struct server *server;
	struct wire *wire;
};

static void deliver(void *arg)
{
	struct delivery *delivery = arg;

	delivery->server->on_request(delivery->server->arg, delivery->wire, text_of(delivery->wire->request));
}

static void on_request_arrived(void *arg)
{
	struct wire *wire = arg;
	bool is_well = wire->is_well || strcmp(wire->ip, "127.0.0.1") == 0;
	struct server *server;

	if (wire->reader == NULL) {
		let_go(wire);
		return;
	}
	server = find_server(wire);
	if (server == NULL || (!is_well && choice_fault(settings_get()->dial_fault))) {
		fail(wire, WIRE_UNREACHABLE, transit_ms());
	} else if (!is_well && choice_fault(settings_get()->unsent_fault)) {
		fail(wire, WIRE_UNSENT, transit_ms());
	} else {
		/* An answer may be lost, and so may a request that nobody has read: who asked cannot tell. */
		bool is_cut = !is_well && choice_fault(settings_get()->cut_fault);

		if (is_cut && choice_between(0, 1) == 0) {
			story_tell("the connection of %s to %s:%u is cut, nothing was read",
				wire->from != NULL ? wire->from->name : "a client", wire->ip, wire->port);
			fail(wire, WIRE_BROKEN, transit_ms());
			let_go(wire);
			return;
		}
		wire->to = server->loop;
		process_run(server->loop, deliver, &(struct delivery){ .server = server, .wire = wire });
		if (is_cut && wire->is_served) {
			story_tell("the connection of %s to %s:%u is cut", wire->from != NULL ? wire->from->name : "a client",
				wire->ip, wire->port);
			send_back(wire, PARCEL_BREAK, NULL, NULL, transit_ms());
			wire->references++;
			(void)agenda_in(transit_ms(), on_close_arrived, wire);
		}
	}
	let_go(wire);
}

struct wire *wire_open(struct loop *from, const char *ip, uint16_t port, int64_t connect_timeout_ms, const char *request,
	const struct wire_reader *reader, void *arg)
{
	struct wire *wire = mem_alloc(sizeof(*wire));

	wire->references = 2; /* the caller, and the request on its way */
	wire->from = from;
	memcpy(wire->ip, ip, strlen(ip) + 1);
	wire->port = port;
	wire->request = mem_copy_text(request);
	wire->reader = reader;
	wire->arg = arg;
	if (find_server(wire) == NULL && choice_fault(settings_get()->is_calm ? 0 : 300)) {
		fail(wire, WIRE_UNREACHABLE, connect_timeout_ms); /* the address is nobody's: no answer at all */
		let_go(wire);
	} else {
		(void)agenda_in(transit_ms(), on_request_arrived, wire);
	}
	return wire;
}

struct wire *wire_open_well(
	struct loop *from, const char *ip, uint16_t port, const char *request, const struct wire_reader *reader, void *arg)
{
	struct wire *wire = wire_open(from, ip, port, 1000, request, reader, arg);

	wire->is_well = true;
	return wire;
}

void wire_close(struct wire **wire)
{
	struct wire *closed = *wire;

	*wire = NULL;
	if (closed == NULL || closed->reader == NULL)
		return; /* it ended: the reader's reference is gone */
	closed->reader = NULL;
	closed->references++;
	(void)agenda_in(transit_ms(), on_close_arrived, closed);
	let_go(closed);
}

void wire_serve(struct wire *wire, void *served, void (*on_gone)(void *served))
{
	wire->is_served = true;
	wire->served = served;
	wire->on_gone = on_gone;
	wire->references++;
}

const char *wire_peer_ip(const struct wire *wire)
{
	return wire->from != NULL ? wire->from->ip : "10.99.0.1";
}

void wire_answer(struct wire *wire, const char *head, const char *body)
{
	send_back(wire, PARCEL_ANSWER, head, body, transit_ms());
}

static void leave(struct wire *wire, enum parcel_kind kind)
{
	send_back(wire, kind, NULL, NULL, transit_ms());
	wire->is_served = false;
	wire->on_gone = NULL;
	let_go(wire);
}

void wire_finish(struct wire *wire)
{
	leave(wire, PARCEL_END);
}

void wire_break(struct wire *wire)
{
	leave(wire, PARCEL_BREAK);
}
