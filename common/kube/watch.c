/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/watch.c — one watch stream: bytes into lines, lines into events. Never
 * holds more than one line, and that one no longer than MAX_LINE_BYTES. Which
 * resourceVersion comes next is for its owner to know.
 */
#include "kube/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/transport.h"

#define MAX_LINE_BYTES   (4 * 1024 * 1024)
#define KEEP_LINE_BYTES  (32 * 1024) /* a larger block is given back after its line */
#define MAX_ERROR_BYTES  (64 * 1024)
#define MAX_TARGET_BYTES (8 * 1024)
#define MAX_WHAT_BYTES   1024

struct kube_watch {
	struct kube_watch_options options;
	struct kube_exchange *exchange;
	struct buf line; /* the beginning of a line whose end has not come */
	char *what;
	bool is_telling; /* within on_event */
};

static void watch_release(struct kube_watch *watch)
{
	kube_exchange_cancel(&watch->exchange);
	buf_fini(&watch->line);
	mem_release(watch->what);
	mem_release(watch);
}

/* Tells the end; the watch is gone afterwards. */
static void watch_end(struct kube_watch *watch, const struct err *err)
{
	kube_exchange_cancel(&watch->exchange);
	watch->options.on_end(watch->options.arg, err);
	watch_release(watch);
}

/* -1: the stream has to end, err says why. */
static int line_take(struct kube_watch *watch, struct text line, struct err *err)
{
	scoped(kube_watch_event) event = NULL;

	if (text_trim(line).len == 0)
		return 0;
	event = kube_watch_event_parse(line, err);
	if (event == NULL)
		return err_wrap(err, "%s", watch->what);
	watch->is_telling = true;
	watch->options.on_event(watch->options.arg, event);
	watch->is_telling = false;
	return 0;
}

/* The end of a line that began in an earlier read. */
static int line_complete(struct kube_watch *watch, struct text end, struct err *err)
{
	int result;

	if (buf_append_text(&watch->line, end) == -1)
		return err_set(err, ERR_LIMIT, "%s: an object longer than %d bytes", watch->what, MAX_LINE_BYTES);
	result = line_take(watch, buf_text(&watch->line), err);
	if (watch->line.size > KEEP_LINE_BYTES)
		buf_fini(&watch->line);
	else
		buf_clear(&watch->line);
	return result;
}

static int bytes_take(struct kube_watch *watch, struct text bytes, struct err *err)
{
	while (bytes.len > 0) {
		const char *newline = memchr(bytes.at, '\n', bytes.len);
		struct text line = { .at = bytes.at, .len = newline == NULL ? bytes.len : (size_t)(newline - bytes.at) };

		if (newline == NULL) {
			if (buf_append_text(&watch->line, line) == -1)
				return err_set(err, ERR_LIMIT, "%s: an object longer than %d bytes", watch->what, MAX_LINE_BYTES);
			return 0;
		}
		if ((buf_len(&watch->line) == 0 ? line_take(watch, line, err) : line_complete(watch, line, err)) == -1)
			return -1;
		bytes.at += line.len + 1;
		bytes.len -= line.len + 1;
	}
	return 0;
}

static void on_exchange_open(void *arg)
{
	struct kube_watch *watch = arg;

	if (watch->options.on_open != NULL)
		watch->options.on_open(watch->options.arg);
}

static void on_exchange_bytes(void *arg, struct text bytes)
{
	struct kube_watch *watch = arg;
	struct err err = { 0 };

	if (bytes_take(watch, bytes, &err) == -1)
		watch_end(watch, &err);
}

static void on_exchange_done(void *arg, struct text body, const struct err *err)
{
	struct kube_watch *watch = arg;
	struct err cut = { 0 };

	(void)body;
	watch->exchange = NULL;
	if (err == NULL && buf_len(&watch->line) > 0) {
		err_set(&cut, ERR_RETRY, "%s: the stream ends within a line", watch->what);
		err = &cut;
	}
	watch_end(watch, err);
}

static int target_format(const struct kube_watch_options *options, struct buf *out)
{
	char timeout_s[24];

	(void)snprintf(timeout_s, sizeof(timeout_s), "%lld", (long long)(options->timeout_ms / 1000));
	if (kube_selection_target(&options->selection, out) == -1 || kube_query_append(out, "watch", "true") == -1 ||
		kube_query_append(out, "allowWatchBookmarks", "true") == -1 ||
		kube_query_append(out, "timeoutSeconds", timeout_s) == -1)
		return -1;
	if (options->resource_version != NULL)
		return kube_query_append(out, "resourceVersion", options->resource_version);
	if (kube_query_append(out, "sendInitialEvents", "true") == -1)
		return -1;
	return kube_query_append(out, "resourceVersionMatch", "NotOlderThan");
}

struct kube_watch *kube_watch_start(struct kube_client *client, const struct kube_watch_options *options)
{
	struct kube_watch *watch = mem_alloc(sizeof(*watch));
	scoped_buf target, what;

	buf_init(&target, MAX_TARGET_BYTES);
	buf_init(&what, MAX_WHAT_BYTES);
	BUG_ON(target_format(options, &target) == -1 || kube_selection_describe(&options->selection, "watch", &what) == -1);
	watch->options = *options;
	watch->what = mem_copy_text(buf_terminated(&what));
	buf_init(&watch->line, MAX_LINE_BYTES);
	watch->exchange = kube_exchange_start(kube_client_transport(client),
		&(struct kube_exchange_options){
			.traffic = KUBE_TRAFFIC_WATCH,
			.method = "GET",
			.target = buf_terminated(&target),
			.accept = kube_selection_accept(&options->selection, false),
			.what = watch->what,
			.silence_timeout_ms = options->silence_ms,
			.max_body_bytes = MAX_ERROR_BYTES,
			.arg = watch,
			.on_open = on_exchange_open,
			.on_bytes = on_exchange_bytes,
			.on_done = on_exchange_done,
		});
	return watch;
}

void kube_watch_stop(struct kube_watch **watch)
{
	if (*watch == NULL)
		return;
	BUG_ON((*watch)->is_telling);
	watch_release(*watch);
	*watch = NULL;
}
