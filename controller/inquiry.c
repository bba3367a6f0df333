/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller/inquiry.c — the questions themselves, few at one time, the one that
 * is due the longest first. When to ask is decided in asking.c, what an answer
 * means in sidecar_word.c.
 */
#include "controller/inquiry.h"

#include <stdbool.h>
#include <string.h>

#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "controller/asking.h"
#include "krypton/ports.h"
#include "net/call.h"

#define UNDER_WAY_MAX    32
#define TIMEOUT_MS       2000
#define ANSWER_MAX_BYTES 4096

/* One pod. Owned by the inquiry's map. */
struct question {
	struct inquiry *inquiry;
	char *agent_key;
	struct asking asking;
	struct sidecar_word word;
	struct call *call; /* while it is under way */
};

struct inquiry {
	struct loop *loop;
	struct inquiry_options options;
	struct map *questions; /* by the pod's UID; as many as there are pods that run and are not ready */
	struct loop_timer *timer;
	int under_way;
};

static void question_give_up(struct question *question)
{
	if (question->call == NULL)
		return;
	call_cancel(&question->call);
	question->inquiry->under_way--;
	loop_timer_set(question->inquiry->timer, 0); /* its place is free */
}

static void question_release(void *value)
{
	struct question *question = value;

	question_give_up(question);
	mem_release(question->agent_key);
	mem_release(question);
}

/* What came of it; SIDECAR_UNKNOWN: nothing. */
static void question_note(struct question *question, const struct sidecar_word *word)
{
	struct inquiry *inquiry = question->inquiry;
	bool is_understood = word->says != SIDECAR_UNKNOWN;
	bool holds = asking_note(&question->asking, is_understood, loop_now_ms(inquiry->loop), (int)random_below(1000));

	if ((!is_understood && holds) || sidecar_word_equal(&question->word, word))
		return;
	question->word = *word;
	inquiry->options.on_word(inquiry->options.arg, question->agent_key);
}

static void on_answer(void *arg, const struct call_answer *answer)
{
	struct question *question = arg;
	struct inquiry *inquiry = question->inquiry;
	struct sidecar_word word = { .says = SIDECAR_UNKNOWN };

	question->call = NULL;
	inquiry->under_way--;
	if (answer->status == 200)
		word = sidecar_word_parse(answer->body);
	question_note(question, &word);
	loop_timer_set(inquiry->timer, 0);
}

static void question_ask(struct question *question)
{
	const struct sidecar_word none = { .says = SIDECAR_UNKNOWN };
	struct inquiry *inquiry = question->inquiry;
	struct call_options options = {
		.method = "GET",
		.target = "/_krypton/inflight",
		.host = question->asking.ip,
		.connect_timeout_ms = TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
		.arg = question,
		.on_done = on_answer,
	};
	struct err err = { 0 };

	if (address_of_ip(text_of(question->asking.ip), PORT_PROXY, &options.address, &err) == -1) {
		question_note(question, &none);
		return;
	}
	inquiry->under_way++;
	question->call = call_start(inquiry->loop, &options);
}

static bool longest_due_visit(void *arg, const char *uid, void *value)
{
	struct question **longest = arg, *question = value;

	(void)uid;
	if (question->call == NULL && (*longest == NULL || question->asking.due_ms < (*longest)->asking.due_ms))
		*longest = question;
	return true;
}

/* Asks what is due while others may be under way; the timer wakes us for what is due later, an answer for what has to wait. */
static void on_due(void *arg)
{
	struct inquiry *inquiry = arg;

	while (inquiry->under_way < UNDER_WAY_MAX) {
		struct question *next = NULL;

		map_each(inquiry->questions, longest_due_visit, &next);
		if (next == NULL)
			return;
		int64_t delay_ms = next->asking.due_ms - loop_now_ms(inquiry->loop);
		if (delay_ms > 0) {
			loop_timer_set(inquiry->timer, delay_ms);
			return;
		}
		question_ask(next);
	}
}

static struct question *question_of(struct inquiry *inquiry, const char *agent_key, const char *uid)
{
	struct question *question = map_get(inquiry->questions, uid);

	if (question != NULL)
		return question;
	question = mem_alloc(sizeof(*question));
	question->inquiry = inquiry;
	question->agent_key = mem_copy_text(agent_key);
	map_put(inquiry->questions, uid, question);
	return question;
}

void inquiry_see(struct inquiry *inquiry, const char *agent_key, const struct pod *old, const struct pod *now)
{
	bool is_asked = now != NULL && now->uid != NULL && asking_concerns(now);

	if (old != NULL && old->uid != NULL && (!is_asked || strcmp(old->uid, now->uid) != 0))
		map_remove(inquiry->questions, old->uid);
	if (!is_asked)
		return;
	struct question *question = question_of(inquiry, agent_key, now->uid);
	if (!asking_see(&question->asking, now, loop_now_ms(inquiry->loop)))
		return;
	question_give_up(question);
	question->word = (struct sidecar_word){ .says = SIDECAR_AWAITED };
	loop_timer_set(inquiry->timer, 0);
}

const struct sidecar_word *inquiry_word(const struct inquiry *inquiry, const struct pod *pod)
{
	const struct question *question = pod->uid == NULL ? NULL : map_get(inquiry->questions, pod->uid);

	if (question == NULL ||
		(question->word.says == SIDECAR_AWAITED && !asking_is_awaited(&question->asking, loop_now_ms(inquiry->loop))))
		return NULL;
	return &question->word;
}

struct inquiry *inquiry_new(struct loop *loop, const struct inquiry_options *options)
{
	struct inquiry *inquiry = mem_alloc(sizeof(*inquiry));

	inquiry->loop = loop;
	inquiry->options = *options;
	inquiry->questions = map_new(question_release);
	inquiry->timer = loop_timer_new(loop, on_due, inquiry);
	return inquiry;
}

void inquiry_free(struct inquiry **inquiry)
{
	if (*inquiry == NULL)
		return;
	map_free(&(*inquiry)->questions);
	loop_timer_free(&(*inquiry)->timer);
	mem_release(*inquiry);
	*inquiry = NULL;
}
