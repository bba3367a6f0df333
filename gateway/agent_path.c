/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Strips exactly /v1/agents/{namespace}/{name}: percent-encoding and doubled slashes behind it are the agent's business, and
   the engine has refused `..` segments already. */
#include "gateway/agent_path.h"

#include <string.h>

bool agent_path_parse(const struct h1_head *head, struct agent_path *ret_path)
{
	struct text left = head->path;
	const char *end = head->query.at != NULL ? head->query.at + head->query.len : head->path.at + head->path.len;
	struct text name_space, name;

	if (!text_has_prefix(left, AGENT_PATH_PREFIX))
		return false;
	left.at += strlen(AGENT_PATH_PREFIX);
	left.len -= strlen(AGENT_PATH_PREFIX);
	name_space = text_cut(&left, '/');
	if (left.at == NULL)
		return false;
	name = text_cut(&left, '/');
	if (name_space.len == 0 || name.len == 0)
		return false;
	ret_path->name_space = name_space;
	ret_path->name = name;
	ret_path->prefix = (struct text){ .at = head->path.at, .len = (size_t)(name.at + name.len - head->path.at) };
	ret_path->rest = (struct text){ .at = name.at + name.len, .len = (size_t)(end - (name.at + name.len)) };
	return true;
}
