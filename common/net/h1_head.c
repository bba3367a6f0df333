/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_head.c — pure: a strict parser of message heads. It reads from the left and gives up at the first byte that no
   good head can have there, so its verdict on a prefix never changes with what follows or how it was cut.
   What to answer is said; bodies (h1_body.c) and what goes on (h1_headers.c) are no matter of this room. */
#include "net/h1_head.h"

#include <string.h>

#include "net/uri.h"

#define MAX_METHOD_BYTES  32
#define MAX_EMPTY_LINES   2  /* before a request line (RFC 9112 section 2.2) */
#define MAX_LENGTH_DIGITS 18 /* of Content-Length: stays within int64_t */
#define LEAST_HEADERS     128
#define HEADER_BYTES      512 /* of the cap, for one header more */

enum byte_class {
	TOKEN = 1,  /* RFC 9110 section 5.6.2 */
	TARGET = 2, /* visible ASCII less '#' and '\\': browsers do send |, {, } and ^ unencoded */
	HOST = 4,   /* reg-name of RFC 3986 without '%', which no agent needs */
	VALUE = 8,  /* field-content with obs-text, spaces and tabs */
};

#define WORD (TOKEN | TARGET | HOST | VALUE)
#define MARK (TOKEN | TARGET | VALUE)

static const uint8_t classes[256] = {
	['\t'] = VALUE,
	[' '] = VALUE,
	['0' ... '9'] = WORD,
	['A' ... 'Z'] = WORD,
	['a' ... 'z'] = WORD,
	['!'] = WORD,
	['$'] = WORD,
	['&'] = WORD,
	['\''] = WORD,
	['*'] = WORD,
	['+'] = WORD,
	['-'] = WORD,
	['.'] = WORD,
	['_'] = WORD,
	['~'] = WORD,
	['%'] = MARK,
	['^'] = MARK,
	['`'] = MARK,
	['|'] = MARK,
	['#'] = TOKEN | VALUE,
	['\\'] = VALUE,
	['('] = TARGET | VALUE | HOST,
	[')'] = TARGET | VALUE | HOST,
	[','] = TARGET | VALUE | HOST,
	[';'] = TARGET | VALUE | HOST,
	['='] = TARGET | VALUE | HOST,
	['"'] = TARGET | VALUE,
	['/'] = TARGET | VALUE,
	[':'] = TARGET | VALUE,
	['<'] = TARGET | VALUE,
	['>'] = TARGET | VALUE,
	['?'] = TARGET | VALUE,
	['@'] = TARGET | VALUE,
	['['] = TARGET | VALUE,
	[']'] = TARGET | VALUE,
	['{'] = TARGET | VALUE,
	['}'] = TARGET | VALUE,
	[0x80 ... 0xff] = VALUE,
};

/* A parse under way. What several headers say together is judged at the end of the head. */
struct parse {
	const char *at;
	const char *end;
	struct h1_head *head;
	size_t max_headers;
	bool is_answer;
	int status;
	const char *why;
	int host_count;
	struct text host;
	bool has_transfer_encoding;
	bool has_unknown_coding;
	bool has_close, has_keep_alive, lists_upgrade;
	struct text upgrade;
};

static bool is_class(char byte, enum byte_class wanted)
{
	return (classes[(unsigned char)byte] & wanted) != 0;
}

bool h1_is_token_byte(char byte)
{
	return is_class(byte, TOKEN);
}

