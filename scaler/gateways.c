/* SPDX-License-Identifier: Apache-2.0 */
/* One long poll a gateway: it comes back when a line forms, every ten seconds otherwise, and several times a second while somebody
 * waits. */
#include "scaler/gateways.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "krypton/endpoints.h"
#include "krypton/ports.h"
#include "kube/cache.h"
#include "net/call.h"

#define SERVICE_LABEL    "kubernetes.io/service-name"
#define AGAIN_MS         1000 /* after a failure */
#define PAUSE_MS         50   /* lines that form and dissolve all the time are looked at this often */
#define ANSWER_MS        5000 /* that a gateway may take beyond what it was asked to wait */
#define REST_WAIT        "10s"
#define REST_MS          10000
#define LINE_WAIT        "100ms" /* a line that grows is no news to a gateway, and pods are started for what is known of it */
#define ANSWER_MAX_BYTES (4 << 20)

/* One gateway's pod. */
struct peer {
	struct gateways *gateways;
	char ip[ADDRESS_TEXT_BYTES];
	bool is_listed;
	bool is_unknown;     /* no answer yet, or the last one failed */
	bool has_line;       /* somebody waits there */
	struct json_t *load; /* its last answer; NULL: none yet */
	struct call *call;
	struct loop_timer *again;
};

struct gateways {
	struct loop *loop;
	struct gateways_options options;
	struct kube_cache *slices;
	struct map *peers; /* by address */
};

static void peer_release(void *value)
{
	struct peer *peer = value;

	call_cancel(&peer->call);
	loop_timer_free(&peer->again);
	json_release(&peer->load);
	mem_release(peer);
}

static void poll_peer(void *arg);

/* Tells of everybody who waits. */
static void take_load(struct peer *peer, struct json_t *load)
{
	struct json_t *agents = json_at(load, "/agents"), *agent;
	const char *key;

	json_release(&peer->load);
	peer->load = load;
	peer->has_line = false;
	json_object_foreach(agents, key, agent) {
		if (json_int_at(agent, "/waiting", 0) > 0) {
			peer->has_line = true;
			peer->gateways->options.on_waiting(peer->gateways->options.arg, key);
		}
	}
}

static void on_answer(void *arg, const struct call_answer *answer)
{
	struct peer *peer = arg;
	struct err err = { 0 };
	struct json_t *load = answer->status == 200 ? json_parse(answer->body, &err) : NULL;

	peer->call = NULL;
	peer->is_unknown = load == NULL;
	if (load == NULL) {
		loop_timer_set(peer->again, AGAIN_MS);
		return;
	}
	take_load(peer, load);
	loop_timer_set(peer->again, PAUSE_MS);
}

static void poll_peer(void *arg)
{
	struct peer *peer = arg;
	struct call_options options = { .method = "GET",
		.host = peer->ip,
		.connect_timeout_ms = ANSWER_MS,
		.timeout_ms = ANSWER_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
		.arg = peer,
		.on_done = on_answer };
	char target[96] = "/_krypton/load";
	struct err err = { 0 };

	if (address_of_ip(text_of(peer->ip), PORT_GATEWAY_OPS, &options.address, &err) < 0)
		return;
	if (peer->load != NULL && !peer->has_line)
		options.timeout_ms += REST_MS; /* the other wait is short */
	if (peer->load != NULL)
		(void)snprintf(target, sizeof(target), "/_krypton/load?after=%" PRId64 "&wait=%s",
			json_int_at(peer->load, "/version", 0), peer->has_line ? LINE_WAIT : REST_WAIT);
	options.target = target;
	peer->call = call_start(peer->gateways->loop, &options);
}

static void note_peer(struct gateways *gateways, const char *ip)
{
	struct peer *peer = map_get(gateways->peers, ip);

	if (peer == NULL) {
		peer = mem_alloc(sizeof(*peer));
		peer->gateways = gateways;
		peer->is_unknown = true;
		(void)snprintf(peer->ip, sizeof(peer->ip), "%s", ip);
		peer->again = loop_timer_new(gateways->loop, poll_peer, peer);
		map_put(gateways->peers, ip, peer);
		poll_peer(peer);
	}
	peer->is_listed = true;
}

