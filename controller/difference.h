/* SPDX-License-Identifier: Apache-2.0 */
/* controller/difference.h — pure: where an object that exists differs, by value, from what we want of it. */
#ifndef KRYPTON_CONTROLLER_DIFFERENCE_H
#define KRYPTON_CONTROLLER_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

#define DIFFERENCE_PATH_BYTES  240
#define DIFFERENCE_VALUE_BYTES 96
#define DIFFERENCES_MAX        24

struct difference {
	char path[DIFFERENCE_PATH_BYTES];  /* "spec.template.spec.containers[agent].image" */
	char seen[DIFFERENCE_VALUE_BYTES]; /* the value there, "" where absent or no scalar; may be a secret */
	bool is_absent;                    /* nothing is there */
	bool is_foreign;                   /* something is there, and our manager does not own it: somebody else changed it */
};

struct differences {
	struct difference items[DIFFERENCES_MAX];
	size_t count;
	bool is_cut; /* there are more */
};

/* Every field of wanted that is not in seen with the same value ("1000m" is "1", 1 is "1" where quantities stand), and every field
   of seen that we own and want no longer. What seen has beyond that is nobody's business. owned: our fieldsV1 of seen, or NULL. */
void differences_find(
	const struct json_t *wanted, const struct json_t *seen, const struct json_t *owned, struct differences *ret_differences);

/* Does any path begin with prefix, whole steps compared? */
bool differences_have(const struct differences *differences, const char *prefix);
bool difference_is_below(const struct difference *difference, const char *prefix);

#endif
