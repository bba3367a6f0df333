/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/list.c — a paged list. One page is in memory at a time, and its objects
 * are let go one by one as they are told. Following what changes afterwards is
 * kube/reflector.c's.
 */
#include "kube/list.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "kube/resource.h"
#include "kube/transport.h"

#define PAGE_SIZE          500
#define MAX_PAGE_BYTES     (16 * 1024 * 1024)
#define PAGE_DEADLINE_MS   30000
#define MAX_CONTINUE_BYTES 3072 /* of a page's token; three times that percent-encoded */
#define MAX_TARGET_BYTES   (14 * 1024)
#define MAX_WHAT_BYTES     1024

struct kube_list {
	struct kube_client *client;
	struct kube_list_options options; /* its texts are the copies below */
	char *name_space, *label_selector, *field_selector;
	int page_size;
	char *next_page; /* the continue token; NULL: the first page */
	struct kube_exchange *exchange;
	bool is_telling; /* within on_object */
};

static void page_send(struct kube_list *list);

static void list_release(struct kube_list *list)
{
	kube_exchange_cancel(&list->exchange);
	mem_release(list->name_space);
	mem_release(list->label_selector);
	mem_release(list->field_selector);
	mem_release(list->next_page);
	mem_release(list);
}

/* Tells the end; the list is gone afterwards. */
static void list_end(struct kube_list *list, const char *resource_version, const struct err *err)
{
	list->options.on_end(list->options.arg, resource_version, err);
	list_release(list);
}

/* Each object is let go as soon as it is told. */
static void page_tell(struct kube_list *list, json_t *items)
{
	list->is_telling = true;
	for (size_t i = 0; i < json_array_size(items); i++) {
		list->options.on_object(list->options.arg, json_array_get(items, i));
		json_array_set_new(items, i, json_null());
	}
	list->is_telling = false;
}

static int page_read(struct kube_list *list, json_t *page, struct err *err)
{
	json_t *items = json_object_get(page, "items");
	const char *next_page = json_text_at(page, "/metadata/continue");

	if (json_text_at(page, "/metadata/resourceVersion") == NULL ||
		(!json_is_array(items) && !json_is_null(items) && items != NULL))
		return err_set(err, ERR_RETRY, "the API server's answer is no list");
	if (next_page != NULL && strlen(next_page) > MAX_CONTINUE_BYTES)
		return err_set(err, ERR_RETRY, "the API server's continue token is longer than %d bytes", MAX_CONTINUE_BYTES);
	page_tell(list, items);
	mem_release(list->next_page);
	list->next_page = next_page == NULL || next_page[0] == '\0' ? NULL : mem_copy_text(next_page);
	return 0;
}

/* A page past our cap: half as many objects, from where we are. */
static bool page_shrink(struct kube_list *list, const struct err *err)
{
	if (err->code != ERR_LIMIT || list->page_size <= 1)
		return false;
	list->page_size /= 2;
	page_send(list);
	return true;
}

static void on_page(void *arg, struct text body, const struct err *err)
{
	struct kube_list *list = arg;
	struct err malformed = { 0 };

	list->exchange = NULL;
	if (err != NULL) {
		if (!page_shrink(list, err))
			list_end(list, NULL, err);
		return;
	}
	scoped_json page = json_parse(body, &malformed);
	if (page == NULL || page_read(list, page, &malformed) == -1) {
		malformed.code = ERR_RETRY;
		list_end(list, NULL, &malformed);
		return;
	}
	if (list->next_page != NULL)
		page_send(list);
	else
		list_end(list, json_text_at(page, "/metadata/resourceVersion"), NULL);
}

static int target_format(const struct kube_list *list, struct buf *out)
{
	char limit[16];

	(void)snprintf(limit, sizeof(limit), "%d", list->page_size);
	if (kube_selection_target(&list->options.selection, out) == -1 || kube_query_append(out, "limit", limit) == -1)
		return -1;
	if (list->next_page == NULL)
		return 0;
	return kube_query_append(out, "continue", list->next_page);
}

static void page_send(struct kube_list *list)
{
	scoped_buf target, what;

	buf_init(&target, MAX_TARGET_BYTES);
	buf_init(&what, MAX_WHAT_BYTES);
	BUG_ON(target_format(list, &target) == -1);
	BUG_ON(kube_selection_describe(&list->options.selection, "list", &what) == -1);
	list->exchange = kube_exchange_start(kube_client_transport(list->client),
		&(struct kube_exchange_options){
			.traffic = KUBE_TRAFFIC_READ,
			.method = "GET",
			.target = buf_terminated(&target),
			.accept = kube_selection_accept(&list->options.selection, true),
			.what = buf_terminated(&what),
			.timeout_ms = PAGE_DEADLINE_MS,
			.max_body_bytes = MAX_PAGE_BYTES,
			.arg = list,
			.on_done = on_page,
		});
}

struct kube_list *kube_list_start(struct kube_client *client, const struct kube_list_options *options)
{
	struct kube_list *list = mem_alloc(sizeof(*list));

	list->client = client;
	list->options = *options;
	list->options.selection.name_space = list->name_space = mem_copy_text(options->selection.name_space);
	list->options.selection.label_selector = list->label_selector = mem_copy_text(options->selection.label_selector);
	list->options.selection.field_selector = list->field_selector = mem_copy_text(options->selection.field_selector);
	list->page_size = options->page_size == 0 ? PAGE_SIZE : options->page_size;
	page_send(list);
	return list;
}

void kube_list_cancel(struct kube_list **list)
{
	if (*list == NULL)
		return;
	BUG_ON((*list)->is_telling);
	list_release(*list);
	*list = NULL;
}
