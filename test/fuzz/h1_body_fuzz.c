/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked bodies from the wire: the same end and payload whole, cut in two, and payload by payload. */
#include "net/h1_body.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int64_t take_by_payload(struct h1_body *body, struct text bytes)
{
	int64_t taken = 0, payload_bytes = 0;
	while ((size_t)taken < bytes.len && !body->done) {
		struct text payload;
		int64_t step = h1_body_next(body, (struct text){ bytes.at + taken, bytes.len - (size_t)taken }, &payload);
		if (step < 0)
			return -1;
		payload_bytes += (int64_t)payload.len;
		taken += step;
	}
	if (payload_bytes != body->payload)
		abort();
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 1)
		return 0;
	struct text whole = { (const char *)bytes + 1, len - 1 };
	struct h1_head head = { .is_chunked = true, .content_length = -1 };
	struct h1_body once, cut, by_payload;
	h1_body_of_request(&once, &head);
	h1_body_of_request(&cut, &head);
	h1_body_of_request(&by_payload, &head);
	int64_t taken = h1_body_take(&once, whole);
	size_t middle = bytes[0] * whole.len / 256;
	int64_t first = h1_body_take(&cut, (struct text){ whole.at, middle });
	int64_t second = first < 0 ? -1 : h1_body_take(&cut, (struct text){ whole.at + first, whole.len - (size_t)first });
	if ((second < 0 ? -1 : first + second) != taken || take_by_payload(&by_payload, whole) != taken)
		abort();
	if (taken >= 0 && (once.done != cut.done || once.payload != cut.payload || once.payload != by_payload.payload))
		abort();
	return 0;
}
