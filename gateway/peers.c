/* SPDX-License-Identifier: Apache-2.0 */
/* Who the other gateways are is read when there is something to tell, from the EndpointSlices of our own Service: hellos are far
   too rare for a watch, and too urgent to wait. Those that are known are told at once, those that the list adds when it has come.
   We tell ourselves too, which changes nothing. */
#include "gateway/peers.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/route.h"
#include "krypton/endpoints.h"
#include "krypton/labels.h"
#include "krypton/ports.h"
#include "kube/list.h"
#include "net/call.h"

#define SERVICE_LABEL    "kubernetes.io/service-name"
#define KEEP_MS          1000 /* what was read is good for so long */
#define TIMEOUT_MS       2000
#define MAX_PEERS        64
#define MAX_NEWS         64 /* that wait for the list; more are told to those that are known alone */
#define MAX_CALLS        256
#define TARGET_MAX_BYTES 1024
#define ANSWER_MAX_BYTES 4096

/* Something to tell. */
struct news {
	char *target;
	char *extra;
};

struct addresses {
	char ips[MAX_PEERS][ADDRESS_TEXT_BYTES];
	size_t count;
};

/* One peer being told. */
struct telling {
	struct peers *peers;
	struct call *call;
	struct telling *next;
};

struct peers {
	struct gateway *gateway;
	struct addresses known;
	int64_t read_ms; /* monotonic; 0: never */
	struct kube_list *list;
	struct addresses listed;    /* by the list under way */
	struct news news[MAX_NEWS]; /* for whoever it adds */
	size_t news_count;
	struct telling *tellings;
	size_t telling_count;
};

static void news_release(struct news *news)
{
	mem_release(news->target);
	mem_release(news->extra);
}

static void drop_telling(struct telling *telling)
{
	struct telling **at = &telling->peers->tellings;

	while (*at != telling)
		at = &(*at)->next;
	*at = telling->next;
	telling->peers->telling_count--;
	mem_release(telling);
}

static void on_told(void *arg, const struct call_answer *answer)
{
	struct telling *telling = arg;

	if (answer->status != 204)
		log_debug("hello.untold", LOG_INT("status", answer->status));
	telling->call = NULL;
	drop_telling(telling);
}

static void tell_one(struct peers *peers, const char *ip, const struct news *news)
{
	struct telling *telling;
	struct call_options options = { .method = "POST",
		.target = news->target,
		.host = ip,
		.extra = news->extra,
		.connect_timeout_ms = TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
		.on_done = on_told };
	struct err err = { 0 };

	if (peers->telling_count == MAX_CALLS || address_of_ip(text_of(ip), PORT_GATEWAY_OPS, &options.address, &err) < 0)
		return;
	telling = mem_alloc(sizeof(*telling));
	telling->peers = peers;
	telling->next = peers->tellings;
	peers->tellings = telling;
	peers->telling_count++;
	options.arg = telling;
	telling->call = call_start(peers->gateway->loop, &options);
}

static void tell_all(struct peers *peers, const struct news *news)
{
	for (size_t i = 0; i < peers->known.count; i++)
		tell_one(peers, peers->known.ips[i], news);
}

static void drop_news(struct peers *peers)
{
	for (size_t i = 0; i < peers->news_count; i++)
		news_release(&peers->news[i]);
	peers->news_count = 0;
}

static bool is_among(const struct addresses *addresses, const char *ip)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (strcmp(addresses->ips[i], ip) == 0)
			return true;
	}
	return false;
}

static void on_slice(void *arg, const struct json_t *object)
{
	struct addresses *listed = &((struct peers *)arg)->listed;
	struct endpoint_slice *slice = endpoint_slice_from_json(object, SERVICE_LABEL);

	for (size_t i = 0; slice != NULL && i < slice->count; i++) {
		const struct endpoint *endpoint = &slice->endpoints[i];

		if (endpoint->is_serving && listed->count < MAX_PEERS && !is_among(listed, endpoint->ip))
			(void)snprintf(listed->ips[listed->count++], ADDRESS_TEXT_BYTES, "%s", endpoint->ip);
	}
	endpoint_slice_free(&slice);
}

static void tell_added(struct peers *peers)
{
	for (size_t i = 0; i < peers->listed.count; i++) {
		if (is_among(&peers->known, peers->listed.ips[i]))
			continue;
		for (size_t at = 0; at < peers->news_count; at++)
			tell_one(peers, peers->listed.ips[i], &peers->news[at]);
	}
}

static void on_read(void *arg, const char *resource_version, const struct err *err)
{
	struct peers *peers = arg;

	(void)resource_version;
	peers->list = NULL;
	if (err == NULL) {
		tell_added(peers);
		peers->known = peers->listed;
		peers->read_ms = loop_now_ms(peers->gateway->loop);
	} else {
		log_debug("peers.unread", LOG_ERR(err));
	}
	drop_news(peers);
}

static void read_peers(struct peers *peers)
{
	const struct gateway_options *options = peers->gateway->options;
	char selector[320];

	peers->listed.count = 0;
	(void)snprintf(selector, sizeof(selector), SERVICE_LABEL "=%s", options->gateway_service);
	peers->list = kube_list_start(peers->gateway->client,
		&(struct kube_list_options){ .selection = { .resource = &KUBE_ENDPOINT_SLICES,
						     .name_space = options->pod_namespace,
						     .label_selector = selector },
			.arg = peers,
			.on_object = on_slice,
			.on_end = on_read });
}

static bool is_list_fresh(const struct peers *peers)
{
	return peers->list == NULL && peers->read_ms != 0 && loop_now_ms(peers->gateway->loop) - peers->read_ms < KEEP_MS;
}

void peers_tell(struct peers *peers, const struct route *route, const char *ip, const char *token)
{
	struct news news;
	scoped_buf target;
	scoped_buf extra;

	buf_init(&target, TARGET_MAX_BYTES);
	buf_init(&extra, TARGET_MAX_BYTES);
	if (buf_format(&target, "/_krypton/hello?namespace=%s&name=%s&pod_ip=%s", route->name_space, route->name, ip) < 0 ||
		buf_format(&extra, HEADER_TOKEN ": %s\r\n", token) < 0)
		return;
	news = (struct news){ mem_copy_text(buf_terminated(&target)), mem_copy_text(buf_terminated(&extra)) };
	tell_all(peers, &news);
	if (is_list_fresh(peers) || peers->news_count == MAX_NEWS) {
		news_release(&news);
		return;
	}
	peers->news[peers->news_count++] = news;
	if (peers->list == NULL)
		read_peers(peers);
}

struct peers *peers_new(struct gateway *gateway)
{
	struct peers *peers = mem_alloc(sizeof(*peers));

	peers->gateway = gateway;
	return peers;
}

void peers_free(struct peers **peers)
{
	if (*peers == NULL)
		return;
	kube_list_cancel(&(*peers)->list);
	while ((*peers)->tellings != NULL) {
		call_cancel(&(*peers)->tellings->call);
		drop_telling((*peers)->tellings);
	}
	drop_news(*peers);
	mem_release(*peers);
	*peers = NULL;
}
