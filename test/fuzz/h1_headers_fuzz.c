/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on of a head's headers: a subsequence of them, byte-exact, less exactly the hop-by-hop ones; and the forwarding lines a
   proxy adds: one each at most, from a client that is not believed nothing. Output stays within its cap. */
#include "net/h1_headers.h"

#include "test/fuzz/property.h"

static struct h1_head head;

static bool parse(struct text bytes, bool is_answer)
{
	const char *why = NULL;
	int status = 0;
	return (is_answer ? h1_head_parse_answer(bytes, 4096, &head, &why)
			  : h1_head_parse_request(bytes, 4096, 512, &head, &status, &why)) == H1_DONE;
}

static bool starts_with_line(struct text out, const struct h1_header *header, size_t *ret_bytes)
{
	size_t name = header->name.len, value = header->value.len, line = name + 2 + value + 2;
	if (out.len < line || memcmp(out.at, header->name.at, name) != 0 || memcmp(out.at + name, ": ", 2) != 0 ||
		memcmp(out.at + name + 2, header->value.at, value) != 0 || memcmp(out.at + line - 2, "\r\n", 2) != 0)
		return false;
	*ret_bytes = line;
	return true;
}

static void check_copy(void)
{
	scoped_buf copy, small;
	buf_init(&copy, 8192);
	buf_init(&small, 64);
	HOLDS(h1_headers_copy(&head, NULL, &copy) == 0);
	HOLDS((h1_headers_copy(&head, NULL, &small) == 0) == (buf_len(&copy) <= 64));
	HOLDS(buf_len(&small) <= 64);
	struct text out = buf_text(&copy);
	for (size_t i = 0; i < head.header_count; i++) {
		size_t bytes = 0;
		if (h1_headers_is_hop_by_hop(&head, head.headers[i].name))
			continue;
		HOLDS(starts_with_line(out, &head.headers[i], &bytes));
		out.at += bytes;
		out.len -= bytes;
	}
	HOLDS(out.len == 0);
}

/* What Connection lists never goes on, but for what frames and routes the message. */
static void check_listed(void)
{
	for (size_t i = 0; i < head.header_count; i++) {
		struct text list = head.headers[i].value;
		if (!text_is_folded(head.headers[i].name, "connection"))
			continue;
		while (list.at != NULL) {
			struct text token = text_trim(text_cut(&list, ','));
			char name[64];
			if (token.len == 0 || token.len >= sizeof(name) || memchr(token.at, '\0', token.len) != NULL)
				continue;
			memcpy(name, token.at, token.len);
			name[token.len] = '\0';
			HOLDS(h1_headers_lists(&head, "Connection", name));
			HOLDS(text_is_folded(token, "content-length") || text_is_folded(token, "host") ||
				h1_headers_is_hop_by_hop(&head, token));
		}
	}
}

static size_t count(struct text text, const char *needle)
{
	size_t found = 0, len = strlen(needle);
	for (size_t i = 0; i + len <= text.len; i++)
		found += memcmp(text.at + i, needle, len) == 0;
	return found;
}

static void check_forwarding(bool is_trusted)
{
	const struct h1_forwarding forwarding = { .client_address = TEXT("203.0.113.7"),
		.peer_is_trusted = is_trusted,
		.scheme = TEXT("http"),
		.host = head.authority,
		.prefix = TEXT("/v1/agents/a/b") };
	scoped_buf buf;
	buf_init(&buf, 32768);
	HOLDS(h1_headers_forwarding(&head, &forwarding, &buf) == 0); /* a head of 4 KiB gives no more */
	const struct h1_public seen = h1_headers_public(&head, &forwarding);
	HOLDS(text_is(seen.scheme, "http") || (is_trusted && text_is(seen.scheme, "https")));
	HOLDS(seen.base.len == 0 || (is_trusted && seen.base.at[0] == '/'));
	struct text out = buf_text(&buf);
	size_t lines = count(out, "\r\n");
	HOLDS(count(out, "\r") == lines && count(out, "\n") == lines && lines >= 4 && lines <= 5);
	HOLDS(text_has_prefix(out, "X-Forwarded-For: ") && count(out, "203.0.113.7\r\n") >= 1 &&
		count(out, "for=203.0.113.7") >= 1);
	if (!is_trusted)
		HOLDS(text_has_prefix(out, "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\n") &&
			buf_len(&buf) <= 224 + 2 * head.authority.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 2 || len > 4096)
		return 0;
	bool is_answer = (bytes[0] & 1) != 0;
	struct text copy = exact_copy((struct text){ (const char *)bytes + 1, len - 1 });
	if (parse(copy, is_answer)) {
		check_copy();
		check_listed();
		(void)h1_headers_is_event_stream(&head);
		if (!is_answer)
			check_forwarding((bytes[0] & 2) != 0);
	}
	free_copy(copy);
	return 0;
}
