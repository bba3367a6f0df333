/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for net/call: a wire, and two deadlines. */
#include "net/call.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "test/explore/process.h"
#include "test/explore/wire.h"

#define HEAD_MAX_BYTES 8192

struct call {
	struct loop *loop;
	struct wire *wire;
	struct loop_timer *deadline;
	char *head, *body; /* of the answer */
	void *arg;
	void (*on_done)(void *arg, const struct call_answer *answer);
};

static struct h1_head scratch;

void call_cancel(struct call **call)
{
	if (*call == NULL)
		return;
	wire_close(&(*call)->wire);
	loop_timer_free(&(*call)->deadline);
	mem_release((*call)->head);
	mem_release((*call)->body);
	mem_release(*call);
	*call = NULL;
}

static void tell(struct call *call, const struct call_answer *answer)
{
	call->on_done(call->arg, answer);
	call_cancel(&call);
}

static void tell_failure(struct call *call, enum err_code code, const char *why)
{
	struct err err = { 0 };

	(void)err_set(&err, code, "%s", why);
	tell(call, &(struct call_answer){ .err = &err });
}

static void on_answer(void *arg, struct text head, struct text body)
{
	struct call *call = arg;

	call->head = mem_copy_bytes(head.at, head.len);
	call->body = mem_copy_bytes(body.at != NULL ? body.at : "", body.len);
}

static void on_end(void *arg, bool is_whole)
{
	struct call *call = arg;
	const char *why;

	call->wire = NULL;
	if (!is_whole) {
		tell_failure(call, ERR_RETRY, "the connection broke");
		return;
	}
	BUG_ON(h1_head_parse_answer(text_of(call->head), HEAD_MAX_BYTES, &scratch, &why) != H1_DONE);
	tell(call,
		&(struct call_answer){
			.status = scratch.status, .head = &scratch, .body = text_of(call->body), .was_connected = true });
}

static void on_failure(void *arg, enum wire_failure failure)
{
	struct call *call = arg;

	call->wire = NULL;
	tell_failure(call, ERR_RETRY, failure == WIRE_UNREACHABLE ? "the dial failed" : "the connection broke");
}

static void on_late(void *arg)
{
	tell_failure(arg, ERR_TIMEOUT, "no answer in time");
}

struct call *call_start(struct loop *loop, const struct call_options *options)
{
	static const struct wire_reader reader = { on_answer, on_end, on_failure };
	struct call *call = mem_alloc(sizeof(*call));
	int64_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : 10000;
	char ip[ADDRESS_TEXT_BYTES];
	scoped_buf out;

	call->loop = loop;
	call->arg = options->arg;
	call->on_done = options->on_done;
	address_format_ip(&options->address, ip);
	buf_init(&out, HEAD_MAX_BYTES);
	BUG_ON(buf_format(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", options->method, options->target, options->host,
		       options->extra != NULL ? options->extra : "") < 0);
	call->wire = wire_open(loop, ip, address_port(&options->address),
		options->connect_timeout_ms > 0 ? options->connect_timeout_ms : timeout_ms, buf_terminated(&out), &reader, call);
	call->deadline = loop_timer_new(loop, on_late, call);
	loop_timer_set(call->deadline, timeout_ms);
	return call;
}
