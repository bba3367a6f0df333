/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/buf.c — a queue of bytes in one block. The block doubles up to the cap;
 * it has one byte more than its size, so that a NUL always fits behind.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_LEAST_BYTES 256

/* Makes room for more bytes behind the content; -1 where the cap forbids. */
static int room_make(struct buf *buf, size_t more)
{
	size_t len = buf_len(buf);

	if (more > buf->cap - len)
		return -1;
	if (buf->block != NULL && more <= buf->size - buf->end)
		return 0;
	if (buf->start > 0) {
		memmove(buf->block, buf->block + buf->start, len);
		buf->start = 0;
		buf->end = len;
	}
	size_t size = buf->size < BLOCK_LEAST_BYTES ? BLOCK_LEAST_BYTES : buf->size;
	while (size < len + more)
		size *= 2;
	if (size > buf->cap)
		size = buf->cap;
	if (buf->block == NULL || size > buf->size) {
		buf->block = mem_resize(buf->block, size + 1);
		buf->size = size;
	}
	return 0;
}

void buf_init(struct buf *buf, size_t cap_bytes)
{
	BUG_ON(cap_bytes > SIZE_MAX / 4);
	*buf = (struct buf){ .cap = cap_bytes };
}

void buf_fini(struct buf *buf)
{
	mem_release(buf->block);
	*buf = (struct buf){ .cap = buf->cap };
}

size_t buf_len(const struct buf *buf)
{
	return buf->end - buf->start;
}

size_t buf_room(const struct buf *buf)
{
	return buf->cap - buf_len(buf);
}

struct text buf_text(const struct buf *buf)
{
	return (struct text){ .at = buf->block == NULL ? "" : buf->block + buf->start, .len = buf_len(buf) };
}

const char *buf_terminated(struct buf *buf)
{
	if (buf->block == NULL)
		return "";
	buf->block[buf->end] = '\0';
	return buf->block + buf->start;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
	if (len == 0)
		return 0;
	if (len > buf->size - buf->end && room_make(buf, len) == -1)
		return -1;
	memcpy(buf->block + buf->end, bytes, len);
	buf->end += len;
	return 0;
}

int buf_append_text(struct buf *buf, struct text text)
{
	return buf_append(buf, text.at, text.len);
}

int buf_format(struct buf *buf, const char *format, ...)
{
	char small[256];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	BUG_ON(len < 0);
	if ((size_t)len < sizeof(small))
		return buf_append(buf, small, (size_t)len);
	if (room_make(buf, (size_t)len) == -1)
		return -1;
	va_start(args, format);
	(void)vsnprintf(buf->block + buf->end, (size_t)len + 1, format, args);
	va_end(args);
	buf->end += (size_t)len;
	return 0;
}

void buf_consume(struct buf *buf, size_t len)
{
	BUG_ON(len > buf_len(buf));
	buf->start += len;
	if (buf->start == buf->end)
		buf_clear(buf);
}

void buf_truncate(struct buf *buf, size_t len)
{
	BUG_ON(len > buf_len(buf));
	buf->end = buf->start + len;
}

void buf_clear(struct buf *buf)
{
	buf->start = 0;
	buf->end = 0;
}

char *buf_reserve(struct buf *buf, size_t want, size_t *ret_room)
{
	size_t room = buf_room(buf) < want ? buf_room(buf) : want;

	if (room == 0 || room_make(buf, room) == -1)
		return NULL;
	*ret_room = room;
	return buf->block + buf->end;
}

void buf_commit(struct buf *buf, size_t len)
{
	BUG_ON(len > buf->size - buf->end);
	buf->end += len;
}
