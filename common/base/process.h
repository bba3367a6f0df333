/* SPDX-License-Identifier: Apache-2.0 */
/* base/process.h — what the kernel counts of this process, for the process_* metrics. */
#ifndef KRYPTON_BASE_PROCESS_H
#define KRYPTON_BASE_PROCESS_H

#include <stdint.h>

struct process_usage {
	double cpu_seconds;        /* user and system */
	double start_time_seconds; /* since 1970 */
	int64_t resident_bytes, virtual_bytes;
	int64_t open_fds, max_fds;
};

/* What cannot be read (no /proc) is 0. */
struct process_usage process_usage_read(void);

#endif