bool h1_is_token(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!h1_is_token_byte(text.at[i]))
			return false;
	return text.len > 0;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static int hex_value(char byte)
{
	if (is_digit(byte))
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static enum h1_result refuse(struct parse *parse, int status, const char *why)
{
	parse->status = status;
	parse->why = why;
	return H1_BAD;
}

/* Takes the CR LF that must stand here. */
static enum h1_result take_line_end(struct parse *parse)
{
	if (parse->at == parse->end)
		return H1_MORE;
	if (*parse->at == '\n')
		return refuse(parse, 400, "a line ends with LF alone");
	if (*parse->at != '\r')
		return refuse(parse, 400, "a byte that may not stand in a message head");
	if (parse->at + 1 == parse->end)
		return H1_MORE;
	if (parse->at[1] != '\n')
		return refuse(parse, 400, "CR without LF in the message head");
	parse->at += 2;
	return H1_DONE;
}

static enum h1_result skip_empty_lines(struct parse *parse)
{
	for (int lines = 0;; lines++) {
		if (parse->at == parse->end)
			return H1_MORE;
		if (*parse->at != '\r' && *parse->at != '\n')
			return H1_DONE;
		if (lines == MAX_EMPTY_LINES)
			return refuse(parse, 400, "too many empty lines before the request");
		enum h1_result result = take_line_end(parse);
		if (result != H1_DONE)
			return result;
	}
}

static enum h1_result take_method(struct parse *parse)
{
	const char *start = parse->at;
	while (parse->at < parse->end && is_class(*parse->at, TOKEN)) {
		if (parse->at - start == MAX_METHOD_BYTES)
			return refuse(parse, 501, "the method is longer than any we know");
		parse->at++;
	}
	if (parse->at == parse->end)
		return H1_MORE;
	if (*parse->at != ' ' || parse->at == start)
		return refuse(parse, 400, "malformed method");
	parse->head->method = (struct text){ start, (size_t)(parse->at - start) };
	parse->at++;
	if (text_is(parse->head->method, "CONNECT"))
		return refuse(parse, 501, "CONNECT is not served");
	return H1_DONE;
}

/* uri-host [ ":" port ] of RFC 3986, not empty. */
static bool is_authority(struct text text)
{
	size_t i = 0;
	if (text.len > 0 && text.at[0] == '[') {
		for (i = 1; i < text.len && text.at[i] != ']'; i++)
			if (hex_value(text.at[i]) < 0 && text.at[i] != ':' && text.at[i] != '.')
				return false;
		if (i < 3 || i == text.len)
			return false;
		i++;
	} else {
		while (i < text.len && is_class(text.at[i], HOST))
			i++;
		if (i == 0)
			return false;
	}
	if (i == text.len)
		return true;
	if (text.at[i] != ':' || text.len - i > 6)
		return false;
	for (i++; i < text.len; i++)
		if (!is_digit(text.at[i]))
			return false;
	return true;
}

/* Percent-encodings whole, and none of NUL. */
static bool is_path(struct text path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (path.at[i] != '%')
			continue;
		if (path.len - i < 3)
			return false;
		int high = hex_value(path.at[i + 1]), low = hex_value(path.at[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		i += 2;
	}
	return true;
}

static enum h1_result split_path(struct parse *parse, struct text rest)
{
	struct h1_head *head = parse->head;
	const char *mark = rest.len == 0 ? NULL : memchr(rest.at, '?', rest.len);
	head->path = rest;
	if (mark != NULL) {
		head->path.len = (size_t)(mark - rest.at);
		head->query = (struct text){ mark + 1, rest.len - head->path.len - 1 };
	}
	if (!is_path(head->path))
		return refuse(parse, 400, "malformed percent-encoding in the path");
	if (uri_has_dot_dot(head->path))
		return refuse(parse, 400, "the path leaves its root (a '..' segment)");
	return H1_DONE;
}

static enum h1_result split_absolute_form(struct parse *parse, struct text rest)
{
	size_t len = 0;
	while (len < rest.len && rest.at[len] != '/' && rest.at[len] != '?')
		len++;
	parse->head->authority = (struct text){ rest.at, len };
	if (!is_authority(parse->head->authority))
		return refuse(parse, 400, "malformed authority in the request target");
	rest = (struct text){ rest.at + len, rest.len - len };
	enum h1_result result = split_path(parse, rest);
	if (result == H1_DONE && parse->head->path.len == 0)
		parse->head->path =
			text_is(parse->head->method, "OPTIONS") && parse->head->query.at == NULL ? TEXT("*") : TEXT("/");
	return result;
}

static enum h1_result split_target(struct parse *parse)
{
	struct text target = parse->head->target;
	if (target.at[0] == '/')
		return split_path(parse, target);
	if (text_is(target, "*")) {
		if (!text_is(parse->head->method, "OPTIONS"))
			return refuse(parse, 400, "the target '*' is for OPTIONS alone");
		parse->head->path = target;
		return H1_DONE;
	}
	static const char *const schemes[] = { "http://", "https://" };
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i]);
		if (target.len > len && text_is_folded((struct text){ target.at, len }, schemes[i]))
			return split_absolute_form(parse, (struct text){ target.at + len, target.len - len });
	}
	return refuse(parse, 400, "malformed request target");
}

