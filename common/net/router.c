/* SPDX-License-Identifier: Apache-2.0 */
/* pure. Which row of a route table a method and a path belong to. Segments are compared as sent: no decoding, no tidying. */
#include "net/router.h"

#include <stdbool.h>
#include <string.h>

static bool is_parameter(struct text segment)
{
	return segment.len >= 2 && segment.at[0] == '{' && segment.at[segment.len - 1] == '}';
}

static bool is_remainder(struct text segment)
{
	return is_parameter(segment) && segment.len >= 5 && memcmp(segment.at + segment.len - 4, "...", 3) == 0;
}

static void add_parameter(struct router_match *match, struct text value)
{
	BUG_ON(match->parameter_count == ROUTER_MAX_PARAMETERS);
	match->parameters[match->parameter_count++] = value;
}

static bool path_matches(struct text pattern, struct text path, struct router_match *match)
{
	while (pattern.at != NULL && path.at != NULL) {
		struct text remainder = path;
		struct text want = text_cut(&pattern, '/');
		struct text have = text_cut(&path, '/');

		if (is_remainder(want)) {
			add_parameter(match, remainder);
			return true;
		}
		if (is_parameter(want) && have.len > 0)
			add_parameter(match, have);
		else if (!text_equal(want, have))
			return false;
	}
	return pattern.at == NULL && path.at == NULL;
}

enum router_result router_find(
	const char *const *patterns, size_t count, struct text method, struct text path, struct router_match *ret_match)
{
	enum router_result result = ROUTER_NO_PATH;

	if (path.len == 0 || path.at[0] != '/')
		return ROUTER_NO_PATH;
	for (size_t i = 0; i < count; i++) {
		struct router_match match = { .row = (int)i };
		struct text pattern = text_of(patterns[i]);
		struct text row_method = text_cut(&pattern, ' ');

		if (!path_matches(pattern, path, &match))
			continue;
		if (text_equal(row_method, method) || (text_is(method, "HEAD") && text_is(row_method, "GET"))) {
			*ret_match = match;
			return ROUTER_FOUND;
		}
		result = ROUTER_NO_METHOD;
	}
	return result;
}
