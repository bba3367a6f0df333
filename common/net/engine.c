/* SPDX-License-Identifier: Apache-2.0 */
/* net/engine.c — finds the engine of a loop. The list below is the one global of this layer: listeners and upstreams are given the
   same loop by different owners and must meet in one read buffer and one timer. */
#include "net/engine.h"

#include <stdio.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/loop.h"
#include "base/mem.h"

#define SCRATCH_BYTES      (512 * 1024) /* the largest head with all that is added */
#define ANSWER_EXTRA_BYTES 16384

static struct engine *engines;

struct engine *engine_get(struct loop *loop)
{
	for (struct engine *engine = engines; engine != NULL; engine = engine->next) {
		if (engine->loop == loop) {
			engine->references++;
			return engine;
		}
	}
	struct engine *engine = mem_alloc(sizeof(*engine));
	engine->loop = loop;
	engine->sweep = sweep_new(loop);
	engine->references = 1;
	buf_init(&engine->scratch, SCRATCH_BYTES);
	buf_init(&engine->answer_extra, ANSWER_EXTRA_BYTES);
	engine->next = engines;
	engines = engine;
	return engine;
}

void engine_release(struct engine **engine)
{
	struct engine *released = *engine;
	*engine = NULL;
	if (released == NULL || --released->references > 0)
		return;
	struct engine **link = &engines;
	while (*link != released)
		link = &(*link)->next;
	*link = released->next;
	sweep_free(&released->sweep);
	buf_fini(&released->scratch);
	buf_fini(&released->answer_extra);
	mem_release(released);
}

struct text engine_date(struct engine *engine)
{
	int64_t wall_ms = instant_wall_ms();
	if (engine->date_s != wall_ms / 1000) {
		char date[INSTANT_TEXT_BYTES];
		instant_format_http(wall_ms, date);
		(void)snprintf(engine->date, sizeof(engine->date), "Date: %s\r\n", date);
		engine->date_s = wall_ms / 1000;
	}
	return text_of(engine->date);
}

int64_t engine_now_ms(const struct engine *engine)
{
	return loop_now_ms(engine->loop);
}
