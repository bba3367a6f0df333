/* SPDX-License-Identifier: Apache-2.0 */
/* A whole connection: requests one behind another through head parser and body tracker, once as one piece and once cut at random.
   The same requests come out, with the same payload, and the same verdict on the one that ends it. */
#include "net/h1_body.h"
#include "net/h1_head.h"
#include "test/fuzz/property.h"

#define MAX_BYTES 8192

/* What came out of a connection. */
struct story {
	int requests;
	int refused; /* status of the last; 0: none was */
	uint64_t hash;
	int64_t payload;
	size_t unused; /* of a head that is not all there */
	bool is_in_body;
};

struct reader {
	char in[MAX_BYTES];
	size_t len;
	struct h1_body body;
	struct story story;
};

static struct h1_head head;

static void note(struct story *story, struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		story->hash = (story->hash ^ (unsigned char)text.at[i]) * UINT64_C(1099511628211);
	story->hash = (story->hash ^ 0x100) * UINT64_C(1099511628211);
}

static void consume(struct reader *reader, size_t len)
{
	HOLDS(len <= reader->len);
	reader->len -= len;
	memmove(reader->in, reader->in + len, reader->len);
}

/* False: more bytes are needed, or the connection is over. */
static bool take_head(struct reader *reader)
{
	struct story *story = &reader->story;
	const char *why = NULL;
	int status = 0;
	struct text bytes = exact_copy((struct text){ reader->in, reader->len });
	enum h1_result result = h1_head_parse_request(bytes, 2048, 512, &head, &status, &why);
	if (result == H1_DONE) {
		story->requests++;
		note(story, head.method);
		note(story, head.target);
		note(story, head.authority);
		for (size_t i = 0; i < head.header_count; i++) {
			note(story, head.headers[i].name);
			note(story, head.headers[i].value);
		}
		h1_body_of_request(&reader->body, &head);
		consume(reader, head.bytes);
		story->is_in_body = !reader->body.done;
	} else if (result == H1_BAD) {
		HOLDS(status >= 400 && status < 600 && why[0] != '\0');
		story->refused = status;
	}
	free_copy(bytes);
	return result == H1_DONE;
}

static bool take_body(struct reader *reader)
{
	struct story *story = &reader->story;
	struct text payload;
	int64_t taken = h1_body_next(&reader->body, (struct text){ reader->in, reader->len }, &payload);
	if (taken < 0) {
		story->refused = 400;
		return false;
	}
	for (size_t i = 0; i < payload.len; i++)
		story->hash = (story->hash ^ (unsigned char)payload.at[i]) * UINT64_C(1099511628211);
	story->payload += (int64_t)payload.len;
	consume(reader, (size_t)taken);
	story->is_in_body = !reader->body.done;
	return taken > 0;
}

static void feed(struct reader *reader, struct text piece)
{
	memcpy(reader->in + reader->len, piece.at, piece.len);
	reader->len += piece.len;
	while (reader->story.refused == 0 && (reader->story.is_in_body ? take_body(reader) : take_head(reader)))
		;
	reader->story.unused = reader->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct reader whole, cut;
	if (len < 2 || len > MAX_BYTES)
		return 0;
	uint64_t random = bytes[0] * UINT64_C(0x9e3779b97f4a7c15) + 1;
	struct text all = { (const char *)bytes + 1, len - 1 };
	memset(&whole, 0, sizeof(whole));
	memset(&cut, 0, sizeof(cut));
	feed(&whole, all);
	while (all.len > 0 && cut.story.refused == 0) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		size_t longest = (random & 0x300) == 0 ? 512 : 7, size = random % longest + 1;
		struct text piece = { all.at, size < all.len ? size : all.len };
		all.at += piece.len;
		all.len -= piece.len;
		feed(&cut, piece);
	}
	HOLDS(whole.story.requests == cut.story.requests && whole.story.refused == cut.story.refused);
	/* The payload of a body that is refused later on was passed as it came: as far as that, both are the same. */
	HOLDS(whole.story.hash == cut.story.hash && whole.story.payload == cut.story.payload);
	HOLDS(whole.story.refused != 0 ||
		(whole.story.unused == cut.story.unused && whole.story.is_in_body == cut.story.is_in_body));
	return 0;
}
