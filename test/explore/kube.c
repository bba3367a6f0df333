/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for kube/client, kube/reflector and kube/list: calls that may be late, refused or answered by nobody although they were
   carried out; watches that are late, each in its own time, and that keep their order. */
#include "kube/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "test/explore/agenda.h"
#include "test/explore/apiserver.h"
#include "test/explore/choice.h"
#include "test/explore/process.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"

enum verb { VERB_GET, VERB_MERGE, VERB_APPLY, VERB_LIST };

struct kube_client {
	struct loop *loop;
	struct kube_call *calls;
};

/* Lives until it is answered, also where its owner has forgotten it: the server may still carry it out. */
struct kube_call {
	struct kube_client *client; /* NULL: nobody waits for the answer */
	struct loop *loop;
	char who[PROCESS_NAME_BYTES];
	enum verb verb;
	const struct kube_resource *resource;
	char *name_space, *name, *manager;
	int64_t deadline_ms;
	struct json_t *patch, *answer;
	struct err err;
	kube_on_answer *on_answer;
	void *arg;
	struct kube_call *next;
};

struct kube_client *kube_client_connect(struct loop *loop, const char *kubeconfig, const char *user_agent, struct err *err)
{
	struct kube_client *client = mem_alloc(sizeof(*client));

	(void)kubeconfig;
	(void)user_agent;
	(void)err;
	client->loop = loop;
	return client;
}

static void forget(struct kube_call *call)
{
	if (call->client == NULL)
		return;
	for (struct kube_call **at = &call->client->calls; *at != NULL; at = &(*at)->next) {
		if (*at == call) {
			*at = call->next;
			break;
		}
	}
	call->client = NULL;
}

void kube_client_free(struct kube_client **client)
{
	if (*client == NULL)
		return;
	while ((*client)->calls != NULL)
		forget((*client)->calls);
	mem_release(*client);
	*client = NULL;
}

void kube_call_cancel(struct kube_call **call)
{
	if (*call != NULL)
		forget(*call);
	*call = NULL;
}

static void release(struct kube_call *call)
{
	json_release(&call->patch);
	json_release(&call->answer);
	mem_release(call->name_space);
	mem_release(call->name);
	mem_release(call->manager);
	mem_release(call);
}

static bool is_wake(const struct kube_call *call)
{
	return call->verb == VERB_MERGE && json_int_at(call->patch, "/status/desiredReplicas", -1) >= 0;
}

static void tell(void *arg)
{
	struct kube_call *call = arg;

	call->on_answer(
		call->arg, call->err.code == ERR_NONE ? call->answer : NULL, call->err.code == ERR_NONE ? NULL : &call->err);
}

static void on_back(void *arg)
{
	struct kube_call *call = arg;

	if (call->client != NULL) {
		struct loop *loop = call->client->loop;

		forget(call);
		process_run(loop, tell, call);
	}
	release(call);
}

static void story_of(const struct kube_call *call, const char *outcome)
{
	scoped_buf what = { .cap = 4096 };

	if (!story_is_told() || call->verb == VERB_GET)
		return;
	if (json_format(json_at(call->patch, "/status"), &what) == 0)
		story_tell("%s writes %s%s to %s: %s", call->who, buf_terminated(&what),
			json_text_at(call->patch, "/metadata/resourceVersion") != NULL ? " with its version" : "", call->name,
			outcome);
}

static void carry_out(struct kube_call *call)
{
	struct kube_target target = { .resource = call->resource, .name_space = call->name_space, .name = call->name };
	const struct json_t *object;

	if (call->verb != VERB_GET &&
		apiserver_write_status(
			&target, call->verb == VERB_MERGE ? API_MERGE : API_APPLY, call->patch, call->manager, &call->err) < 0)
		return;
	object = apiserver_get(call->resource, call->name_space, call->name);
	if (object == NULL)
		(void)err_set(&call->err, ERR_NOT_FOUND, "no such object");
	else
		call->answer = json_deep_copy(object);
}

static void on_arrival(void *arg)
{
	struct kube_call *call = arg;
	const struct settings *settings = settings_get();
	int64_t back_ms = choice_delay_ms(&settings->api);

	if (apiserver_is_away()) {
		(void)err_set(&call->err, ERR_RETRY, "the API server is away");
		back_ms = choice_between(0, 1) == 0 ? back_ms : call->deadline_ms;
		story_of(call, "nobody there");
	} else if (choice_fault(settings->api_fault)) {
		(void)err_set(&call->err, ERR_RETRY, "500: try again");
		story_of(call, "500");
	} else {
		carry_out(call);
		story_of(call, call->err.code == ERR_NONE ? "200" : call->err.code == ERR_CONFLICT ? "409" : "404");
		if (choice_fault(settings->api_lost_answer)) {
			(void)err_set(&call->err, ERR_RETRY, "the answer is lost");
			back_ms = choice_between(0, 2) > 0 ? back_ms : call->deadline_ms;
			story_tell("the answer to %s is lost", call->who);
		}
	}
	(void)agenda_in(back_ms, on_back, call);
}

