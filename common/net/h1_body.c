/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_body.c — pure: follows a body's framing beside its bytes. Chunked bodies pass through us verbatim, so everything
   that a later reader could take differently (chunk extensions, trailers, line ends) is checked here to the letter. */
#include "net/h1_body.h"

#include <string.h>

#include "base/attributes.h"

#define MAX_SIZE_DIGITS   15   /* hexadecimal: stays within int64_t */
#define MAX_LINE_BYTES    1024 /* a chunk line with its extensions */
#define MAX_TRAILER_BYTES 16384

enum chunk_state {
	SIZE,           /* digits of the size */
	EXT_SPACE,      /* white space before ';' */
	EXT_NAME_SPACE, /* behind ';' */
	EXT_NAME,
	EXT_NAME_END, /* white space behind a name: '=', ';' must come */
	EXT_VALUE_SPACE,
	EXT_VALUE,
	EXT_QUOTED,
	EXT_ESCAPE,
	EXT_VALUE_END,
	SIZE_LF,
	PAYLOAD,
	PAYLOAD_CR,
	PAYLOAD_LF,
	TRAILER, /* at the start of a trailer line, or of the last one */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
};

#define BROKEN (-1)

static bool is_space(unsigned char byte)
{
	return byte == ' ' || byte == '\t';
}

/* field-content, obs-text included. */
static bool is_content(unsigned char byte)
{
	return (byte >= ' ' && byte != 0x7f) || byte == '\t';
}

