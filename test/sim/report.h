/* SPDX-License-Identifier: Apache-2.0 */
/* report.h — what a run has shown, for people: a table over time, a summary, and a picture in characters or SVG. */
#ifndef KRYPTON_SIM_REPORT_H
#define KRYPTON_SIM_REPORT_H

#include <stdio.h>

#include "test/sim/world.h"

/* One line each step seconds. */
void report_table(const struct sim_result *result, int step_s, FILE *to);
void report_summary(const char *title, const struct sim_result *result, FILE *to);
/* Work and pods over time, in columns * rows characters. */
void report_chart(const struct sim_result *result, int concurrency, FILE *to);
void report_svg(const char *title, const struct sim_result *result, int concurrency, FILE *to);

#endif