static struct kube_call *start(struct kube_client *client, enum verb verb, const struct kube_target *target,
	const struct json_t *patch, const char *manager, kube_on_answer *on_answer, void *arg)
{
	struct kube_call *call = mem_alloc(sizeof(*call));

	call->client = client;
	call->loop = client->loop;
	(void)snprintf(call->who, sizeof(call->who), "%s", client->loop->name);
	call->verb = verb;
	call->resource = target->resource;
	call->name_space = mem_copy_text(target->name_space);
	call->name = mem_copy_text(target->name);
	call->manager = mem_copy_text(manager);
	call->deadline_ms = target->deadline_ms > 0 ? target->deadline_ms : KUBE_DEADLINE_MS;
	call->patch = json_deep_copy(patch);
	call->on_answer = on_answer;
	call->arg = arg;
	if (is_wake(call)) {
		for (const struct kube_call *other = client->calls; other != NULL; other = other->next) {
			if (is_wake(other) && strcmp(other->name, call->name) == 0)
				story_break(
					"a gateway has one wake under way at the most", "%s wakes %s twice", call->who, call->name);
		}
	}
	call->next = client->calls;
	client->calls = call;
	(void)agenda_in(choice_delay_ms(&settings_get()->api), on_arrival, call);
	return call;
}

struct kube_call *kube_get(struct kube_client *client, const struct kube_target *target, kube_on_answer *on_answer, void *arg)
{
	return start(client, VERB_GET, target, NULL, NULL, on_answer, arg);
}

struct kube_call *kube_merge_patch(struct kube_client *client, const struct kube_target *target, const struct json_t *patch,
	const char *field_manager, kube_on_answer *on_answer, void *arg)
{
	return start(client, VERB_MERGE, target, patch, field_manager, on_answer, arg);
}

struct kube_call *kube_apply(struct kube_client *client, const struct kube_target *target, const struct json_t *object,
	const char *field_manager, bool force, kube_on_answer *on_answer, void *arg)
{
	BUG_ON(!force);
	return start(client, VERB_APPLY, target, object, field_manager, on_answer, arg);
}

/* --- kube/list.h: pages are read at one moment --- */

struct kube_list {
	struct kube_list_options options;
	char *label_selector;
	struct loop *loop;
	struct moment *answer;
};

static void list_object(void *arg, const struct json_t *object)
{
	struct kube_list *list = arg;

	list->options.on_object(list->options.arg, object);
}

static void list_tell(void *arg)
{
	struct kube_list *list = arg;
	struct err err = { 0 };
	bool fails = apiserver_is_away() || choice_fault(settings_get()->api_fault);

	if (fails)
		(void)err_set(&err, ERR_RETRY, "the list failed");
	else
		apiserver_each(list->options.selection.resource, list->label_selector, list_object, list);
	list->options.on_end(list->options.arg, "1", fails ? &err : NULL);
}

static void on_list_answer(void *arg)
{
	struct kube_list *list = arg;

	list->answer = NULL;
	process_run(list->loop, list_tell, list);
	kube_list_cancel(&list);
}

struct kube_list *kube_list_start(struct kube_client *client, const struct kube_list_options *options)
{
	struct kube_list *list = mem_alloc(sizeof(*list));

	list->options = *options;
	list->label_selector = mem_copy_text(options->selection.label_selector);
	list->loop = client->loop;
	list->answer = agenda_in(choice_delay_ms(&settings_get()->api) * 2, on_list_answer, list);
	return list;
}

void kube_list_cancel(struct kube_list **list)
{
	if (*list == NULL)
		return;
	agenda_drop(&(*list)->answer);
	mem_release((*list)->label_selector);
	mem_release(*list);
	*list = NULL;
}

/* --- kube/reflector.h --- */

struct tidings {
	enum kube_change change;
	struct json_t *object;
	struct tidings *next;
};

struct kube_reflector {
	struct loop *loop;
	struct kube_reflector_options options;
	char *label_selector;
	struct tidings *first, *last; /* on their way */
	int on_way;
	struct moment *due; /* of the next tidings, or of a list */
	bool is_listing, is_troubled;
	struct kube_reflector *next;
};

static struct kube_reflector *reflectors;

