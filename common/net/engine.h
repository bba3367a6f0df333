/* SPDX-License-Identifier: Apache-2.0 */
/* net/engine.h — what all connections of the data path on one loop share, so that none needs its own while it is quiet. */
#ifndef KRYPTON_NET_ENGINE_H
#define KRYPTON_NET_ENGINE_H

#include <stdint.h>

#include "base/buf.h"
#include "net/sweep.h"

#define ENGINE_READ_BYTES 65536
#define ENGINE_DATE_BYTES 48

struct loop;

struct engine {
	struct loop *loop;
	struct sweep *sweep;
	struct buf scratch;      /* for composing a head; empty between uses */
	struct buf answer_extra; /* header lines a handler adds while it looks at an answer */
	int64_t date_s;          /* of the line below */
	char date[ENGINE_DATE_BYTES];
	int references;
	struct engine *next;
	char read_bytes[ENGINE_READ_BYTES]; /* what was just read; valid until the next read on this loop */
};

/* The loop's engine, made at the first call. Give it back with engine_release(). */
struct engine *engine_get(struct loop *loop);
void engine_release(struct engine **engine);
int64_t engine_now_ms(const struct engine *engine);
struct text engine_date(struct engine *engine); /* "Date: …" of this second, with CRLF; valid until the next call */

#endif
