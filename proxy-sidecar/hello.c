/* SPDX-License-Identifier: Apache-2.0 */
/* One POST to the gateway's Service with the agent's token. The gateway asks back before it believes it, so a lost or doubled hello
   does no harm: without any, everything works as before, later. */
#include "proxy-sidecar/hello.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "krypton/labels.h"
#include "net/call.h"

#define HELLO_TRIES      3
#define HELLO_PAUSE_MS   200
#define HELLO_TIMEOUT_MS 2000

struct hello {
	struct loop *loop;
	const struct sidecar_options *options;
	struct call *call;
	struct loop_timer *timer;
	int tries_left;
};

static void on_answered(void *arg, const struct call_answer *answer)
{
	struct hello *hello = arg;

	hello->call = NULL;
	if (answer->status >= 200 && answer->status < 300)
		hello->tries_left = 0;
	else if (hello->tries_left > 0)
		loop_timer_set(hello->timer, HELLO_PAUSE_MS);
	log_debug("hello.sent", LOG_INT("status", answer->status));
}

static void send_one(void *arg)
{
	struct hello *hello = arg;
	const struct sidecar_options *options = hello->options;
	char host[ADDRESS_TEXT_BYTES];
	scoped_buf target;
	scoped_buf extra;

	hello->tries_left--;
	buf_init(&target, 1024);
	buf_init(&extra, 1024);
	if (buf_format(&target, "/_krypton/hello?namespace=%s&name=%s", options->agent_namespace, options->agent_name) < 0 ||
		buf_format(&extra, HEADER_TOKEN ": %s\r\n", options->token) < 0)
		return;
	address_format(&options->gateway, host);
	hello->call = call_start(hello->loop,
		&(struct call_options){ .address = options->gateway,
			.method = "POST",
			.target = buf_terminated(&target),
			.host = host,
			.extra = buf_terminated(&extra),
			.connect_timeout_ms = HELLO_TIMEOUT_MS,
			.timeout_ms = HELLO_TIMEOUT_MS,
			.max_body_bytes = 4096,
			.arg = hello,
			.on_done = on_answered });
}

void hello_say(struct hello *hello)
{
	if (!hello->options->has_gateway || hello->options->token == NULL)
		return;
	call_cancel(&hello->call);
	hello->tries_left = HELLO_TRIES;
	send_one(hello);
}

struct hello *hello_new(struct loop *loop, const struct sidecar_options *options)
{
	struct hello *hello = mem_alloc(sizeof(*hello));

	hello->loop = loop;
	hello->options = options;
	hello->timer = loop_timer_new(loop, send_one, hello);
	return hello;
}

void hello_free(struct hello **hello)
{
	if (*hello == NULL)
		return;
	call_cancel(&(*hello)->call);
	loop_timer_free(&(*hello)->timer);
	mem_release(*hello);
	*hello = NULL;
}
