/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures show load in pods (running and waiting, divided by the concurrency), so that it and the pods share one axis. */
#include "test/sim/report.h"

#define CHART_COLUMNS 100
#define CHART_LINES   16
#define SVG_COLUMNS   436
#define SVG_WIDTH     960
#define SVG_HEIGHT    280
#define SVG_MARGIN    44

void report_table(const struct sim_result *result, int step_s, FILE *to)
{
	(void)fprintf(to, "%8s %7s %6s %6s %10s %8s\n", "time s", "wanted", "ready", "pods", "in flight", "waiting");
	for (size_t i = 0; i < result->row_count; i += (size_t)step_s) {
		const struct sim_row *row = &result->rows[i];

		(void)fprintf(to, "%8zu %7d %6d %6d %10lld %8lld\n", i * SIM_ROW_MS / 1000, row->wanted, row->ready, row->alive,
			(long long)row->inflight, (long long)row->waiting);
	}
}

void report_summary(const char *title, const struct sim_result *result, FILE *to)
{
	(void)fprintf(to,
		"%s\n"
		"  requests      %zu (%zu not served until the end, %zu cut)\n"
		"  waiting       mean %.3f s, p50 %.3f s, p99 %.3f s, longest %.3f s; at most %lld in line\n"
		"  pods          %.0f pod-seconds, at most %d at once, the count changed %d times\n",
		title, result->requests, result->unserved, result->cut, result->wait_mean_s, result->wait_p50_s, result->wait_p99_s,
		result->wait_max_s, (long long)result->longest_line, result->pod_seconds, result->peak_pods, result->changes);
}

static double load_of(const struct sim_row *row, int concurrency)
{
	return (double)(row->inflight + row->waiting) / concurrency;
}

static double highest_in(const struct sim_result *result, int concurrency)
{
	double highest = 1;

	for (size_t i = 0; i < result->row_count; i++) {
		double load = load_of(&result->rows[i], concurrency);

		if (result->rows[i].alive > highest)
			highest = result->rows[i].alive;
		if (load > highest)
			highest = load;
	}
	return highest;
}

/* A column is a run of seconds; what stood out in it is what is shown. */
static struct sim_row column_of(const struct sim_result *result, size_t column, size_t columns)
{
	size_t from = column * result->row_count / columns, until = (column + 1) * result->row_count / columns;
	struct sim_row shown = { 0 };

	for (size_t i = from; i < until || i == from; i++) {
		const struct sim_row *row = &result->rows[i];

		if (row->inflight + row->waiting >= shown.inflight + shown.waiting) {
			shown.inflight = row->inflight;
			shown.waiting = row->waiting;
		}
		if (row->alive > shown.alive)
			shown.alive = row->alive;
		if (row->ready > shown.ready)
			shown.ready = row->ready;
	}
	return shown;
}

static char mark_of(const struct sim_row *row, int concurrency, double from, double until)
{
	double running = (double)row->inflight / concurrency, load = load_of(row, concurrency);

	if (load > running && load > from && running < until && running <= from)
		return '!';
	if (running > from)
		return row->ready > from ? '#' : '+';
	if (row->ready > from)
		return '-';
	return row->alive > from ? '.' : ' ';
}

void report_chart(const struct sim_result *result, int concurrency, FILE *to)
{
	size_t columns = result->row_count < CHART_COLUMNS ? result->row_count : CHART_COLUMNS;
	double highest = highest_in(result, concurrency);

	(void)fprintf(to, "pods: # busy  - ready  . starting or ending  + running where pods end  ! waiting\n");
	for (int line = CHART_LINES - 1; line >= 0; line--) {
		double from = highest * line / CHART_LINES, until = highest * (line + 1) / CHART_LINES;

		(void)fprintf(to, "%6.1f |", until);
		for (size_t column = 0; column < columns; column++) {
			struct sim_row row = column_of(result, column, columns);

			(void)fputc(mark_of(&row, concurrency, from, until), to);
		}
		(void)fputc('\n', to);
	}
	(void)fprintf(to, "     0 +");
	for (size_t column = 0; column < columns; column++)
		(void)fputc('-', to);
	(void)fprintf(to, "  %zu s\n", result->row_count * SIM_ROW_MS / 1000);
}

static double y_of(double value, double highest)
{
	return SVG_HEIGHT - SVG_MARGIN - value / highest * (SVG_HEIGHT - 2 * SVG_MARGIN);
}

static double x_of(size_t column)
{
	return SVG_MARGIN + (double)column / SVG_COLUMNS * (SVG_WIDTH - 2 * SVG_MARGIN);
}

enum curve { CURVE_PODS, CURVE_LOAD, CURVE_WAITING };

static double value_at(const struct sim_row *row, int concurrency, enum curve curve)
{
	switch (curve) {
	case CURVE_PODS: return row->alive;
	case CURVE_LOAD: return load_of(row, concurrency);
	case CURVE_WAITING: return (double)row->waiting / concurrency;
	}
	return 0;
}

/* Points that repeat the last one's height are left out: a picture is some kilobytes. */
static void write_curve(
	const struct sim_result *result, int concurrency, double highest, enum curve curve, const char *style, FILE *to)
{
	double last = 0;

	(void)fprintf(to, "<path style=\"%s\" d=\"M%.1f %.1f", style, x_of(0), y_of(0, highest));
	for (size_t column = 0; column < SVG_COLUMNS && result->row_count > 0; column++) {
		struct sim_row row = column_of(result, column, SVG_COLUMNS);
		double value = value_at(&row, concurrency, curve);

		if (value == last)
			continue;
		(void)fprintf(to, "H%.1fV%.1f", x_of(column), y_of(value, highest));
		last = value;
	}
	(void)fprintf(to, "H%.1fV%.1f\"/>\n", x_of(SVG_COLUMNS), y_of(0, highest));
}

void report_svg(const char *title, const struct sim_result *result, int concurrency, FILE *to)
{
	double highest = highest_in(result, concurrency);

	(void)fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"18\">%s</text>\n"
		"<text x=\"%d\" y=\"36\" fill=\"#2b6cb0\">pods</text><text x=\"%d\" y=\"36\" fill=\"#2f855a\">load, in pods</text>"
		"<text x=\"%d\" y=\"36\" fill=\"#c53030\">waiting, in pods</text>\n"
		"<text x=\"4\" y=\"%d\">%.0f</text><text x=\"4\" y=\"%d\">0</text><text x=\"%d\" y=\"%d\">%zu s</text>\n",
		SVG_WIDTH, SVG_HEIGHT, SVG_MARGIN, title, SVG_MARGIN, SVG_MARGIN + 50, SVG_MARGIN + 150, SVG_MARGIN + 4, highest,
		SVG_HEIGHT - SVG_MARGIN, SVG_WIDTH - SVG_MARGIN - 40, SVG_HEIGHT - SVG_MARGIN + 18,
		result->row_count * SIM_ROW_MS / 1000);
	write_curve(result, concurrency, highest, CURVE_PODS, "fill:#bee3f8;stroke:#2b6cb0", to);
	write_curve(result, concurrency, highest, CURVE_LOAD, "fill:none;stroke:#2f855a", to);
	write_curve(result, concurrency, highest, CURVE_WAITING, "fill:#c53030;stroke:none", to);
	(void)fprintf(to, "</svg>\n");
}
