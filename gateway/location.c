/* SPDX-License-Identifier: Apache-2.0 */
/* pure. An agent knows itself as 127.0.0.1:PORT, at the root of its own paths: what it says of itself is put behind the prefix, and
   behind the public scheme and host where it named its own. An agent that has read X-Forwarded-Prefix has done so itself. */
#include "gateway/location.h"

#include <string.h>

#include "krypton/ports.h"

struct reference {
	struct text scheme;    /* at == NULL: none */
	struct text authority; /* likewise */
	struct text path;      /* up to the query */
	struct text tail;      /* "?query#fragment" */
};

static struct text from(struct text text, size_t at)
{
	return (struct text){ text.at + at, text.len - at };
}

static size_t find_any(struct text text, const char *marks)
{
	size_t at = 0;

	while (at < text.len && (text.at[at] == '\0' || strchr(marks, text.at[at]) == NULL))
		at++;
	return at;
}

/* RFC 3986 appendix B. */
static struct reference split(struct text value)
{
	struct reference parts = { 0 };
	size_t end = find_any(value, ":/?#");

	if (end > 0 && end < value.len && value.at[end] == ':') {
		parts.scheme = (struct text){ value.at, end };
		value = from(value, end + 1);
	}
	if (text_has_prefix(value, "//")) {
		value = from(value, 2);
		end = find_any(value, "/?#");
		parts.authority = (struct text){ value.at, end };
		value = from(value, end);
	}
	end = find_any(value, "?#");
	parts.path = (struct text){ value.at, end };
	parts.tail = from(value, end);
	return parts;
}

/* --- is it the agent itself? --- */

static bool is_service_host(struct text host, const struct location_place *place)
{
	struct text label = text_cut(&host, '.');

	if (!text_equal(label, place->name))
		return false;
	if (host.at == NULL)
		return true;
	label = text_cut(&host, '.');
	if (!text_equal(label, place->name_space))
		return false;
	return host.at == NULL || text_is(text_cut(&host, '.'), "svc"); /* behind it any cluster domain */
}

static bool is_loopback(struct text host)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "::1", "0.0.0.0", "::" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (text_is_folded(host, names[i]))
			return true;
	return false;
}

static bool cut_port(struct text *host, int64_t *ret_port)
{
	struct text port = { NULL, 0 };
	bool has_brackets = host->len > 0 && host->at[0] == '[';
	size_t end = find_any(*host, has_brackets ? "]" : ":");

	if (has_brackets) {
		if (end == host->len)
			return false;
		port = from(*host, end + 1);
		*host = (struct text){ host->at + 1, end - 1 };
	} else if (end < host->len) {
		port = from(*host, end);
		host->len = end;
	}
	*ret_port = 80;
	if (port.len == 0)
		return true;
	return port.at[0] == ':' && text_to_int(from(port, 1), 1, 65535, ret_port) == 0;
}

static bool is_agent_itself(struct text authority, const struct location_place *place)
{
	struct text host = authority;
	int64_t port;

	if (!cut_port(&host, &port))
		return false;
	if (text_equal(host, place->pod_ip))
		return port == place->port || port == PORT_PROXY;
	return port == place->port && (is_loopback(host) || is_service_host(host, place));
}

/* --- paths --- */

/* The number of dots where a segment is "." or "..", raw or encoded; else 0. */
static int dots_of(struct text segment)
{
	int dots = 0;

	while (segment.len > 0) {
		if (segment.at[0] == '.')
			segment = from(segment, 1);
		else if (text_has_prefix_folded(segment, "%2e"))
			segment = from(segment, 3);
		else
			return 0;
		dots++;
	}
	return dots <= 2 ? dots : 0;
}

static bool has_dots(struct text path)
{
	while (path.at != NULL)
		if (dots_of(text_cut(&path, '/')) > 0)
			return true;
	return false;
}

static void drop_segment(struct buf *out, size_t root)
{
	struct text whole = buf_text(out);

	while (whole.len > root && whole.at[whole.len - 1] != '/')
		whole.len--;
	buf_truncate(out, whole.len > root ? whole.len - 1 : root);
}

