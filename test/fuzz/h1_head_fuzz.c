/* SPDX-License-Identifier: Apache-2.0 */
/* Message heads from the wire: the verdict on a prefix is "more" or that on the whole, nothing behind the bytes given is looked at,
   all text lies within them, and no head that is taken can be read in two ways. */
#include "net/h1_head.h"

#include "net/uri.h"
#include "test/fuzz/property.h"

#define EVERY_CUT_BYTES 96 /* heads up to this length are cut at every byte, longer ones at one */

struct verdict {
	enum h1_result result;
	int status;
	size_t bytes, header_count;
	int64_t content_length;
	bool is_chunked, keep_alive;
};

static struct h1_head head;

static struct verdict judge(struct text bytes, bool is_answer)
{
	struct verdict verdict = { 0 };
	const char *why = NULL;
	struct text copy = exact_copy(bytes);
	verdict.result = is_answer ? h1_head_parse_answer(copy, 4096, &head, &why)
				   : h1_head_parse_request(copy, 4096, 512, &head, &verdict.status, &why);
	HOLDS((verdict.result == H1_BAD) == (why != NULL));
	if (verdict.result == H1_DONE) {
		verdict.bytes = head.bytes;
		verdict.header_count = head.header_count;
		verdict.content_length = head.content_length;
		verdict.is_chunked = head.is_chunked;
		verdict.keep_alive = head.keep_alive;
	}
	free_copy(copy);
	return verdict;
}

static bool is_same(const struct verdict *a, const struct verdict *b)
{
	return a->result == b->result && a->status == b->status && a->bytes == b->bytes && a->header_count == b->header_count &&
		a->content_length == b->content_length && a->is_chunked == b->is_chunked && a->keep_alive == b->keep_alive;
}

static void check_cut(struct text whole, size_t at, bool is_answer, const struct verdict *verdict)
{
	struct verdict early = judge((struct text){ whole.at, at }, is_answer);
	HOLDS(early.result == H1_MORE || is_same(&early, verdict));
}

static void check_value(struct text value)
{
	HOLDS(value.len == 0 || memchr(value.at, '\r', value.len) == NULL);
	HOLDS(value.len == 0 || memchr(value.at, '\n', value.len) == NULL);
	HOLDS(value.len == 0 || memchr(value.at, '\0', value.len) == NULL);
}

static void check_request(struct text whole)
{
	HOLDS(head.method.len > 0 && head.target.len > 0 && head.target.len <= 512 && head.path.len > 0);
	HOLDS(is_within(whole, head.method) && is_within(whole, head.target) && is_within(whole, head.query));
	HOLDS(is_within(whole, head.authority) && !uri_has_dot_dot(head.path));
	HOLDS(head.version_minor == 0 || head.authority.len > 0);
}

static void check_done(struct text whole, bool is_answer)
{
	HOLDS(head.bytes >= 4 && head.bytes <= whole.len && head.bytes <= 4096);
	HOLDS(memcmp(whole.at + head.bytes - 4, "\r\n\r\n", 4) == 0);
	HOLDS(!head.is_chunked || (head.content_length == -1 && head.version_minor == 1));
	HOLDS(head.header_count <= h1_head_max_headers(4096));
	for (size_t i = 0; i < head.header_count; i++) {
		HOLDS(head.headers[i].name.len > 0 && is_within(whole, head.headers[i].name));
		HOLDS(is_within(whole, head.headers[i].value));
		check_value(head.headers[i].value);
	}
	if (is_answer)
		HOLDS(head.status >= 100 && head.status <= 999 && is_within(whole, head.reason));
	else
		check_request(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 2)
		return 0;
	bool is_answer = (bytes[0] & 1) != 0;
	struct text whole = { (const char *)bytes + 1, len - 1 };
	struct verdict verdict = judge(whole, is_answer);
	if (whole.len <= EVERY_CUT_BYTES)
		for (size_t at = 0; at < whole.len; at++)
			check_cut(whole, at, is_answer, &verdict);
	else
		check_cut(whole, bytes[0] * whole.len / 256, is_answer, &verdict);
	if (verdict.result == H1_DONE) {
		const char *why = NULL;
		int status = 0;
		HOLDS((is_answer ? h1_head_parse_answer(whole, 4096, &head, &why)
				 : h1_head_parse_request(whole, 4096, 512, &head, &status, &why)) == H1_DONE);
		check_done(whole, is_answer);
		check_cut(whole, verdict.bytes, is_answer, &verdict); /* what follows a head changes nothing of it */
	}
	return 0;
}
