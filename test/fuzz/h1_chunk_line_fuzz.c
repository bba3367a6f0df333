/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk lines: the tracker takes exactly what the grammar of RFC 9112 section 7.1 allows within our bounds, as a second reader of
   that grammar, written down here production by production, sees it. */
#include "net/h1_body.h"
#include "test/fuzz/property.h"

#define MAX_LINE_BYTES  1024
#define MAX_SIZE_DIGITS 15

/* What is left of the line. */
static struct text left;

static bool take_one(const char *set)
{
	if (left.len == 0 || left.at[0] == '\0' || strchr(set, left.at[0]) == NULL)
		return false;
	left.at++;
	left.len--;
	return true;
}

static void bws(void)
{
	while (take_one(" \t"))
		;
}

static bool token(void)
{
	size_t before = left.len;
	while (take_one("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		;
	return left.len < before;
}

/* Anything but controls; HTAB is allowed, and so are bytes above ASCII. */
static bool take_content(void)
{
	unsigned char byte = left.len > 0 ? (unsigned char)left.at[0] : 0;
	if ((byte < ' ' && byte != '\t') || byte == 0x7f)
		return false;
	left.at++;
	left.len--;
	return true;
}

static bool quoted_string(void)
{
	if (!take_one("\""))
		return false;
	while (!take_one("\"")) {
		(void)take_one("\\");
		if (!take_content())
			return false;
	}
	return true;
}

/* [ BWS "=" BWS chunk-ext-val ] */
static bool extension_value(void)
{
	struct text before = left;
	bws();
	if (!take_one("=")) {
		left = before;
		return true;
	}
	bws();
	return quoted_string() || token();
}

/* *( BWS ";" BWS chunk-ext-name [ … ] ) */
static bool extensions(void)
{
	for (;;) {
		struct text before = left;
		bws();
		if (!take_one(";")) {
			left = before;
			return true;
		}
		bws();
		if (!token() || !extension_value())
			return false;
	}
}

static bool size(int64_t *ret_size)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int count = 0;
	*ret_size = 0;
	for (; left.len > 0 && left.at[0] != '\0' && strchr(digits, left.at[0]) != NULL; count++) {
		if (count < MAX_SIZE_DIGITS)
			*ret_size = *ret_size * 16 + (strchr(digits, left.at[0]) - digits) % 16;
		left.at++;
		left.len--;
	}
	return count > 0 && count <= MAX_SIZE_DIGITS;
}

static bool is_chunk_line(struct text line, int64_t *ret_size)
{
	left = line;
	return line.len <= MAX_LINE_BYTES && size(ret_size) && extensions() && take_one("\r") && take_one("\n") && left.len == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct text chunk_before = TEXT("5;a=b\r\nhello\r\n");
	struct h1_head head = { .is_chunked = true, .content_length = -1 };
	struct h1_body body;
	const uint8_t *lf = len > 0 ? memchr(bytes, '\n', len) : NULL;
	int64_t expected = 0;

	if (lf == NULL)
		return 0;
	struct text line = exact_copy((struct text){ (const char *)bytes, (size_t)(lf - bytes) + 1 });
	h1_body_of_request(&body, &head);
	HOLDS(h1_body_take(&body, chunk_before) == (int64_t)chunk_before.len);
	bool is_good = is_chunk_line(line, &expected);
	int64_t taken = h1_body_take(&body, line);
	HOLDS(is_good ? taken == (int64_t)line.len && body.left == expected && !body.done && body.payload == 5 : taken == -1);
	free_copy(line);
	return 0;
}
