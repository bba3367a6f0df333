/* SPDX-License-Identifier: Apache-2.0 */
/* The explorer's front door: runs schedules, and tells the story of the one that breaks something. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "test/explore/choice.h"
#include "test/explore/settings.h"
#include "test/explore/story.h"
#include "test/explore/world.h"

#define PROGRESS 10000

static uint64_t seed;
static bool is_walk;

static const char USAGE[] =
	"usage: explore --seeds FROM..TO [--progress]   schedules by their seeds, until one breaks something\n"
	"       explore --seed N [--story]             one of them, told\n"
	"       explore --systematic DEPTH             a small world, each of its first DEPTH delays and faults\n"
	"                                              both ways\n"
	"exit 0: all that must hold held; 1: it did not; 2: wrong usage\n";

/* A bug found by itself (BUG_ON, a bad access) has a seed too. */
static void on_fatal(int signal_number)
{
	char text[160];
	int len = snprintf(text, sizeof(text),
		"%s %" PRIu64 " broke: the daemons hold together: signal %d (tell it by --seed %" PRIu64 " --story)\n",
		is_walk ? "walk" : "seed", seed, signal_number, seed);

	(void)fflush(stdout);
	if (write(STDOUT_FILENO, text, (size_t)len) < 0)
		_exit(3);
	_exit(1);
}

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static int report_break(void)
{
	(void)printf("%s %" PRIu64 " broke: %s: %s\n", is_walk ? "walk" : "seed", seed, story_broken(), story_detail());
	return 1;
}

static int run_seed(uint64_t number, bool is_told)
{
	seed = number;
	settings_by_seed(number);
	return world_run(is_told) ? 0 : report_break();
}

static int run_seeds(uint64_t from, uint64_t to, bool tells_progress)
{
	for (uint64_t number = from; number <= to; number++) {
		if (run_seed(number, false) != 0) {
			(void)run_seed(number, true);
			return 1;
		}
		if (tells_progress && (number - from + 1) % PROGRESS == 0) {
			(void)printf("%" PRIu64 " of %" PRIu64 " schedules, %" PRIu64 " steps, %.0f s of CPU\n", number - from + 1,
				to - from + 1, world_steps(), cpu_seconds());
			(void)fflush(stdout);
		}
	}
	(void)printf(
		"%" PRIu64 " schedules, %" PRIu64 " steps, %.1f s of CPU: all held\n", to - from + 1, world_steps(), cpu_seconds());
	return 0;
}

static int walk(int depth)
{
	is_walk = true;
	settings_for_walk();
	do {
		choice_by_walk(depth);
		if (!world_run(false)) {
			int status = report_break();

			choice_by_walk(depth);
			(void)world_run(true);
			return status;
		}
		seed++;
	} while (choice_next_walk());
	(void)printf("%" PRIu64 " walks, %" PRIu64 " steps, %.1f s of CPU: all held\n", seed, world_steps(), cpu_seconds());
	return 0;
}

static int misuse(void)
{
	(void)fputs(USAGE, stderr);
	return 2;
}

static bool number_in(const char *text, char end, const char **ret_rest, uint64_t *ret_number)
{
	char *rest;

	*ret_number = strtoull(text, &rest, 10);
	*ret_rest = rest;
	return rest != text && *rest == end;
}

int main(int argc, char **argv)
{
	const char *rest;
	uint64_t from, to;

	(void)signal(SIGABRT, on_fatal);
	(void)signal(SIGSEGV, on_fatal);
	json_setup();
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(USAGE, stdout) < 0;
	if (argc < 3 || argc > 4)
		return misuse();
	if (strcmp(argv[1], "--seed") == 0 && number_in(argv[2], '\0', &rest, &from))
		return run_seed(from, argc == 4 && strcmp(argv[3], "--story") == 0);
	if (strcmp(argv[1], "--seeds") == 0 && number_in(argv[2], '.', &rest, &from) && rest[1] == '.' &&
		number_in(rest + 2, '\0', &rest, &to))
		return run_seeds(from, to, argc == 4 && strcmp(argv[3], "--progress") == 0);
	if (strcmp(argv[1], "--systematic") == 0 && number_in(argv[2], '\0', &rest, &from) && from >= 1 && from <= 24)
		return walk((int)from);
	return misuse();
}
