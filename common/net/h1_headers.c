/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_headers.c — pure: end-to-end headers go on byte-exact and in order, hop-by-hop ones stay here. Framing headers are
   written by h1_write.c anew; which further ones a daemon drops, it says itself. */
#include "net/h1_headers.h"

#include "net/forwarded.h"

/* Content-Length stays whatever Connection says: without it a body would become the next request. */
static bool is_framing(struct text name)
{
	return text_is_folded(name, "content-length") || text_is_folded(name, "host");
}

/* RFC 9110 section 7.6.1, and the two that only a forward proxy may see. */
static bool is_always_hop_by_hop(struct text name)
{
	switch (name.len) {
	case 2: return text_is_folded(name, "te");
	case 7: return text_is_folded(name, "upgrade");
	case 10: return text_is_folded(name, "connection") || text_is_folded(name, "keep-alive");
	case 16: return text_is_folded(name, "proxy-connection");
	case 17: return text_is_folded(name, "transfer-encoding");
	case 18: return text_is_folded(name, "proxy-authenticate");
	case 19: return text_is_folded(name, "proxy-authorization");
	default: return false;
	}
}

static bool list_holds(struct text list, struct text token)
{
	while (list.at != NULL)
		if (text_equal_folded(text_trim(text_cut(&list, ',')), token))
			return true;
	return false;
}

static bool is_listed(const struct h1_head *head, struct text list_name, struct text token)
{
	for (size_t i = 0; i < head->header_count; i++)
		if (text_equal_folded(head->headers[i].name, list_name) && list_holds(head->headers[i].value, token))
			return true;
	return false;
}

bool h1_headers_lists(const struct h1_head *head, const char *name, const char *token)
{
	return is_listed(head, text_of(name), text_of(token));
}

bool h1_headers_lists_only(const struct h1_head *head, const char *name, const char *token)
{
	bool is_there = false;

	for (size_t i = 0; i < head->header_count; i++) {
		struct text list = head->headers[i].value;

		if (!text_equal_folded(head->headers[i].name, text_of(name)))
			continue;
		while (list.at != NULL) {
			struct text member = text_cut(&list, ',');

			if (!text_equal_folded(text_trim(text_cut(&member, ';')), text_of(token)))
				return false;
			is_there = true;
		}
	}
	return is_there;
}

bool h1_headers_is_event_stream(const struct h1_head *head)
{
	struct text rest = h1_head_get(head, "Content-Type");

	return text_is_folded(text_trim(text_cut(&rest, ';')), "text/event-stream");
}

bool h1_headers_is_hop_by_hop(const struct h1_head *head, struct text name)
{
	return is_always_hop_by_hop(name) || (!is_framing(name) && is_listed(head, TEXT("connection"), name));
}

/* Does Connection name more than how the connection goes on? Seldom: the copy below is spared the search. */
static bool has_listed_headers(const struct h1_head *head)
{
	for (size_t i = 0; i < head->header_count; i++) {
		if (!text_is_folded(head->headers[i].name, "connection"))
			continue;
		struct text value = head->headers[i].value;
		if (!text_is_folded(value, "close") && !text_is_folded(value, "keep-alive"))
			return true;
	}
	return false;
}

int64_t h1_headers_forwards_left(const struct h1_head *head)
{
	int64_t left = -1;
	if (text_is(head->method, "OPTIONS") || text_is(head->method, "TRACE"))
		(void)!text_to_int(h1_head_get(head, "Max-Forwards"), 0, INT32_MAX, &left);
	return left;
}

static bool is_among(struct text name, const struct text *names)
{
	for (; names->at != NULL; names++)
		if (text_equal_folded(name, *names))
			return true;
	return false;
}

int h1_headers_copy_but(const struct h1_head *head, const struct text *but, bool (*keeps)(struct text name), struct buf *out)
{
	bool has_listed = has_listed_headers(head);
	for (size_t i = 0; i < head->header_count; i++) {
		const struct h1_header *header = &head->headers[i];
		if (has_listed ? h1_headers_is_hop_by_hop(head, header->name) : is_always_hop_by_hop(header->name))
			continue;
		if (is_among(header->name, but) || (keeps != NULL && !keeps(header->name)))
			continue;
		if (buf_append_text(out, header->name) < 0 || buf_append(out, ": ", 2) < 0 ||
			buf_append_text(out, header->value) < 0 || buf_append(out, "\r\n", 2) < 0)
			return -1;
	}
	return 0;
}

int h1_headers_copy(const struct h1_head *head, bool (*keeps)(struct text name), struct buf *out)
{
	static const struct text nothing[] = { { NULL, 0 } };
	return h1_headers_copy_but(head, nothing, keeps, out);
}

/* All values of that name, joined as one list. */
static int append_inbound(const struct h1_head *head, struct text name, struct buf *out)
{
	bool is_first = true;
	for (size_t i = 0; i < head->header_count; i++) {
		if (!text_equal_folded(head->headers[i].name, name) || head->headers[i].value.len == 0)
			continue;
		if (!is_first && buf_append(out, ", ", 2) < 0)
			return -1;
		if (buf_append_text(out, head->headers[i].value) < 0)
			return -1;
		is_first = false;
	}
	return 0;
}

static bool has_inbound(const struct h1_head *head, const char *name)
{
	return h1_head_get(head, name).len > 0;
}