/* RFC 3986 section 5.2.4, so that a client cannot resolve it to above the prefix. Appends a path that begins with a slash. */
static int append_path(struct text path, struct buf *out)
{
	size_t root = buf_len(out);
	int dots = 0;

	bool has_slash = path.len > 0 && path.at[0] == '/';

	if (!has_dots(path))
		return !has_slash && buf_append(out, "/", 1) < 0 ? -1 : buf_append_text(out, path);
	if (has_slash)
		path = from(path, 1);
	while (path.at != NULL) {
		struct text segment = text_cut(&path, '/');

		dots = dots_of(segment);
		if (dots == 2)
			drop_segment(out, root);
		if (dots == 0 && (buf_append(out, "/", 1) < 0 || buf_append_text(out, segment) < 0))
			return -1;
	}
	return dots > 0 || buf_len(out) == root ? buf_append(out, "/", 1) : 0;
}

static bool is_below(struct text path, struct text base, struct text prefix)
{
	size_t len = base.len + prefix.len;

	if (path.len < len || memcmp(path.at, base.at != NULL ? base.at : "", base.len) != 0 ||
		memcmp(path.at + base.len, prefix.at, prefix.len) != 0)
		return false;
	return (path.len == len || path.at[len] == '/') && !has_dots(path);
}

/* An absolute path of the agent's, below the public prefix. */
static int append_public_path(struct text path, const struct location_place *place, struct buf *out)
{
	const struct text none = { NULL, 0 };

	if (is_below(path, place->outside.base, place->prefix))
		return buf_append_text(out, path);
	if (buf_append_text(out, place->outside.base) < 0)
		return -1;
	if (!is_below(path, none, place->prefix) && buf_append_text(out, place->prefix) < 0)
		return -1;
	return append_path(path, out);
}

/* --- the three kinds of reference --- */

static int append_origin(const struct reference *parts, const struct location_place *place, struct buf *out)
{
	if (parts->scheme.at != NULL && (buf_append_text(out, place->outside.scheme) < 0 || buf_append(out, ":", 1) < 0))
		return -1;
	return buf_append(out, "//", 2) < 0 ? -1 : buf_append_text(out, place->outside.host);
}

static bool map_absolute(const struct reference *parts, const struct location_place *place, struct buf *out)
{
	bool is_web = parts->scheme.at == NULL || text_is_folded(parts->scheme, "http") || text_is_folded(parts->scheme, "https");

	if (!is_web || !is_agent_itself(parts->authority, place))
		return false;
	if (place->outside.host.len > 0 && (append_origin(parts, place, out) < 0))
		return false;
	return append_public_path(parts->path, place, out) == 0 && buf_append_text(out, parts->tail) == 0;
}

static bool map_absolute_path(const struct reference *parts, const struct location_place *place, struct buf *out)
{
	if (is_below(parts->path, place->outside.base, place->prefix))
		return false;
	return append_public_path(parts->path, place, out) == 0 && buf_append_text(out, parts->tail) == 0;
}

/* Clients resolve it against our path as the agent meant it against its own: that differs where the agent saw "/" for a bare path,
   and where it climbs. */
static bool map_relative(const struct reference *parts, const struct location_place *place, struct buf *out)
{
	bool is_bare = place->rest.len == 0 || place->rest.at[0] != '/';
	struct text folder = { place->rest.at, is_bare ? 0 : find_any(place->rest, "?") };

	if (parts->path.len == 0 || (!is_bare && !has_dots(parts->path)))
		return false;
	while (folder.len > 0 && folder.at[folder.len - 1] != '/')
		folder.len--;
	scoped_buf path = { .cap = out->cap };
	if (buf_append_text(&path, folder) < 0 || (folder.len == 0 && buf_append(&path, "/", 1) < 0) ||
		buf_append_text(&path, parts->path) < 0)
		return false;
	return append_public_path(buf_text(&path), place, out) == 0 && buf_append_text(out, parts->tail) == 0;
}

bool location_map(struct text value, const struct location_place *place, struct buf *out)
{
	struct reference parts = split(value);

	if (parts.authority.at != NULL)
		return map_absolute(&parts, place, out);
	if (parts.scheme.at != NULL)
		return false;
	if (parts.path.len > 0 && parts.path.at[0] == '/')
		return map_absolute_path(&parts, place, out);
	return map_relative(&parts, place, out);
}
