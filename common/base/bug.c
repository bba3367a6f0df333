/* SPDX-License-Identifier: Apache-2.0 */
/* base/bug.c — the end of the process when something that cannot happen has happened. No allocation, no stdio. */
#include "base/attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

void bug_report(const char *file, int line, const char *condition)
{
	char report[512];
	int len = snprintf(report, sizeof(report), "bug: %s:%d: %s\n", file, line, condition);

	log_flush();
	if (len >= (int)sizeof(report))
		len = (int)sizeof(report) - 1;
	if (len > 0)
		(void)!write(STDERR_FILENO, report, (size_t)len);
	abort();
}
