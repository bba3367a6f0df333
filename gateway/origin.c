/* SPDX-License-Identifier: Apache-2.0 */
/* pure. A page that a user happens to visit can make their browser call any address that the browser reaches, also by a name that
   was made to point there: Origin and Host tell, since pages cannot forge them. Other clients send no Origin and are not asked. */
#include "gateway/origin.h"

#include <string.h>

#define METHODS     "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
#define KEEP_S      "7200" /* browsers ask again after this long; the request proper is judged each time */
#define ASKED_BYTES 4096   /* of names that a browser asks for */

const char ORIGIN_EXPOSED[] =
	"Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate, Retry-After, Location, Content-Location, Link, "
	"ETag, A2A-Version, A2A-Extensions, X-A2A-Extensions";

/* What MCP and A2A clients send; what a browser asks for beyond is allowed too, as the agent is the judge of its headers. */
static const char *const REQUEST_HEADERS[] = { "Accept", "Authorization", "Content-Type", "Last-Event-ID", "Mcp-Session-Id",
	"Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name", "A2A-Version", "A2A-Extensions", "X-A2A-Extensions",
	"X-A2A-Notification-Token", "traceparent", "tracestate" };

/* --- texts --- */

/* What is behind the host: ":8080", or nothing. */
static struct text port_of(struct text authority)
{
	for (size_t i = authority.len; i > 0 && authority.at[i - 1] != ']'; i--)
		if (authority.at[i - 1] == ':')
			return (struct text){ authority.at + i - 1, authority.len - i + 1 };
	return authority.len > 0 ? (struct text){ authority.at + authority.len, 0 } : authority; /* HTTP/1.0 may have none */
}

static bool is_authority(struct text authority)
{
	struct text port = port_of(authority);
	struct text host = { authority.at, authority.len - port.len };
	int64_t number;

	if (port.len > 0 && text_to_int((struct text){ port.at + 1, port.len - 1 }, 1, 65535, &number) < 0)
		return false;
	if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		return text_holds_only((struct text){ host.at + 1, host.len - 2 }, ":.");
	return text_holds_only(host, "-._~");
}

/* "scheme://host[:port]" without the scheme's default port, as browsers write it; at == NULL: malformed. */
static struct text canonical(struct text origin)
{
	const struct text none = { NULL, 0 };
	struct text scheme = origin, authority, port;
	size_t mark = 0;

	while (mark < origin.len && origin.at[mark] != ':')
		mark++;
	scheme.len = mark;
	if (origin.len > ORIGIN_MAX_BYTES || !text_holds_only(scheme, "+-.") || origin.len < mark + 3 ||
		memcmp(origin.at + mark, "://", 3) != 0)
		return none;
	authority = (struct text){ origin.at + mark + 3, origin.len - mark - 3 };
	if (!is_authority(authority))
		return none;
	port = port_of(authority);
	if ((text_is_folded(scheme, "http") && text_is(port, ":80")) || (text_is_folded(scheme, "https") && text_is(port, ":443")))
		origin.len -= port.len;
	return origin;
}

/* --- the lists --- */

int origin_list_parse(const char *text, struct origin_list *ret_list, struct err *err)
{
	struct origin_list list = { .is_set = text != NULL && text[0] != '\0' };
	struct text rest = text_of(list.is_set ? text : NULL);

	if (list.is_set && strcmp(text, "*") == 0) {
		list.is_any = true;
		rest.at = NULL;
	}
	while (rest.at != NULL) {
		struct text item = text_trim(text_cut(&rest, ',')), origin = canonical(item);

		if (origin.at == NULL)
			return err_set(err, ERR_INVALID, "\"%.*s\" is not an origin like https://app.example.com", TEXT_ARGS(item));
		if (list.count == ORIGIN_MAX)
			return err_set(err, ERR_INVALID, "more than %d origins", ORIGIN_MAX);
		list.origins[list.count++] = origin;
	}
	*ret_list = list;
	return 0;
}

