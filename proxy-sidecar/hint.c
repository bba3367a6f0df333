/* SPDX-License-Identifier: Apache-2.0 */
/* hint.c — pure: names are put into words; what is to be done about what is said where it is found. */
#include "proxy-sidecar/hint.h"

#include <string.h>

#define NAMESPACE "{namespace}"
#define AGENT     "{agent}"

int hint_append(const char *words, const char *name_space, const char *agent, struct buf *out)
{
	while (*words != '\0') {
		struct text part = { words, strcspn(words, "{") };
		size_t used = part.len;

		if (strncmp(words, NAMESPACE, strlen(NAMESPACE)) == 0) {
			part = text_of(name_space);
			used = strlen(NAMESPACE);
		} else if (strncmp(words, AGENT, strlen(AGENT)) == 0) {
			part = text_of(agent);
			used = strlen(AGENT);
		} else if (part.len == 0) {
			used = part.len = 1; /* a brace of JSON */
		}
		if (buf_append_text(out, part) == -1)
			return -1;
		words += used;
	}
	return 0;
}