static void drop_first(struct kube_reflector *reflector)
{
	struct tidings *tidings = reflector->first;

	reflector->first = tidings->next;
	json_release(&tidings->object);
	mem_release(tidings);
	reflector->on_way--;
}

static void plan(struct kube_reflector *reflector);

static void tell_one(void *arg)
{
	struct kube_reflector *reflector = arg;

	reflector->options.on_object(reflector->options.arg, reflector->first->change, reflector->first->object);
}

static void tell_trouble(void *arg)
{
	struct kube_reflector *reflector = arg;
	struct err err = { 0 };

	(void)err_set(&err, ERR_RETRY, "the watch broke off");
	reflector->options.on_trouble(reflector->options.arg, &err);
}

static void tell_well(void *arg)
{
	struct kube_reflector *reflector = arg;

	reflector->options.on_trouble(reflector->options.arg, NULL);
}

static void list_one(void *arg, const struct json_t *object)
{
	struct kube_reflector *reflector = arg;

	reflector->options.on_object(reflector->options.arg, KUBE_ADDED, object);
}

static void tell_list(void *arg)
{
	struct kube_reflector *reflector = arg;

	reflector->options.on_list_start(reflector->options.arg);
	apiserver_each(reflector->options.resource, reflector->label_selector, list_one, reflector);
	reflector->options.on_list_end(reflector->options.arg);
}

static void list(struct kube_reflector *reflector)
{
	while (reflector->first != NULL)
		drop_first(reflector);
	reflector->is_listing = false;
	process_run(reflector->loop, tell_list, reflector);
	if (reflector->is_troubled)
		process_run(reflector->loop, tell_well, reflector);
	reflector->is_troubled = false;
}

static void on_due(void *arg)
{
	struct kube_reflector *reflector = arg;

	reflector->due = NULL;
	if (apiserver_is_away()) {
		if (!reflector->is_troubled)
			process_run(reflector->loop, tell_trouble, reflector);
		reflector->is_troubled = true;
		reflector->is_listing = true;
	} else if (reflector->is_listing) {
		list(reflector);
	} else if (reflector->first != NULL && choice_fault(settings_get()->watch_relist)) {
		story_tell("a watch of %s breaks off: it lists again", reflector->loop->name);
		reflector->is_listing = true;
	} else if (reflector->first != NULL) {
		process_run(reflector->loop, tell_one, reflector);
		drop_first(reflector);
	}
	plan(reflector);
}

static void plan(struct kube_reflector *reflector)
{
	int64_t delay_ms;

	if (reflector->due != NULL || (reflector->first == NULL && !reflector->is_listing))
		return;
	if (reflector->is_listing) {
		reflector->due =
			agenda_in(choice_delay_ms(&settings_get()->watch) + (reflector->is_troubled ? 300 : 0), on_due, reflector);
		return;
	}
	delay_ms = choice_delay_ms(&settings_get()->watch) / reflector->on_way; /* those behind it did not wait for it alone */
	reflector->due = agenda_in(delay_ms, on_due, reflector);
}

void kube_tell(const struct kube_resource *resource, struct json_t *object, enum kube_change change)
{
	for (struct kube_reflector *reflector = reflectors; reflector != NULL; reflector = reflector->next) {
		struct tidings *tidings;

		if (reflector->options.resource != resource || !apiserver_selects(object, reflector->label_selector))
			continue;
		tidings = mem_alloc(sizeof(*tidings));
		tidings->change = change;
		tidings->object = json_incref(object);
		if (reflector->first == NULL)
			reflector->first = tidings;
		else
			reflector->last->next = tidings;
		reflector->last = tidings;
		reflector->on_way++;
		plan(reflector);
	}
}

struct kube_reflector *kube_reflector_new(
	struct loop *loop, struct kube_client *client, const struct kube_reflector_options *options)
{
	struct kube_reflector *reflector = mem_alloc(sizeof(*reflector));

	(void)client;
	reflector->loop = loop;
	reflector->options = *options;
	reflector->label_selector = mem_copy_text(options->label_selector);
	reflector->is_listing = true;
	return reflector;
}

void kube_reflector_start(struct kube_reflector *reflector)
{
	reflector->next = reflectors;
	reflectors = reflector;
	plan(reflector);
}

void kube_reflector_free(struct kube_reflector **reflector)
{
	if (*reflector == NULL)
		return;
	for (struct kube_reflector **at = &reflectors; *at != NULL; at = &(*at)->next) {
		if (*at == *reflector) {
			*at = (*reflector)->next;
			break;
		}
	}
	while ((*reflector)->first != NULL)
		drop_first(*reflector);
	agenda_drop(&(*reflector)->due);
	mem_release((*reflector)->label_selector);
	mem_release(*reflector);
	*reflector = NULL;
}
