/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy sends on reads as what it was sent: a head that is taken and written anew is taken again, with the same method,
   framing and status, one Host, and nothing hop-by-hop. Where this fails, a request could hide in another. */
#include "net/h1_write.h"

#include "test/fuzz/property.h"

#define MAX_BYTES 81920 /* of the next reader, who takes what we add too: bytes and headers */

static struct h1_head head, again;

/* Path and query as an exchange has them: "http://host?query" has got its path. */
static struct text origin_form(void)
{
	static char room[4096];
	size_t len = head.path.len;
	memcpy(room, head.path.at, len);
	if (head.query.at != NULL) {
		room[len++] = '?';
		memcpy(room + len, head.query.at, head.query.len);
		len += head.query.len;
	}
	return (struct text){ room, len };
}

static bool is_same_body(const struct h1_body *a, const struct h1_body *b)
{
	return a->kind == b->kind && a->left == b->left && a->done == b->done;
}

static void check_request(bool confirms)
{
	const struct h1_request_out request = { .target = origin_form(),
		.host = TEXT("127.0.0.1:8080"),
		.extra = TEXT("Krypton-Gateway: 1\r\n"),
		.expects_continue = confirms,
		.asks_upgrade = head.upgrade.at != NULL };
	struct h1_body body, body_again;
	const char *why = NULL;
	int status = 0;
	scoped_buf out;
	buf_init(&out, MAX_BYTES);
	HOLDS(h1_write_request(&head, &request, &out) == 0);
	HOLDS(h1_head_parse_request(buf_text(&out), MAX_BYTES, 4096, &again, &status, &why) == H1_DONE);
	HOLDS(again.bytes == buf_len(&out) && again.version_minor == 1 && again.keep_alive);
	HOLDS(text_equal(head.method, again.method) && text_equal(request.target, again.target));
	HOLDS(text_equal(again.authority, request.host));
	HOLDS(again.is_chunked == head.is_chunked && again.content_length == head.content_length);
	HOLDS(!confirms || again.expects_continue);
	HOLDS((again.upgrade.at != NULL) == request.asks_upgrade);
	h1_body_of_request(&body, &head);
	h1_body_of_request(&body_again, &again);
	HOLDS(is_same_body(&body, &body_again));
}

static void check_answer(bool closes)
{
	const struct h1_answer_out answer = { .extra = TEXT("X-Accel-Buffering: no\r\n"),
		.is_chunked = head.is_chunked && head.status >= 200 && head.status != 204,
		.closes = closes };
	struct h1_body body, body_again;
	const char *why = NULL;
	scoped_buf out;
	buf_init(&out, MAX_BYTES);
	HOLDS(h1_write_answer(&head, &answer, &out) == 0);
	HOLDS(h1_head_parse_answer(buf_text(&out), MAX_BYTES, &again, &why) == H1_DONE);
	HOLDS(again.bytes == buf_len(&out) && again.version_minor == 1 && again.status == head.status);
	HOLDS(again.keep_alive == !closes && text_equal(head.reason, again.reason));
	h1_body_of_answer(&body, &head, TEXT("GET"));
	h1_body_of_answer(&body_again, &again, TEXT("GET"));
	HOLDS(is_same_body(&body, &body_again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *why = NULL;
	int status = 0;
	if (len < 2 || len > 4096)
		return 0;
	struct text whole = { (const char *)bytes + 1, len - 1 };
	bool is_answer = (bytes[0] & 1) != 0, flag = (bytes[0] & 2) != 0;
	if ((is_answer ? h1_head_parse_answer(whole, 4096, &head, &why)
		       : h1_head_parse_request(whole, 4096, 1024, &head, &status, &why)) != H1_DONE)
		return 0;
	if (!is_answer)
		check_request(flag);
	else if (head.status != 101)
		check_answer(flag);
	return 0;
}