static int hex_value(unsigned char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static void body_start(struct h1_body *body, enum h1_body_kind kind, int64_t length)
{
	*body = (struct h1_body){ .kind = kind, .left = length, .chunk_state = SIZE };
	body->done = kind == H1_BODY_NONE || (kind == H1_BODY_LENGTH && length == 0);
}

void h1_body_of_request(struct h1_body *body, const struct h1_head *head)
{
	if (head->is_chunked)
		body_start(body, H1_BODY_CHUNKED, 0);
	else if (head->content_length > 0)
		body_start(body, H1_BODY_LENGTH, head->content_length);
	else
		body_start(body, H1_BODY_NONE, 0);
}

void h1_body_of_answer(struct h1_body *body, const struct h1_head *head, struct text request_method)
{
	if (text_is(request_method, "HEAD") || head->status < 200 || head->status == 204 || head->status == 304)
		body_start(body, H1_BODY_NONE, 0);
	else if (head->is_chunked)
		body_start(body, H1_BODY_CHUNKED, 0);
	else if (head->content_length >= 0)
		body_start(body, H1_BODY_LENGTH, head->content_length);
	else
		body_start(body, H1_BODY_UNTIL_CLOSE, 0);
}

/* Behind the size or an extension: where to? */
static int after_extension(unsigned char byte)
{
	if (is_space(byte))
		return EXT_SPACE;
	if (byte == ';')
		return EXT_NAME_SPACE;
	return byte == '\r' ? SIZE_LF : BROKEN;
}

static int size_step(struct h1_body *body, unsigned char byte)
{
	int digit = hex_value(byte);
	if (digit < 0)
		return body->line_bytes == 1 ? BROKEN : after_extension(byte);
	if (body->line_bytes > MAX_SIZE_DIGITS)
		return BROKEN;
	body->left = body->left * 16 + digit;
	return SIZE;
}

/* chunk-ext of RFC 9112 section 7.1.1. */
static int extension_step(int state, unsigned char byte)
{
	switch (state) {
	case EXT_SPACE: return is_space(byte) ? EXT_SPACE : byte == ';' ? EXT_NAME_SPACE : BROKEN;
	case EXT_NAME_SPACE: return is_space(byte) ? EXT_NAME_SPACE : h1_is_token_byte((char)byte) ? EXT_NAME : BROKEN;
	case EXT_NAME:
		if (h1_is_token_byte((char)byte))
			return EXT_NAME;
		return byte == '=' ? EXT_VALUE_SPACE : is_space(byte) ? EXT_NAME_END : after_extension(byte);
	case EXT_NAME_END:
		if (is_space(byte))
			return EXT_NAME_END;
		return byte == '=' ? EXT_VALUE_SPACE : byte == ';' ? EXT_NAME_SPACE : BROKEN;
	case EXT_VALUE_SPACE:
		if (is_space(byte))
			return EXT_VALUE_SPACE;
		return byte == '"' ? EXT_QUOTED : h1_is_token_byte((char)byte) ? EXT_VALUE : BROKEN;
	case EXT_VALUE: return h1_is_token_byte((char)byte) ? EXT_VALUE : after_extension(byte);
	case EXT_QUOTED:
		if (byte == '"')
			return EXT_VALUE_END;
		return byte == '\\' ? EXT_ESCAPE : is_content(byte) ? EXT_QUOTED : BROKEN;
	case EXT_ESCAPE: return is_content(byte) ? EXT_QUOTED : BROKEN;
	default: return after_extension(byte);
	}
}

static int size_end_step(struct h1_body *body, unsigned char byte)
{
	body->line_bytes = 0;
	if (byte != '\n')
		return BROKEN;
	return body->left == 0 ? TRAILER : PAYLOAD;
}

/* What says where a message ends or goes may not come behind it (RFC 9110 section 6.5.1): there are servers that believe it. */
static const char *const forbidden_trailers[] = { "transfer-encoding", "content-length", "host", "connection", "upgrade", "te",
	"trailer" };

/* line_bytes is the length of the name so far. */
static int trailer_name_step(struct h1_body *body, unsigned char byte)
{
	bool is_end = byte == ':';
	if (!is_end && !h1_is_token_byte((char)byte))
		return BROKEN;
	for (size_t i = 0; i < ARRAY_LEN(forbidden_trailers); i++)
		if ((body->trailer_names & 1U << i) != 0 &&
			forbidden_trailers[i][body->line_bytes] != (is_end ? '\0' : text_fold((char)byte)))
			body->trailer_names &= ~(1U << i);
	body->line_bytes++;
	if (is_end)
		return body->trailer_names != 0 ? BROKEN : TRAILER_VALUE;
	return TRAILER_NAME;
}

static int trailer_start_step(struct h1_body *body, unsigned char byte)
{
	if (byte == '\r')
		return LAST_LF;
	body->line_bytes = 0;
	body->trailer_names = (1U << ARRAY_LEN(forbidden_trailers)) - 1;
	return byte == ':' ? BROKEN : trailer_name_step(body, byte);
}

static int trailer_step(struct h1_body *body, int state, unsigned char byte)
{
	switch (state) {
	case TRAILER: return trailer_start_step(body, byte);
	case TRAILER_NAME: return trailer_name_step(body, byte);
	case TRAILER_VALUE: return byte == '\r' ? TRAILER_LF : is_content(byte) ? TRAILER_VALUE : BROKEN;
	default: return byte == '\n' ? TRAILER : BROKEN;
	}
}

/* One byte that is not payload. */
static int framing_step(struct h1_body *body, unsigned char byte)
{
	int state = body->chunk_state;
	if (state <= SIZE_LF && ++body->line_bytes > MAX_LINE_BYTES)
		return BROKEN;
	if (state >= TRAILER && ++body->trailer_bytes > MAX_TRAILER_BYTES)
		return BROKEN;
	switch (state) {
	case SIZE: return size_step(body, byte);
	case SIZE_LF: return size_end_step(body, byte);
	case PAYLOAD_CR: return byte == '\r' ? PAYLOAD_LF : BROKEN;
	case PAYLOAD_LF: return byte == '\n' ? SIZE : BROKEN;
	case LAST_LF:
		if (byte != '\n')
			return BROKEN;
		body->done = true;
		return LAST_LF;
	default: return state < SIZE_LF ? extension_step(state, byte) : trailer_step(body, state, byte);
	}
}

/* The payload at the start of bytes, as far as this chunk or length goes. */
static size_t payload_step(struct h1_body *body, size_t len)
{
	if (body->kind != H1_BODY_UNTIL_CLOSE) {
		if ((int64_t)len > body->left)
			len = (size_t)body->left;
		body->left -= (int64_t)len;
		if (body->left == 0) {
			body->chunk_state = PAYLOAD_CR;
			body->done = body->kind == H1_BODY_LENGTH;
		}
	}
	body->payload += (int64_t)len;
	return len;
}

static bool is_at_payload(const struct h1_body *body)
{
	return body->kind != H1_BODY_CHUNKED || body->chunk_state == PAYLOAD;
}

int64_t h1_body_next(struct h1_body *body, struct text bytes, struct text *ret_payload)
{
	size_t taken = 0;
	*ret_payload = (struct text){ bytes.at, 0 };
	if (body->chunk_state == BROKEN)
		return -1;
	while (taken < bytes.len && !body->done) {
		if (is_at_payload(body)) {
			size_t len = payload_step(body, bytes.len - taken);
			*ret_payload = (struct text){ bytes.at + taken, len };
			return (int64_t)(taken + len);
		}
		body->chunk_state = framing_step(body, (unsigned char)bytes.at[taken++]);
		if (body->chunk_state == BROKEN)
			return -1;
	}
	return (int64_t)taken;
}

int64_t h1_body_take(struct h1_body *body, struct text bytes)
{
	size_t taken = 0;
	while (taken < bytes.len && !body->done) {
		struct text payload;
		int64_t step = h1_body_next(body, (struct text){ bytes.at + taken, bytes.len - taken }, &payload);
		if (step < 0)
			return -1;
		taken += (size_t)step;
	}
	return body->chunk_state == BROKEN ? -1 : (int64_t)taken;
}

bool h1_body_ends_at_close(const struct h1_body *body)
{
	return body->done || body->kind == H1_BODY_UNTIL_CLOSE;
}
