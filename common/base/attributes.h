/* SPDX-License-Identifier: Apache-2.0 */
/* base/attributes.h — the few compiler attributes and assertions everybody uses. */
#ifndef KRYPTON_BASE_ATTRIBUTES_H
#define KRYPTON_BASE_ATTRIBUTES_H

/* The result must be looked at; gcc does not take `(void)` for a look: test it. */
#define must_check __attribute__((warn_unused_result))

/* Checks arguments against a printf format; both counted from 1. */
#define printf_like(template, first) __attribute__((format(printf, template, first)))

/* Declares `struct NAME *` that NAME_free(&variable) frees on every way out of the block. */
#define scoped(name) __attribute__((cleanup(name##_free), unused)) struct name *

/* Ends the process when something that cannot happen has happened. Never for input. */
#define BUG_ON(condition)                                           \
	do {                                                        \
		if (__builtin_expect(!!(condition), 0))             \
			bug_report(__FILE__, __LINE__, #condition); \
	} while (0)

/* Writes where and what to standard error and aborts. Called by BUG_ON alone. */
void bug_report(const char *file, int line, const char *condition) __attribute__((noreturn, cold));

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
