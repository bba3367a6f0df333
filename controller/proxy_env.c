/* SPDX-License-Identifier: Apache-2.0 */
/* controller/proxy_env.c — pure: a name outside krypton-proxy's limits would change what the Agent or we ourselves say to it, and a
   value that it does not take would end it in every pod: both end the controller instead. */
#include "controller/proxy_env.h"

#include <stdio.h>

#include "base/options.h"
#include "krypton/proxy_limits.h"

#define VALUE_BYTES 64

#define LIMIT(variable, kind, field, ordinary, least, most, words) { .env = variable, .type = kind, .min = least, .max = most },

static const struct option limits[] = { PROXY_LIMITS(LIMIT) };

bool proxy_env_next(struct text *rest, struct text *ret_name, struct text *ret_value)
{
	if (rest->at == NULL || rest->len == 0)
		return false;
	struct text pair = text_cut(rest, ',');
	*ret_name = text_trim(text_cut(&pair, '='));
	*ret_value = text_trim(pair);
	return true;
}

static const struct option *limit_by_name(struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (text_is(name, limits[i].env))
			return &limits[i];
	}
	return NULL;
}

int proxy_env_check(const char *list, struct err *err)
{
	struct text rest = text_of(list), name, value;
	unsigned seen = 0;

	while (proxy_env_next(&rest, &name, &value)) {
		const struct option *limit = limit_by_name(name);
		char text[VALUE_BYTES];

		if (limit == NULL)
			return err_set(err, ERR_INVALID, "%.*s: is no deadline or cap of krypton-proxy", TEXT_ARGS(name));
		if ((seen & 1U << (limit - limits)) != 0)
			return err_set(err, ERR_INVALID, "%s: is set twice", limit->env);
		seen |= 1U << (limit - limits);
		if (value.len >= sizeof(text))
			return err_set(err, ERR_INVALID, "%s: its value is too long", limit->env);
		(void)snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(value));
		if (option_check(limit, text, err) == -1)
			return -1;
	}
	return 0;
}
