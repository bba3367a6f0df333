/* SPDX-License-Identifier: Apache-2.0 */
/* base/buf.h — a byte buffer that grows up to a cap given at birth; reaching it is an ordinary error. */
#ifndef KRYPTON_BASE_BUF_H
#define KRYPTON_BASE_BUF_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/text.h"

/* Embedded; bytes [start, end) are the content. Read the fields through the functions. */
struct buf {
	char *block;
	size_t start, end, size, cap;
};

void buf_init(struct buf *buf, size_t cap_bytes);
void buf_fini(struct buf *buf); /* releases; the buf may be used again with its cap */
#define scoped_buf __attribute__((cleanup(buf_fini))) struct buf

size_t buf_len(const struct buf *buf);
size_t buf_room(const struct buf *buf);      /* cap less length */
struct text buf_text(const struct buf *buf); /* borrowed until the next change */
const char *buf_terminated(struct buf *buf); /* the content with a NUL behind it; borrowed likewise */

/* -1 where the cap would be passed: then nothing is appended. */
int buf_append(struct buf *buf, const void *bytes, size_t len) must_check;
static inline must_check int buf_append_terminated(struct buf *buf, const char *text) /* here for literals, as text_of() */
{
	return buf_append(buf, text, strlen(text));
}
int buf_append_text(struct buf *buf, struct text text) must_check;
int buf_format(struct buf *buf, const char *format, ...) must_check printf_like(2, 3);
void buf_consume(struct buf *buf, size_t len);  /* drops len bytes at the front */
void buf_truncate(struct buf *buf, size_t len); /* keeps the first len bytes */
void buf_clear(struct buf *buf);                /* empties, keeps the block */

/* Room to read into: at least one byte, at most want, NULL at the cap. Follow with buf_commit(). */
char *buf_reserve(struct buf *buf, size_t want, size_t *ret_room);
void buf_commit(struct buf *buf, size_t len);

#endif
