/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets at the gateway: what is stripped and what is left are together the target, names hold no slash, and what is left
   cannot climb out of the prefix. */
#include "gateway/agent_path.h"

#include "net/uri.h"
#include "test/fuzz/property.h"

static struct h1_head head;

/* The target as a request's head, so that only what the parser lets through comes here. */
static bool parse(struct text target, char *room)
{
	static const struct text before = TEXT("GET "), behind = TEXT(" HTTP/1.1\r\nHost: a\r\n\r\n");
	const char *why = NULL;
	int status = 0;
	memcpy(room, before.at, before.len);
	memcpy(room + before.len, target.at, target.len);
	memcpy(room + before.len + target.len, behind.at, behind.len);
	struct text bytes = { room, before.len + target.len + behind.len };
	return h1_head_parse_request(bytes, 4096, 1024, &head, &status, &why) == H1_DONE && head.bytes == bytes.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char room[4096];
	struct agent_path path;
	struct text name_space, name, prefix;

	if (len > 1024 || !parse((struct text){ (const char *)bytes, len }, room) || !agent_path_parse(&head, &path))
		return 0;
	name_space = path.name_space;
	name = path.name;
	prefix = path.prefix;
	HOLDS(name_space.len > 0 && memchr(name_space.at, '/', name_space.len) == NULL);
	HOLDS(name.len > 0 && memchr(name.at, '/', name.len) == NULL);
	HOLDS(text_has_prefix(prefix, AGENT_PATH_PREFIX) &&
		prefix.len == strlen(AGENT_PATH_PREFIX) + name_space.len + 1 + name.len);
	HOLDS(prefix.at == head.path.at && is_within(head.target, prefix) && is_within(head.target, path.rest));
	HOLDS(path.rest.at == prefix.at + prefix.len);
	HOLDS(path.rest.at + path.rest.len == head.target.at + head.target.len);
	HOLDS(path.rest.len == 0 || path.rest.at[0] == '/' || path.rest.at[0] == '?');
	HOLDS(!uri_has_dot_dot((struct text){ path.rest.at, (size_t)(head.path.at + head.path.len - path.rest.at) }));
	return 0;
}
