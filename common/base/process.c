/* SPDX-License-Identifier: Apache-2.0 */
/* base/process.c — reads /proc/self at each scrape. Files of a line each; nothing here waits. */
#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_BYTES 1024

static struct text line_read(const char *path, char out[LINE_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd == -1 ? -1 : read(fd, out, LINE_BYTES);

	if (fd != -1)
		(void)close(fd);
	return (struct text){ .at = out, .len = len > 0 ? (size_t)len : 0 };
}

/* The n-th word from 0; 0 where it is no number. */
static int64_t word_number(struct text line, int n)
{
	struct text word = { 0 };
	int64_t value;

	for (int i = 0; i <= n; i++)
		word = text_cut(&line, ' ');
	return text_to_int(word, 0, INT64_MAX, &value) == -1 ? 0 : value;
}

static double clock_seconds(clockid_t clock)
{
	struct timespec now = { 0 };

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void read_memory(struct process_usage *usage)
{
	char bytes[LINE_BYTES];
	struct text line = line_read("/proc/self/statm", bytes);
	int64_t page = sysconf(_SC_PAGESIZE);

	usage->virtual_bytes = word_number(line, 0) * page;
	usage->resident_bytes = word_number(line, 1) * page;
}

/* The kernel tells ticks since boot; the name in parentheses may hold blanks, so words count from its end. */
static void read_start(struct process_usage *usage)
{
	char bytes[LINE_BYTES];
	struct text line = line_read("/proc/self/stat", bytes);
	const char *name_end = memrchr(line.at, ')', line.len);

	if (name_end == NULL || line.len < (size_t)(name_end - line.at) + 2)
		return;
	size_t skipped = (size_t)(name_end - line.at) + 2;
	int64_t ticks = word_number((struct text){ .at = line.at + skipped, .len = line.len - skipped }, 19);
	double age = clock_seconds(CLOCK_BOOTTIME) - (double)ticks / (double)sysconf(_SC_CLK_TCK);
	usage->start_time_seconds = clock_seconds(CLOCK_REALTIME) - age;
}

static void read_descriptors(struct process_usage *usage)
{
	struct rlimit limit = { 0 };
	DIR *folder = opendir("/proc/self/fd");

	for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL; entry = readdir(folder))
		usage->open_fds += entry->d_name[0] == '.' ? 0 : 1;
	if (folder != NULL) {
		(void)closedir(folder);
		usage->open_fds--; /* the folder's own */
	}
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	usage->max_fds = (int64_t)limit.rlim_cur;
}

struct process_usage process_usage_read(void)
{
	struct process_usage usage = { .cpu_seconds = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) };

	read_memory(&usage);
	read_start(&usage);
	read_descriptors(&usage);
	return usage;
}