static enum h1_result take_target(struct parse *parse, size_t max_target_bytes)
{
	const char *start = parse->at;
	while (parse->at < parse->end && is_class(*parse->at, TARGET)) {
		if ((size_t)(parse->at - start) == max_target_bytes)
			return refuse(parse, 414, "the request target is too long");
		parse->at++;
	}
	if (parse->at == parse->end)
		return H1_MORE;
	if (*parse->at != ' ' || parse->at == start)
		return refuse(parse, 400, "malformed request line");
	parse->head->target = (struct text){ start, (size_t)(parse->at - start) };
	parse->at++;
	return split_target(parse);
}

/* "HTTP/x.y": any other length or form is no version at all. */
static enum h1_result take_version(struct parse *parse)
{
	static const char form[] = "HTTP/0.0";
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (parse->at + i == parse->end)
			return H1_MORE;
		bool fits = form[i] == '0' ? is_digit(parse->at[i]) : parse->at[i] == form[i];
		if (!fits)
			return refuse(parse, 400, "malformed HTTP version");
	}
	if (parse->at[5] != '1')
		return refuse(parse, 505, "HTTP/1.0 and HTTP/1.1 are served here");
	parse->head->version_minor = parse->at[7] == '0' ? 0 : 1;
	parse->at += sizeof(form) - 1;
	return H1_DONE;
}

static enum h1_result take_request_line(struct parse *parse, size_t max_target_bytes)
{
	enum h1_result result = take_method(parse);
	if (result == H1_DONE)
		result = take_target(parse, max_target_bytes);
	if (result == H1_DONE)
		result = take_version(parse);
	return result == H1_DONE ? take_line_end(parse) : result;
}

static enum h1_result take_status_line(struct parse *parse)
{
	enum h1_result result = take_version(parse);
	if (result != H1_DONE)
		return result;
	for (int i = 0; i < 4; i++) {
		if (parse->at + i == parse->end)
			return H1_MORE;
		if (i == 0 ? parse->at[i] != ' ' : !is_digit(parse->at[i]))
			return refuse(parse, 502, "malformed status line");
	}
	parse->head->status = (parse->at[1] - '0') * 100 + (parse->at[2] - '0') * 10 + (parse->at[3] - '0');
	if (parse->head->status < 100)
		return refuse(parse, 502, "malformed status line");
	parse->at += 4;
	if (parse->at == parse->end)
		return H1_MORE;
	if (*parse->at == ' ') {
		const char *start = ++parse->at;
		while (parse->at < parse->end && is_class(*parse->at, VALUE))
			parse->at++;
		parse->head->reason = text_trim((struct text){ start, (size_t)(parse->at - start) });
	}
	return take_line_end(parse);
}

static enum h1_result note_length(struct parse *parse, struct text value)
{
	if (parse->head->content_length != -1)
		return refuse(parse, 400, "more than one Content-Length");
	if (value.len == 0 || value.len > MAX_LENGTH_DIGITS)
		return refuse(parse, 400, "malformed Content-Length");
	int64_t length = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (!is_digit(value.at[i]))
			return refuse(parse, 400, "malformed Content-Length");
		length = length * 10 + (value.at[i] - '0');
	}
	parse->head->content_length = length;
	return H1_DONE;
}

