/* chart_ranks.c - ranks over time, a line a name. */
#include <math.h>
#include <stdio.h>

#include "core/report/chart_svg.h"
#include "core/report/markup.h"

#define LEFT   24.0
#define RIGHT  190.0 /* names */
#define TOP    16.0
#define ROW    28.0
#define BOTTOM 26.0
#define MARK   9.0
#define SMALL  2.5
#define ROOMY  26.0 /* pixels from column to column where every mark has its rank */

typedef struct {
  zc_buffer *to;
  const zc_ranks_chart *chart;
  double pitch;
  size_t deepest; /* rank drawn */
} drawing;

/* The rank where it is drawn, else NaN. */
static double rank_of(const drawing *d, size_t name, size_t column) {
  double rank = d->chart->ranks[name * d->chart->n + column];
  return rank >= 1.0 && rank <= ZC_CHART_RANKS_MAX ? rank : NAN;
}

static void lay_out(drawing *d) {
  d->deepest = 1;
  for (size_t i = 0; i < d->chart->n_names; i++) {
    for (size_t k = 0; k < d->chart->n; k++) {
      double rank = rank_of(d, i, k);
      if (rank > (double)d->deepest) d->deepest = (size_t)rank;
    }
  }
  double width = ZC_CHART_WIDTH - LEFT - RIGHT;
  d->pitch = d->chart->n > 1 ? width / (double)(d->chart->n - 1) : 0.0;
}

static double x_of(const drawing *d, size_t column) {
  return d->chart->n > 1 ? LEFT + d->pitch * (double)column : ZC_CHART_WIDTH - RIGHT;
}

static double y_of(double rank) {
  return TOP + ROW * (rank - 0.5);
}

static void describe(const drawing *d) {
  zc_buffer_printf(d->to, "Ranks of %zu, from ", d->chart->n_names);
  zc_markup_text(d->to, d->chart->columns[0]);
  zc_buffer_text(d->to, " to ");
  zc_markup_text(d->to, d->chart->columns[d->chart->n - 1]);
  zc_buffer_text(d->to, ". At the end: ");
  for (size_t i = 0; i < d->chart->n_names; i++) {
    double rank = d->chart->ranks[i * d->chart->n + d->chart->n - 1];
    zc_markup_text(d->to, d->chart->names[i]);
    if (isnan(rank)) {
      zc_buffer_text(d->to, " without rank");
    } else {
      zc_buffer_printf(d->to, " %.0f", rank);
    }
    zc_buffer_text(d->to, i + 1 < d->chart->n_names ? ", " : ".");
  }
}

static void draw_axis(const drawing *d) {
  double foot = TOP + ROW * (double)d->deepest;
  size_t step = zc_svg_label_step(d->chart->columns, d->chart->n, d->pitch > 0.0 ? d->pitch : 99.0);
  for (size_t i = 0; i < d->chart->n; i += step) {
    zc_svg_line(d->to, "grid", x_of(d, i), TOP, x_of(d, i), foot);
    zc_svg_text(d->to, "tick middle", x_of(d, i), foot + 16.0, d->chart->columns[i]);
  }
}

static void draw_line(const drawing *d, size_t name) {
  char look[16];
  zc_svg_pen pen;
  snprintf(look, sizeof look, "rank r%zu", name % 8);
  zc_svg_path_begin(&pen, d->to, look);
  for (size_t i = 0; i < d->chart->n; i++)
    zc_svg_path_point(&pen, x_of(d, i), y_of(rank_of(d, name, i)));
  zc_svg_path_end(&pen);
}

/* Where there is room, each mark has its rank written in it; else those at which a line begins,
 * ends or has changed. */
static bool is_told(const drawing *d, size_t name, size_t column) {
  if (d->pitch >= ROOMY) return true;
  if (column == 0 || column + 1 == d->chart->n) return true;
  double rank = rank_of(d, name, column);
  return rank_of(d, name, column - 1) != rank || isnan(rank_of(d, name, column + 1));
}

static void draw_mark(const drawing *d, size_t name, size_t column, const char *label) {
  char text[ZC_FIGURE_SIZE], look[24], tip[ZC_TIP_SIZE];
  double rank = rank_of(d, name, column), x = x_of(d, column);
  bool told = is_told(d, name, column);
  if (isnan(rank)) return;
  zc_figure(rank, 0, text);
  snprintf(tip, sizeof tip, "%s, %s: %s", d->chart->columns[column], label, text);
  snprintf(look, sizeof look, "rank-mark r%zu", name % 8);
  zc_svg_circle(d->to, look, x, y_of(rank), told ? MARK : SMALL, tip);
  if (told) zc_svg_text(d->to, "rank-text middle", x, y_of(rank) + 3.5, text);
}

/* A line that ends before the last column has no name: its place may be another's. */
static void draw_marks(const drawing *d, size_t name) {
  char label[ZC_NAME_SIZE];
  double last = rank_of(d, name, d->chart->n - 1);
  zc_svg_name(d->chart->names[name], label);
  for (size_t i = 0; i < d->chart->n; i++)
    draw_mark(d, name, i, label);
  if (isnan(last)) return;
  zc_svg_text(d->to, "name start", x_of(d, d->chart->n - 1) + MARK + 6.0, y_of(last) + 4.0, label);
}

void zc_ranks_chart_write(zc_buffer *to, const zc_ranks_chart *chart) {
  drawing d = {.to = to, .chart = chart};
  if (chart->n == 0 || chart->n_names == 0) return;
  lay_out(&d);
  zc_svg_begin(to, &chart->about, TOP + ROW * (double)d.deepest + BOTTOM);
  describe(&d);
  zc_svg_described(to);
  draw_axis(&d);
  for (size_t i = 0; i < chart->n_names; i++)
    draw_line(&d, i);
  for (size_t i = 0; i < chart->n_names; i++)
    draw_marks(&d, i);
  zc_svg_end(to);
}
