/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked bodies from the wire: the same end and payload whole, cut in two, byte by byte and payload by payload; never more bytes
   than there are, and nothing that follows the end changes it. */
#include "net/h1_body.h"

#include "test/fuzz/property.h"

static struct h1_body chunked(void)
{
	struct h1_head head = { .is_chunked = true, .content_length = -1 };
	struct h1_body body;
	h1_body_of_request(&body, &head);
	return body;
}

static int64_t take(struct h1_body *body, struct text bytes)
{
	struct text copy = exact_copy(bytes);
	int64_t taken = h1_body_take(body, copy);
	free_copy(copy);
	HOLDS(taken >= -1 && taken <= (int64_t)bytes.len);
	return taken;
}

/* In pieces of that size. */
static int64_t take_pieces(struct h1_body *body, struct text bytes, size_t piece)
{
	int64_t taken = 0;
	while ((size_t)taken < bytes.len && !body->done) {
		size_t left = bytes.len - (size_t)taken, size = piece < left ? piece : left;
		int64_t step = take(body, (struct text){ bytes.at + taken, size });
		if (step < 0)
			return -1;
		HOLDS(step == (int64_t)size || body->done);
		taken += step;
	}
	return taken;
}

static int64_t take_by_payload(struct h1_body *body, struct text bytes)
{
	int64_t taken = 0, payload_bytes = 0;
	while ((size_t)taken < bytes.len && !body->done) {
		struct text payload;
		int64_t step = h1_body_next(body, (struct text){ bytes.at + taken, bytes.len - (size_t)taken }, &payload);
		if (step < 0)
			return -1;
		HOLDS(step > 0 && is_within((struct text){ bytes.at + taken, (size_t)step }, payload));
		payload_bytes += (int64_t)payload.len;
		taken += step;
	}
	HOLDS(payload_bytes == body->payload);
	return taken;
}

static void check_same(int64_t taken, const struct h1_body *once, int64_t other_taken, const struct h1_body *other)
{
	HOLDS(taken == other_taken);
	if (taken >= 0)
		HOLDS(once->done == other->done && once->payload == other->payload && once->left == other->left);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 1)
		return 0;
	struct text whole = { (const char *)bytes + 1, len - 1 };
	struct h1_body once = chunked(), cut = chunked(), bytewise = chunked(), by_payload = chunked(), again = chunked();
	int64_t taken = take(&once, whole);
	check_same(taken, &once, take_pieces(&cut, whole, bytes[0] * whole.len / 256 + 1), &cut);
	if (whole.len <= 2048)
		check_same(taken, &once, take_pieces(&bytewise, whole, 1), &bytewise);
	check_same(taken, &once, take_by_payload(&by_payload, whole), &by_payload);
	if (taken >= 0)
		check_same(taken, &once, take(&again, (struct text){ whole.at, (size_t)taken }), &again);
	HOLDS(taken < 0 || once.payload <= taken);
	HOLDS(!h1_body_ends_at_close(&once) || once.done);
	return 0;
}