static enum h1_result note_transfer_encoding(struct parse *parse, struct text value)
{
	parse->has_transfer_encoding = true;
	do {
		struct text coding = text_trim(text_cut(&value, ','));
		if (parse->head->is_chunked)
			return refuse(parse, 400, "chunked is not the last transfer coding");
		if (coding.len == 0)
			return refuse(parse, 400, "malformed Transfer-Encoding");
		if (text_is_folded(coding, "chunked"))
			parse->head->is_chunked = true;
		else
			parse->has_unknown_coding = true;
	} while (value.at != NULL);
	return H1_DONE;
}

static void note_connection(struct parse *parse, struct text value)
{
	while (value.at != NULL) {
		struct text option = text_trim(text_cut(&value, ','));
		if (text_is_folded(option, "close"))
			parse->has_close = true;
		else if (text_is_folded(option, "keep-alive"))
			parse->has_keep_alive = true;
		else if (text_is_folded(option, "upgrade"))
			parse->lists_upgrade = true;
	}
}

static enum h1_result note_header(struct parse *parse, const struct h1_header *header)
{
	switch (header->name.len) {
	case 4:
		if (text_is_folded(header->name, "host") && !parse->is_answer) {
			parse->host = header->value;
			if (++parse->host_count > 1)
				return refuse(parse, 400, "more than one Host");
			if (!is_authority(header->value))
				return refuse(parse, 400, "malformed Host");
		}
		break;
	case 6:
		if (text_is_folded(header->name, "expect") && text_is_folded(header->value, "100-continue"))
			parse->head->expects_continue = true;
		break;
	case 7:
		if (text_is_folded(header->name, "upgrade"))
			parse->upgrade = header->value;
		break;
	case 10:
		if (text_is_folded(header->name, "connection"))
			note_connection(parse, header->value);
		break;
	case 14:
		if (text_is_folded(header->name, "content-length"))
			return note_length(parse, header->value);
		break;
	case 17:
		if (text_is_folded(header->name, "transfer-encoding"))
			return note_transfer_encoding(parse, header->value);
		break;
	}
	return H1_DONE;
}

static enum h1_result take_name(struct parse *parse, struct text *ret_name)
{
	const char *start = parse->at;
	if (*start == ' ' || *start == '\t')
		return refuse(parse, 400, "a header line begins with white space");
	while (parse->at < parse->end && is_class(*parse->at, TOKEN))
		parse->at++;
	if (parse->at == parse->end)
		return H1_MORE;
	if (*parse->at != ':' || parse->at == start)
		return refuse(parse, 400, "malformed header name");
	*ret_name = (struct text){ start, (size_t)(parse->at - start) };
	parse->at++;
	return H1_DONE;
}

static enum h1_result take_header(struct parse *parse)
{
	struct h1_head *head = parse->head;
	struct h1_header header;
	enum h1_result result = take_name(parse, &header.name);
	if (result != H1_DONE)
		return result;
	const char *start = parse->at;
	while (parse->at < parse->end && is_class(*parse->at, VALUE))
		parse->at++;
	header.value = text_trim((struct text){ start, (size_t)(parse->at - start) });
	result = take_line_end(parse);
	if (result != H1_DONE)
		return result;
	if (head->header_count == parse->max_headers)
		return refuse(parse, 431, "too many headers");
	head->headers[head->header_count++] = header;
	return note_header(parse, &header);
}

static enum h1_result take_headers(struct parse *parse)
{
	for (;;) {
		if (parse->at == parse->end)
			return H1_MORE;
		if (*parse->at == '\r' || *parse->at == '\n')
			return take_line_end(parse);
		enum h1_result result = take_header(parse);
		if (result != H1_DONE)
			return result;
	}
}

