/* SPDX-License-Identifier: Apache-2.0 */
/* One TCP connection attempt. It sends nothing: an agent must not see requests that nobody made. */
#include "proxy-sidecar/dial.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"

struct dial {
	int fd; /* -1: the attempt failed at once */
	int error;
	struct loop_io *io;
	struct loop_timer *timer;
	void (*on_done)(void *arg, int error);
	void *arg;
};

void dial_cancel(struct dial **dial)
{
	if (*dial == NULL)
		return;
	loop_io_free(&(*dial)->io);
	loop_timer_free(&(*dial)->timer);
	if ((*dial)->fd != -1)
		(void)close((*dial)->fd);
	mem_release(*dial);
	*dial = NULL;
}

static void finish(struct dial *dial, int error)
{
	void (*on_done)(void *arg, int error) = dial->on_done;
	void *arg = dial->arg;

	dial_cancel(&dial);
	on_done(arg, error);
}

static void on_writable(void *arg, int events)
{
	struct dial *dial = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	finish(dial, error);
}

/* The deadline, or the failure that came at once. */
static void on_due(void *arg)
{
	struct dial *dial = arg;

	finish(dial, dial->error != 0 ? dial->error : ETIMEDOUT);
}

struct dial *dial_start(
	struct loop *loop, const struct address *address, int64_t timeout_ms, void (*on_done)(void *arg, int error), void *arg)
{
	struct dial *dial = mem_alloc(sizeof(*dial));

	dial->on_done = on_done;
	dial->arg = arg;
	dial->timer = loop_timer_new(loop, on_due, dial);
	dial->fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dial->fd == -1 ||
		(connect(dial->fd, (const struct sockaddr *)&address->storage, address->len) == -1 && errno != EINPROGRESS)) {
		dial->error = errno;
		loop_timer_set(dial->timer, 0);
		return dial;
	}
	dial->io = loop_io_new(loop, dial->fd, on_writable, dial);
	loop_io_set(dial->io, LOOP_WRITE);
	loop_timer_set(dial->timer, timeout_ms);
	return dial;
}
