/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/client.c — single requests to the API server: get, apply, patch, create,
 * update, delete. A call lives from its start to its answer, held by the
 * client's list; lists and watches go over the same transport without it.
 */
#include "kube/client.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/footprint.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/selection.h"
#include "kube/transport.h"

#define MAX_ANSWER_BYTES (8 * 1024 * 1024) /* etcd keeps objects under 1.5 MiB; JSON is longer than what it stores */
#define MAX_BODY_BYTES   (4 * 1024 * 1024)
#define MAX_TARGET_BYTES 4096
#define SETTLE_MS        2000

struct kube_call {
	struct kube_client *client; /* owner; NULL once it is answered */
	struct kube_call *previous, *next;
	struct kube_exchange *exchange;
	kube_on_answer *on_answer;
	void *arg;
};

struct kube_client {
	struct kube_transport *transport;
	struct kube_call *calls;
	struct loop_timer *settle; /* after lists */
};

/* One verb: what differs between the calls. */
struct request {
	const char *verb; /* "patch", as RBAC calls it */
	const char *method;
	const char *content_type;
	const struct kube_target *target;
	bool is_collection; /* the name is in the body, not in the path */
	const char *field_manager;
	bool force;
	const json_t *body;
	kube_on_answer *on_answer;
	void *arg;
};

static void on_settled(void *arg)
{
	(void)arg;
	footprint_shrink();
}

struct kube_client *kube_client_new(struct loop *loop, const struct kube_config *config, const char *user_agent, struct err *err)
{
	struct kube_transport *transport = kube_transport_new(loop, config, user_agent, err);
	struct kube_client *client;

	if (transport == NULL)
		return NULL;
	client = mem_alloc(sizeof(*client));
	client->transport = transport;
	client->settle = loop_timer_new(loop, on_settled, NULL);
	return client;
}

void kube_client_listed(struct kube_client *client)
{
	loop_timer_set(client->settle, SETTLE_MS);
}

struct kube_transport *kube_client_transport(struct kube_client *client)
{
	return client->transport;
}

const struct kube_client_counts *kube_client_get_counts(const struct kube_client *client)
{
	return kube_transport_counts(client->transport);
}

static void call_link(struct kube_client *client, struct kube_call *call)
{
	call->client = client;
	call->next = client->calls;
	if (call->next != NULL)
		call->next->previous = call;
	client->calls = call;
}

static void call_unlink(struct kube_call *call)
{
	if (call->previous != NULL)
		call->previous->next = call->next;
	else
		call->client->calls = call->next;
	if (call->next != NULL)
		call->next->previous = call->previous;
	call->client = NULL;
}

void kube_call_cancel(struct kube_call **call)
{
	if (*call == NULL)
		return;
	if ((*call)->client != NULL) { /* else its answer is being told right now, and on_done frees it */
		call_unlink(*call);
		kube_exchange_cancel(&(*call)->exchange);
		mem_release(*call);
	}
	*call = NULL;
}

struct kube_client *kube_client_connect(struct loop *loop, const char *kubeconfig, const char *user_agent, struct err *err)
{
	scoped(kube_config) config = kube_config_load(kubeconfig, err);

	return config == NULL ? NULL : kube_client_new(loop, config, user_agent, err);
}

void kube_client_free(struct kube_client **client)
{
	if (*client == NULL)
		return;
	while ((*client)->calls != NULL) {
		struct kube_call *call = (*client)->calls;

		kube_call_cancel(&call);
	}
	loop_timer_free(&(*client)->settle);
	kube_transport_free(&(*client)->transport);
	mem_release(*client);
	*client = NULL;
}

static void on_exchange_done(void *arg, struct text body, const struct err *err)
{
	struct kube_call *call = arg;
	struct err malformed = { 0 };
	scoped_json object = err == NULL ? json_parse(body, &malformed) : NULL;

	if (err == NULL && object == NULL) {
		malformed.code = ERR_RETRY;
		err_wrap(&malformed, "the API server's answer");
		err = &malformed;
	}
	call_unlink(call);
	call->on_answer(call->arg, err == NULL ? object : NULL, err);
	mem_release(call);
}

static int what_format(const struct request *request, struct buf *out)
{
	const struct kube_target *target = request->target;

	if (buf_format(out, "cannot %s ", request->verb) == -1 || kube_resource_full_name(target->resource, out) == -1)
		return -1;
	if (target->subresource != NULL && buf_format(out, "/%s", target->subresource) == -1)
		return -1;
	if (target->name_space == NULL)
		return buf_format(out, " %s", target->name == NULL ? "" : target->name);
	return buf_format(out, " %s/%s", target->name_space, target->name == NULL ? "" : target->name);
}

static int target_format(const struct request *request, struct buf *out)
{
	const struct kube_target *target = request->target;
	const char *name = request->is_collection ? NULL : target->name;

	if (kube_resource_path(target->resource, target->name_space, name, target->subresource, out) == -1)
		return -1;
	if (request->field_manager != NULL && kube_query_append(out, "fieldManager", request->field_manager) == -1)
		return -1;
	if (request->force && kube_query_append(out, "force", "true") == -1)
		return -1;
	return 0;
}

