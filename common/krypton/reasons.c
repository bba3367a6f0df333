/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/reasons.c — pure: the catalogue's words, looked up both ways. */
#include "krypton/reasons.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	bool lasts;
	const char *sentence;
} rows[] = {
#define REASON_ROW(identifier, word, lasts, sentence) { word, lasts, sentence },
	REASONS(REASON_ROW)
#undef REASON_ROW
};

const char *reason_name(enum reason reason)
{
	BUG_ON((size_t)reason >= ARRAY_LEN(rows));
	return rows[reason].name;
}

const char *reason_sentence(enum reason reason)
{
	BUG_ON((size_t)reason >= ARRAY_LEN(rows));
	return rows[reason].sentence;
}

bool reason_is_lasting(enum reason reason)
{
	BUG_ON((size_t)reason >= ARRAY_LEN(rows));
	return rows[reason].lasts;
}

int reason_parse(const char *name, enum reason *ret_reason)
{
	for (size_t i = 0; name != NULL && i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*ret_reason = (enum reason)i;
			return 0;
		}
	}
	return -1;
}
