/* SPDX-License-Identifier: Apache-2.0 */
/* base/file.c — reading a small file whole. Blocks, so for start-up and mounted configuration, never for the data path. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void close_file(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
}

static int fail(const char *path, struct err *err)
{
	enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND
		: errno == EACCES || errno == EPERM              ? ERR_FORBIDDEN
								 : ERR_INVALID;

	return err_set(err, code, "%s: %s", path, strerror(errno));
}

/* Reads up to the end of the file; the byte behind a full buf tells "just fits" from "too long". */
static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	for (;;) {
		char beyond;
		size_t room = 1;
		char *at = buf_reserve(out, 4096, &room);
		ssize_t got = read(fd, at == NULL ? &beyond : at, room);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return fail(path, err);
		if (got == 0)
			return 0;
		if (at == NULL)
			return err_set(err, ERR_LIMIT, "%s: longer than the %zu bytes allowed", path, out->cap);
		buf_commit(out, (size_t)got);
	}
}

int file_read(const char *path, struct buf *out, struct err *err)
{
	size_t before = buf_len(out);
	__attribute__((cleanup(close_file))) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return fail(path, err);
	if (read_all(fd, path, out, err) == -1) {
		buf_truncate(out, before);
		return -1;
	}
	return 0;
}
