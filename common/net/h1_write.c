/* SPDX-License-Identifier: Apache-2.0 */
/* net/h1_write.c — pure: composes heads. Length and end-to-end headers are copied; hop-by-hop ones are ours. */
#include "net/h1_write.h"

#include "net/h1_headers.h"
#include "net/h1_status.h"

static int append_line(struct buf *out, const char *name, struct text value)
{
	if (buf_append_terminated(out, name) < 0 || buf_append(out, ": ", 2) < 0 || buf_append_text(out, value) < 0)
		return -1;
	return buf_append(out, "\r\n", 2);
}

/* Behind what others have said: the last one is who sent it to the next. */
static int append_via(struct buf *out, const struct h1_head *head, const char *name)
{
	if (name == NULL)
		return 0;
	if (buf_append_terminated(out, head->version_minor == 0 ? "Via: 1.0 " : "Via: 1.1 ") < 0 ||
		buf_append_terminated(out, name) < 0)
		return -1;
	return buf_append(out, "\r\n", 2);
}

int h1_write_request(const struct h1_head *head, const struct h1_request_out *request, struct buf *out)
{
	struct text but[4] = { TEXT("host") };
	size_t but_count = 1;
	int64_t forwards_left = h1_headers_forwards_left(head);
	/* HTTP/1.0 knows no expectation (RFC 9110 section 10.1.1). */
	bool is_expecting = head->expects_continue || request->expects_continue || head->version_minor == 0;
	if (is_expecting)
		but[but_count++] = TEXT("expect");
	if (forwards_left > 0)
		but[but_count++] = TEXT("max-forwards");
	if (buf_append_text(out, head->method) < 0 || buf_append(out, " ", 1) < 0 || buf_append_text(out, request->target) < 0 ||
		buf_append_terminated(out, " HTTP/1.1\r\n") < 0 || append_line(out, "Host", request->host) < 0)
		return -1;
	if (h1_headers_copy_but(head, but, request->keeps, out) < 0 || append_via(out, head, request->via) < 0 ||
		buf_append_text(out, request->extra) < 0)
		return -1;
	if (forwards_left > 0 && buf_format(out, "Max-Forwards: %lld\r\n", (long long)forwards_left - 1) < 0)
		return -1;
	if (head->is_chunked && append_line(out, "Transfer-Encoding", TEXT("chunked")) < 0)
		return -1;
	if (request->expects_continue && append_line(out, "Expect", TEXT("100-continue")) < 0)
		return -1;
	if (request->asks_upgrade &&
		(append_line(out, "Connection", TEXT("upgrade")) < 0 || append_line(out, "Upgrade", head->upgrade) < 0))
		return -1;
	return buf_append(out, "\r\n", 2);
}

static int append_status_line(struct buf *out, int status, struct text reason)
{
	char code[] = { ' ', (char)('0' + status / 100), (char)('0' + status / 10 % 10), (char)('0' + status % 10), ' ' };
	if (buf_append_terminated(out, "HTTP/1.1") < 0 || buf_append(out, code, sizeof(code)) < 0 ||
		buf_append_text(out, reason) < 0)
		return -1;
	return buf_append(out, "\r\n", 2);
}

int h1_write_answer(const struct h1_head *head, const struct h1_answer_out *answer, struct buf *out)
{
	/* RFC 9110 section 8.6: no length where there cannot be a body. */
	static const struct text nothing[] = { { NULL, 0 } }, length[] = { TEXT("content-length"), { NULL, 0 } };
	bool drops_length = head->status < 200 || head->status == 204;
	if (append_status_line(out, head->status, head->reason) < 0 ||
		h1_headers_copy_but(head, drops_length ? length : nothing, answer->keeps, out) < 0 ||
		buf_append_text(out, answer->extra) < 0)
		return -1;
	if (head->status >= 200 && h1_head_get(head, "Date").at == NULL && buf_append_text(out, answer->date) < 0)
		return -1;
	if (answer->is_chunked && append_line(out, "Transfer-Encoding", TEXT("chunked")) < 0)
		return -1;
	/* RFC 9110 sections 7.8 and 15.5.22: where a client may ask for a protocol, 426 must say which. */
	bool says_upgrade = head->status == 101 || (head->status == 426 && head->upgrade.at != NULL);
	if (says_upgrade && (append_line(out, "Connection", TEXT("upgrade")) < 0 || append_line(out, "Upgrade", head->upgrade) < 0))
		return -1;
	if (answer->closes && append_line(out, "Connection", TEXT("close")) < 0)
		return -1;
	if (!answer->closes && answer->says_keep_alive && append_line(out, "Connection", TEXT("keep-alive")) < 0)
		return -1;
	return buf_append(out, "\r\n", 2);
}

bool h1_answer_needs_close(enum h1_body_kind kind, int client_version_minor)
{
	return kind == H1_BODY_UNTIL_CLOSE || (kind == H1_BODY_CHUNKED && client_version_minor == 0);
}

int h1_write_own_answer(const struct h1_own_answer *answer, struct buf *out)
{
	if (append_status_line(out, answer->status, text_of(h1_status_reason(answer->status))) < 0)
		return -1;
	if (answer->content_type != NULL && append_line(out, "Content-Type", text_of(answer->content_type)) < 0)
		return -1;
	if (answer->body_len >= 0 && buf_format(out, "Content-Length: %lld\r\n", (long long)answer->body_len) < 0)
		return -1;
	if (buf_append_text(out, answer->date) < 0 || buf_append_text(out, answer->extra) < 0 ||
		(answer->closes && append_line(out, "Connection", TEXT("close")) < 0))
		return -1;
	return buf_append(out, "\r\n", 2);
}