int host_list_parse(const char *text, struct host_list *ret_list, struct err *err)
{
	struct host_list list = { .is_set = text != NULL && text[0] != '\0' };
	struct text rest = text_of(list.is_set ? text : NULL);

	while (rest.at != NULL) {
		struct text item = text_trim(text_cut(&rest, ','));

		if (!is_authority(item))
			return err_set(err, ERR_INVALID, "\"%.*s\" is not a host name, with or without a port", TEXT_ARGS(item));
		if (list.count == ORIGIN_MAX)
			return err_set(err, ERR_INVALID, "more than %d host names", ORIGIN_MAX);
		list.hosts[list.count++] = item;
	}
	*ret_list = list;
	return 0;
}

/* --- judging --- */

static bool is_among(struct text origin, const struct origin_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_equal_folded(origin, list->origins[i]))
			return true;
	return false;
}

enum origin_verdict origin_judge(const struct origin_list *list, const struct h1_head *request, struct text *ret_origin)
{
	struct text sent = { NULL, 0 }, origin;

	for (size_t i = 0; i < request->header_count; i++) {
		if (!text_is_folded(request->headers[i].name, "origin"))
			continue;
		if (sent.at != NULL)
			return ORIGIN_FORBIDDEN;
		sent = request->headers[i].value;
	}
	if (sent.at == NULL)
		return ORIGIN_NONE;
	origin = canonical(sent);
	if (origin.at == NULL)
		return ORIGIN_FORBIDDEN;
	if (!list->is_any && !is_among(origin, list))
		return ORIGIN_FORBIDDEN;
	*ret_origin = sent;
	return ORIGIN_ALLOWED;
}

bool host_is_allowed(const struct host_list *list, struct text authority)
{
	struct text host = { authority.at, authority.len - port_of(authority).len };

	if (!list->is_set)
		return true;
	for (size_t i = 0; i < list->count; i++)
		if (text_equal_folded(authority, list->hosts[i]) || text_equal_folded(host, list->hosts[i]))
			return true;
	return false;
}

/* --- what browsers are told --- */

bool origin_is_preflight(const struct h1_head *request)
{
	return text_is(request->method, "OPTIONS") && h1_head_get(request, "Access-Control-Request-Method").at != NULL;
}

static bool is_listed(struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(REQUEST_HEADERS); i++)
		if (text_is_folded(name, REQUEST_HEADERS[i]))
			return true;
	return false;
}

/* Ours, and what is asked for beyond where it is a name at all. */
static int append_request_headers(struct text asked, struct buf *out)
{
	if (buf_append_terminated(out, "Access-Control-Allow-Headers: ") < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(REQUEST_HEADERS); i++)
		if (buf_format(out, "%s%s", i > 0 ? ", " : "", REQUEST_HEADERS[i]) < 0)
			return -1;
	while (asked.at != NULL && asked.len <= ASKED_BYTES) {
		struct text name = text_trim(text_cut(&asked, ','));

		if (h1_is_token(name) && !is_listed(name) && (buf_append(out, ", ", 2) < 0 || buf_append_text(out, name) < 0))
			return -1;
	}
	return buf_append(out, "\r\n", 2);
}

static int append_allowed(struct text origin, struct buf *out)
{
	return buf_format(out, "Access-Control-Allow-Origin: %.*s\r\n", TEXT_ARGS(origin));
}

int origin_append_preflight(const struct h1_head *request, struct text origin, struct buf *out)
{
	if (append_allowed(origin, out) < 0 || buf_append_terminated(out, "Access-Control-Allow-Methods: " METHODS "\r\n") < 0 ||
		append_request_headers(h1_head_get(request, "Access-Control-Request-Headers"), out) < 0)
		return -1;
	return buf_append_terminated(out,
		"Access-Control-Max-Age: " KEEP_S "\r\n"
		"Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n");
}

int origin_append_answer(struct text origin, struct buf *out)
{
	if (append_allowed(origin, out) < 0)
		return -1;
	return buf_format(out, "Access-Control-Expose-Headers: %s\r\nVary: Origin\r\n", ORIGIN_EXPOSED);
}