/* "name: inbound" where it is believed and there, else "name: own" where that is there; `both` puts own behind inbound. */
static int append_line(const struct h1_head *head, const struct h1_forwarding *forwarding, const char *name, struct text own,
	const char *both, struct buf *out)
{
	bool believes = forwarding->peer_is_trusted && has_inbound(head, name);
	if (!believes && own.at == NULL)
		return 0;
	if (buf_append_terminated(out, name) < 0 || buf_append(out, ": ", 2) < 0)
		return -1;
	if (believes && append_inbound(head, text_of(name), out) < 0)
		return -1;
	if (believes && both != NULL && own.at != NULL && buf_append_terminated(out, both) < 0)
		return -1;
	if ((!believes || both != NULL) && own.at != NULL && buf_append_text(out, own) < 0)
		return -1;
	return buf_append(out, "\r\n", 2);
}

/* What a trusted peer says in Forwarded alone. */
static struct text forwarded_only(
	const struct h1_head *head, const struct h1_forwarding *forwarding, const char *parameter, struct text own)
{
	struct text said = { NULL, 0 };
	if (forwarding->peer_is_trusted)
		said = forwarded_get(h1_head_get(head, "Forwarded"), parameter);
	return said.len > 0 ? said : own;
}

static struct text first_of_list(const struct h1_head *head, const char *name)
{
	struct text list = h1_head_get(head, name);
	return list.at == NULL ? list : text_trim(text_cut(&list, ','));
}

/* The way before us as one kind of header tells it, in the words of the other. */
static int append_converted(const struct h1_head *head, struct buf *out)
{
	struct forwarded_element element = { .host = first_of_list(head, "X-Forwarded-Host"),
		.scheme = first_of_list(head, "X-Forwarded-Proto") };
	bool has_peer = false;
	for (size_t i = 0; i < head->header_count; i++) {
		struct text list = head->headers[i].value;
		if (!text_is_folded(head->headers[i].name, "X-Forwarded-For"))
			continue;
		while (list.at != NULL) {
			element.peer = text_trim(text_cut(&list, ','));
			if (element.peer.len == 0)
				continue;
			if (forwarded_append(&element, out) < 0 || buf_append(out, ", ", 2) < 0)
				return -1;
			has_peer = true;
			element = (struct forwarded_element){ .host = { NULL, 0 } };
		}
	}
	if (has_peer || (element.host.len == 0 && element.scheme.len == 0))
		return 0;
	return forwarded_append(&element, out) < 0 ? -1 : buf_append(out, ", ", 2);
}

static int append_forwarded(const struct h1_head *head, const struct h1_forwarding *forwarding, struct buf *out)
{
	const struct forwarded_element own = { forwarding->client_address, forwarding->host, forwarding->scheme };
	bool has_before = has_inbound(head, "Forwarded");
	if (buf_append_terminated(out, "Forwarded: ") < 0)
		return -1;
	if (forwarding->peer_is_trusted && has_before &&
		(append_inbound(head, TEXT("Forwarded"), out) < 0 || buf_append(out, ", ", 2) < 0))
		return -1;
	if (forwarding->peer_is_trusted && !has_before && append_converted(head, out) < 0)
		return -1;
	return forwarded_append(&own, out) < 0 ? -1 : buf_append(out, "\r\n", 2);
}

int h1_headers_forwarding(const struct h1_head *head, const struct h1_forwarding *forwarding, struct buf *out)
{
	struct text scheme = forwarded_only(head, forwarding, "proto", forwarding->scheme);
	struct text host = forwarded_only(head, forwarding, "host", forwarding->host);
	if (append_line(head, forwarding, "X-Forwarded-For", forwarding->client_address, ", ", out) < 0 ||
		append_line(head, forwarding, "X-Forwarded-Proto", scheme, NULL, out) < 0 ||
		append_line(head, forwarding, "X-Forwarded-Host", host, NULL, out) < 0 ||
		append_line(head, forwarding, "X-Forwarded-Prefix", forwarding->prefix, "", out) < 0)
		return -1;
	return append_forwarded(head, forwarding, out);
}

static struct text believed_base(const struct h1_head *head)
{
	struct text base = first_of_list(head, "X-Forwarded-Prefix");
	while (base.len > 0 && base.at[base.len - 1] == '/')
		base.len--;
	bool is_path = base.len > 1 && base.at[0] == '/' && base.at[1] != '/' && text_holds_only(base, "-._~!$&'()*+=:@%/");
	return is_path ? base : (struct text){ NULL, 0 };
}

struct h1_public h1_headers_public(const struct h1_head *head, const struct h1_forwarding *forwarding)
{
	struct h1_public seen = { .scheme = forwarding->scheme, .host = forwarding->host };
	if (!forwarding->peer_is_trusted)
		return seen;
	struct text scheme = first_of_list(head, "X-Forwarded-Proto"), host = first_of_list(head, "X-Forwarded-Host");
	if (scheme.len == 0)
		scheme = forwarded_only(head, forwarding, "proto", forwarding->scheme);
	if (host.len == 0)
		host = forwarded_only(head, forwarding, "host", forwarding->host);
	if (text_is_folded(scheme, "https"))
		seen.scheme = TEXT("https");
	else if (text_is_folded(scheme, "http"))
		seen.scheme = TEXT("http");
	if (text_holds_only(host, "-._~:[]"))
		seen.host = host;
	seen.base = believed_base(head);
	return seen;
}

/* With '_' for '-' too: CGI and WSGI have one variable for both, so an agent could not tell a client's word from ours. */
static bool is_spelled(struct text name, struct text other)
{
	size_t i = 0;
	if (name.len != other.len)
		return false;
	while (i < name.len && (name.at[i] == '_' ? '-' : text_fold(name.at[i])) == other.at[i])
		i++;
	return i == name.len;
}

bool h1_headers_is_forwarding(struct text name)
{
	static const struct text names[] = { TEXT("x-forwarded-for"), TEXT("x-forwarded-proto"), TEXT("x-forwarded-host"),
		TEXT("x-forwarded-prefix"), TEXT("forwarded") };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_spelled(name, names[i]))
			return true;
	return false;
}