static enum kube_traffic traffic_of(const struct request *request)
{
	if (strcmp(request->method, "GET") == 0)
		return KUBE_TRAFFIC_READ;
	return request->target->resource == &KUBE_LEASES ? KUBE_TRAFFIC_LEASE_WRITE : KUBE_TRAFFIC_WRITE;
}

/* Our own objects and names are what is bounded here, so that passing a bound is a bug. */
static struct kube_call *call_send(struct kube_client *client, const struct request *request)
{
	struct kube_call *call = mem_alloc(sizeof(*call));
	scoped_buf target, what, body;

	buf_init(&target, MAX_TARGET_BYTES);
	buf_init(&what, MAX_TARGET_BYTES);
	buf_init(&body, MAX_BODY_BYTES);
	BUG_ON(target_format(request, &target) == -1 || what_format(request, &what) == -1);
	BUG_ON(request->body != NULL && json_format(request->body, &body) == -1);
	call->on_answer = request->on_answer;
	call->arg = request->arg;
	call_link(client, call);
	call->exchange = kube_exchange_start(client->transport,
		&(struct kube_exchange_options){
			.traffic = traffic_of(request),
			.method = request->method,
			.target = buf_terminated(&target),
			.content_type = request->content_type,
			.body = buf_text(&body),
			.what = buf_terminated(&what),
			.timeout_ms = request->target->deadline_ms > 0 ? request->target->deadline_ms : KUBE_DEADLINE_MS,
			.max_body_bytes = MAX_ANSWER_BYTES,
			.arg = call,
			.on_done = on_exchange_done,
		});
	return call;
}

/* A copy of object that says which one it is, whatever it said before. */
static json_t *object_identified(const json_t *object, const struct kube_target *target)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object); /* shallow: the parts below stay the caller's, unchanged */
	const json_t *given = json_object_get(object, "metadata");
	json_t *metadata = given == NULL ? json_object() : json_copy((json_t *)(uintptr_t)given);
	scoped_buf version;

	buf_init(&version, 256);
	BUG_ON(kube_resource_api_version(target->resource, &version) == -1);
	json_object_set_new(copy, "metadata", metadata);
	json_put_text(copy, "/apiVersion", buf_terminated(&version));
	json_put_text(copy, "/kind", target->resource->kind);
	json_put_text(copy, "/metadata/name", target->name);
	json_put_text(copy, "/metadata/namespace", target->name_space);
	return copy;
}

struct kube_call *kube_get(struct kube_client *client, const struct kube_target *target, kube_on_answer *on_answer, void *arg)
{
	return call_send(client,
		&(struct request){
			.verb = "get",
			.method = "GET",
			.target = target,
			.on_answer = on_answer,
			.arg = arg,
		});
}

struct kube_call *kube_apply(struct kube_client *client, const struct kube_target *target, const json_t *object,
	const char *field_manager, bool force, kube_on_answer *on_answer, void *arg)
{
	scoped_json body = object_identified(object, target);

	return call_send(client,
		&(struct request){
			.verb = "patch",
			.method = "PATCH",
			.content_type = "Content-Type: application/apply-patch+yaml", /* JSON is YAML */
			.target = target,
			.field_manager = field_manager,
			.force = force,
			.body = body,
			.on_answer = on_answer,
			.arg = arg,
		});
}

struct kube_call *kube_merge_patch(struct kube_client *client, const struct kube_target *target, const json_t *patch,
	const char *field_manager, kube_on_answer *on_answer, void *arg)
{
	return call_send(client,
		&(struct request){
			.verb = "patch",
			.method = "PATCH",
			.content_type = "Content-Type: application/merge-patch+json",
			.target = target,
			.field_manager = field_manager,
			.body = patch,
			.on_answer = on_answer,
			.arg = arg,
		});
}

struct kube_call *kube_create(struct kube_client *client, const struct kube_target *target, const json_t *object,
	const char *field_manager, kube_on_answer *on_answer, void *arg)
{
	scoped_json body = object_identified(object, target);

	return call_send(client,
		&(struct request){
			.verb = "create",
			.method = "POST",
			.content_type = "Content-Type: application/json",
			.target = target,
			.is_collection = target->subresource == NULL,
			.field_manager = field_manager,
			.body = body,
			.on_answer = on_answer,
			.arg = arg,
		});
}

struct kube_call *kube_update(struct kube_client *client, const struct kube_target *target, const json_t *object,
	const char *field_manager, kube_on_answer *on_answer, void *arg)
{
	scoped_json body = object_identified(object, target);

	return call_send(client,
		&(struct request){
			.verb = "update",
			.method = "PUT",
			.content_type = "Content-Type: application/json",
			.target = target,
			.field_manager = field_manager,
			.body = body,
			.on_answer = on_answer,
			.arg = arg,
		});
}

struct kube_call *kube_delete(struct kube_client *client, const struct kube_target *target, const char *uid,
	const char *propagation, kube_on_answer *on_answer, void *arg)
{
	scoped_json body = json_object();

	json_put_text(body, "/apiVersion", "v1");
	json_put_text(body, "/kind", "DeleteOptions");
	json_put_text(body, "/preconditions/uid", uid);
	json_put_text(body, "/propagationPolicy", propagation);
	return call_send(client,
		&(struct request){
			.verb = "delete",
			.method = "DELETE",
			.content_type = "Content-Type: application/json",
			.target = target,
			.body = body,
			.on_answer = on_answer,
			.arg = arg,
		});
}
