/* SPDX-License-Identifier: Apache-2.0 */
/* base/options.h — settings as a table: one row is parser, --help line and /configz entry. */
#ifndef KRYPTON_BASE_OPTIONS_H
#define KRYPTON_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"

struct json_t;

enum option_type {
	OPTION_TEXT,     /* const char *; valid as long as argv and the environment */
	OPTION_INT,      /* int64_t in [min, max] */
	OPTION_BOOL,     /* bool; `--x`, `--x=true`, `--x=false` */
	OPTION_BYTES,    /* int64_t; "64Mi", "512Ki", "1048576" */
	OPTION_DURATION, /* int64_t ms in [min, max]; "1h", "300s" */
	OPTION_CHOICE,   /* int, or an enum: the place in choices */
	OPTION_ADDRESS,  /* const char *; ":8080" or "127.0.0.1:8080" or "[::1]:8080" */
};

struct option {
	const char *name; /* flag without dashes; NULL: only the environment sets it */
	const char *env;  /* variable; NULL: only the flag sets it. A flag wins over its variable; an empty variable is unset. */
	enum option_type type;
	size_t offset;              /* offsetof() in the daemon's options struct */
	const char *fallback;       /* as it would be typed; NULL: unset (NULL, 0, false) */
	int64_t min, max;           /* INT, BYTES, DURATION; both 0: not negative */
	const char *const *choices; /* CHOICE: the words, NULL behind the last */
	const char *sentence;       /* for --help */
	bool secret;                /* masked in /configz and in errors */
};

enum options_result {
	OPTIONS_RUN,   /* go on */
	OPTIONS_DONE,  /* --help or --version was printed: exit 0 */
	OPTIONS_WRONG, /* err names flag or variable and value: print it as one line, exit 2 */
};

/* program and version serve --help and --version. Flags are `--name=value` or `--name value`. */
enum options_result options_parse(const struct option *table, size_t count, void *target, const char *program, const char *version,
	const char *purpose, int argc, char **argv, struct err *err);

/* Would that row take this text? -1: err names the row and says what it should be. For settings that another program gets. */
int option_check(const struct option *option, const char *text, struct err *err) must_check;

/* The effective settings by flag (or variable) name, secrets masked: for /configz. The caller owns the object. */
struct json_t *options_to_json(const struct option *table, size_t count, const void *target);

#endif