static bool note_slice(void *arg, const char *key, const void *row)
{
	const struct endpoint_slice *slice = row;

	(void)key;
	for (size_t i = 0; i < slice->count; i++) {
		if (slice->endpoints[i].is_serving)
			note_peer(arg, slice->endpoints[i].ip);
	}
	return true;
}

static bool unlist(void *arg, const char *key, void *value)
{
	struct peer *peer = value;

	(void)arg;
	(void)key;
	peer->is_listed = false;
	return true;
}

static bool drop_unlisted(void *arg, const char *key, void *value)
{
	struct gateways *gateways = arg;
	struct peer *peer = value;

	if (!peer->is_listed)
		map_remove(gateways->peers, key);
	return true;
}

static void on_slice(void *arg, const char *key, const void *old, const void *now)
{
	struct gateways *gateways = arg;

	(void)key;
	(void)old;
	(void)now;
	map_each(gateways->peers, unlist, NULL);
	kube_cache_each(gateways->slices, note_slice, gateways);
	map_each(gateways->peers, drop_unlisted, gateways);
}

static void *slice_row(void *arg, const struct json_t *object)
{
	(void)arg;
	return endpoint_slice_from_json(object, SERVICE_LABEL);
}

static void slice_row_free(void *row)
{
	struct endpoint_slice *slice = row;

	endpoint_slice_free(&slice);
}

static void on_trouble(void *arg, const struct err *err)
{
	struct gateways *gateways = arg;

	gateways->options.on_state(gateways->options.arg, "gateways", err);
}

static void on_synced(void *arg)
{
	on_trouble(arg, NULL);
}

struct gateways *gateways_new(struct loop *loop, struct kube_client *client, const struct gateways_options *options)
{
	struct gateways *gateways = mem_alloc(sizeof(*gateways));
	char selector[320];

	gateways->loop = loop;
	gateways->options = *options;
	gateways->peers = map_new(peer_release);
	(void)snprintf(selector, sizeof(selector), SERVICE_LABEL "=%s", options->service);
	gateways->slices = kube_cache_new(loop, client,
		&(struct kube_cache_options){ .follow = { .resource = &KUBE_ENDPOINT_SLICES,
						      .name_space = options->name_space,
						      .label_selector = selector },
			.arg = gateways,
			.row_from = slice_row,
			.row_free = slice_row_free,
			.on_change = on_slice,
			.on_synced = on_synced,
			.on_trouble = on_trouble });
	kube_cache_start(gateways->slices);
	return gateways;
}

void gateways_free(struct gateways **gateways)
{
	if (*gateways == NULL)
		return;
	kube_cache_free(&(*gateways)->slices);
	map_free(&(*gateways)->peers);
	mem_release(*gateways);
	*gateways = NULL;
}

struct counting {
	const char *key;
	int64_t waiting;
	int unknown;
};

static bool count_peer(void *arg, const char *ip, void *value)
{
	struct counting *counting = arg;
	const struct peer *peer = value;

	(void)ip;
	counting->unknown += peer->is_unknown;
	if (peer->load != NULL && counting->key != NULL)
		counting->waiting += json_int_at(json_object_get(json_at(peer->load, "/agents"), counting->key), "/waiting", 0);
	return true;
}

int64_t gateways_waiting(const struct gateways *gateways, const char *key)
{
	struct counting counting = { .key = key };

	map_each(gateways->peers, count_peer, &counting);
	return counting.waiting;
}

int gateways_unknown(const struct gateways *gateways)
{
	struct counting counting = { 0 };

	if (!kube_cache_is_synced(gateways->slices))
		return 1;
	map_each(gateways->peers, count_peer, &counting);
	return counting.unknown;
}