/* What the framing headers say together (RFC 9112 sections 6.1 to 6.3). */
static enum h1_result judge_framing(struct parse *parse)
{
	struct h1_head *head = parse->head;
	if (parse->has_transfer_encoding) {
		if (head->content_length != -1)
			return refuse(parse, 400, "Content-Length beside Transfer-Encoding");
		if (head->version_minor == 0)
			return refuse(parse, 400, "Transfer-Encoding in HTTP/1.0");
		if (!head->is_chunked)
			return refuse(parse, 400, "the last transfer coding is not chunked");
		if (parse->has_unknown_coding)
			return refuse(parse, 501, "a transfer coding other than chunked");
	}
	head->keep_alive = !parse->has_close && (head->version_minor == 1 || parse->has_keep_alive);
	if (parse->lists_upgrade && head->version_minor == 1 && parse->upgrade.len > 0)
		head->upgrade = parse->upgrade;
	return H1_DONE;
}

static enum h1_result judge_request(struct parse *parse)
{
	struct h1_head *head = parse->head;
	if (parse->host_count == 0 && head->version_minor == 1)
		return refuse(parse, 400, "no Host");
	if (head->authority.at == NULL)
		head->authority = parse->host;
	if (head->version_minor == 0)
		head->expects_continue = false;
	return judge_framing(parse);
}

size_t h1_head_max_headers(size_t max_bytes)
{
	size_t count = max_bytes / HEADER_BYTES;
	if (count < LEAST_HEADERS)
		return LEAST_HEADERS;
	return count < H1_MAX_HEADERS ? count : H1_MAX_HEADERS;
}

static void start_parse(struct parse *parse, struct text bytes, size_t max_bytes, struct h1_head *head)
{
	memset(head, 0, offsetof(struct h1_head, headers));
	head->content_length = -1;
	*parse = (struct parse){ .at = bytes.at,
		.end = bytes.at + (bytes.len < max_bytes ? bytes.len : max_bytes),
		.head = head,
		.max_headers = h1_head_max_headers(max_bytes) };
}

enum h1_result h1_head_parse_request(struct text bytes, size_t max_bytes, size_t max_target_bytes, struct h1_head *ret_head,
	int *ret_status, const char **ret_why)
{
	if (bytes.len == 0)
		return H1_MORE;
	struct parse parse;
	start_parse(&parse, bytes, max_bytes, ret_head);
	enum h1_result result = skip_empty_lines(&parse);
	if (result == H1_DONE)
		result = take_request_line(&parse, max_target_bytes);
	if (result == H1_DONE)
		result = take_headers(&parse);
	if (result == H1_DONE)
		result = judge_request(&parse);
	if (result == H1_MORE && bytes.len >= max_bytes)
		result = refuse(&parse, 431, "the request head is too long");
	if (result == H1_BAD) {
		*ret_status = parse.status;
		*ret_why = parse.why;
	}
	ret_head->bytes = (size_t)(parse.at - bytes.at);
	return result;
}

enum h1_result h1_head_parse_answer(struct text bytes, size_t max_bytes, struct h1_head *ret_head, const char **ret_why)
{
	if (bytes.len == 0)
		return H1_MORE;
	struct parse parse;
	start_parse(&parse, bytes, max_bytes, ret_head);
	parse.is_answer = true;
	enum h1_result result = take_status_line(&parse);
	if (result == H1_DONE)
		result = take_headers(&parse);
	if (result == H1_DONE)
		result = judge_framing(&parse);
	if (result == H1_MORE && bytes.len >= max_bytes)
		result = refuse(&parse, 502, "the answer's head is too long");
	if (result == H1_BAD)
		*ret_why = parse.why;
	ret_head->bytes = (size_t)(parse.at - bytes.at);
	return result;
}

struct text h1_head_get(const struct h1_head *head, const char *name)
{
	struct text wanted = text_of(name);
	for (size_t i = 0; i < head->header_count; i++)
		if (text_equal_folded(head->headers[i].name, wanted))
			return head->headers[i].value;
	return (struct text){ NULL, 0 };
}
