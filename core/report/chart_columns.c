/* chart_columns.c - bars and lines over time. */
#include <math.h>
#include <stdio.h>

#include "core/report/chart_svg.h"
#include "core/report/markup.h"

#define LEFT      58.0
#define RIGHT     10.0
#define TOP       26.0
#define HEIGHT    236.0
#define BOTTOM    (HEIGHT - 30.0)
#define TICKS     6
#define BAR_SHARE 0.72 /* of a column's width */
#define BAR_MAX   44.0
#define MARK      3.2
#define MARK_MIN  1.0

typedef struct {
  zc_buffer *to;
  const zc_columns_chart *chart;
  zc_ticks ticks;
  zc_scale up; /* value to ordinate */
  double pitch;
} drawing;

static const char *const looks[] = {"bar plain", "bar stripe", "bar dot", "mark"};

static bool is_line(const zc_chart_series *series) {
  return series->look == ZC_LOOK_LINE;
}

/* What a column's bars reach, upwards or downwards. */
static double reach(const zc_columns_chart *chart, size_t column, bool up) {
  double sum = 0.0, far = 0.0;
  for (size_t i = 0; i < chart->n_series; i++) {
    double value = chart->series[i].values[column];
    if (isnan(value) || (value > 0.0) != up) continue;
    if (!is_line(&chart->series[i])) {
      sum += value;
    } else if (fabs(value) > fabs(far)) {
      far = value;
    }
  }
  return fabs(sum) > fabs(far) ? sum : far;
}

bool zc_columns_missing(const zc_columns_chart *chart, size_t column) {
  for (size_t i = 0; i < chart->n_series; i++) {
    if (!isnan(chart->series[i].values[column])) return false;
  }
  return true;
}

static double middle_of(const drawing *d, size_t column) {
  return LEFT + d->pitch * ((double)column + 0.5);
}

static void lay_out(drawing *d) {
  double low = 0.0, high = 0.0;
  for (size_t i = 0; i < d->chart->n; i++) {
    high = fmax(high, reach(d->chart, i, true));
    low = fmin(low, reach(d->chart, i, false));
  }
  d->ticks = zc_ticks_around(low, high, TICKS);
  d->up = zc_scale_of(&d->ticks, low, BOTTOM, TOP);
  d->pitch = (ZC_CHART_WIDTH - LEFT - RIGHT) / (double)(d->chart->n > 0 ? d->chart->n : 1);
}

/* "realised: lowest -1.2 (12-03), highest 14 (12-17). " */
static void describe_series(const drawing *d, const zc_chart_series *series) {
  const double *values = series->values;
  size_t low = 0, high = 0, known = 0;
  for (size_t i = 0; i < d->chart->n; i++) {
    if (isnan(values[i])) continue;
    if (known == 0 || values[i] < values[low]) low = i;
    if (known++ == 0 || values[i] > values[high]) high = i;
  }
  zc_markup_text(d->to, series->name);
  if (known == 0) {
    zc_buffer_text(d->to, ": nothing known. ");
    return;
  }
  char lowest[ZC_FIGURE_SIZE], highest[ZC_FIGURE_SIZE];
  zc_figure(values[low], d->ticks.decimals + 1, lowest);
  zc_figure(values[high], d->ticks.decimals + 1, highest);
  zc_buffer_printf(d->to, ": lowest %s (", lowest);
  zc_markup_text(d->to, d->chart->columns[low]);
  zc_buffer_printf(d->to, "), highest %s (", highest);
  zc_markup_text(d->to, d->chart->columns[high]);
  zc_buffer_text(d->to, "). ");
}

static void describe(const drawing *d) {
  size_t missing = 0;
  for (size_t i = 0; i < d->chart->n; i++)
    missing += zc_columns_missing(d->chart, i);
  zc_buffer_printf(d->to, "%zu columns, ", d->chart->n);
  zc_markup_text(d->to, d->chart->columns[0]);
  zc_buffer_text(d->to, " to ");
  zc_markup_text(d->to, d->chart->columns[d->chart->n - 1]);
  zc_buffer_text(d->to, ", ");
  zc_markup_text(d->to, d->chart->about.unit);
  zc_buffer_text(d->to, ". ");
  for (size_t i = 0; i < d->chart->n_series; i++)
    describe_series(d, &d->chart->series[i]);
  if (missing > 0) zc_buffer_printf(d->to, "%zu with %s.", missing, d->chart->about.missing);
}

static void draw_value_axis(const drawing *d) {
  for (size_t i = 0; i < d->ticks.n; i++) {
    char text[ZC_FIGURE_SIZE];
    double value = zc_tick(&d->ticks, i), y = zc_scale_at(&d->up, value);
    if (value < d->up.low) continue;
    zc_figure(value, d->ticks.decimals, text);
    zc_svg_line(d->to, value == 0.0 ? "axis" : "grid", LEFT, y, ZC_CHART_WIDTH - RIGHT, y);
    zc_svg_text(d->to, "tick end", LEFT - 7.0, y + 4.0, text);
  }
  zc_svg_text(d->to, "unit start", 2.0, 12.0, d->chart->about.unit);
}

static void draw_column_axis(const drawing *d) {
  size_t step = zc_svg_label_step(d->chart->columns, d->chart->n, d->pitch);
  for (size_t i = 0; i < d->chart->n; i += step) {
    double x = middle_of(d, i);
    zc_svg_line(d->to, "axis", x, BOTTOM, x, BOTTOM + 4.0);
    zc_svg_text(d->to, "tick middle", x, BOTTOM + 18.0, d->chart->columns[i]);
  }
}

static void draw_missing(const drawing *d, size_t column) {
  char tip[ZC_TIP_SIZE];
  zc_box box = {LEFT + d->pitch * (double)column, TOP, d->pitch, BOTTOM - TOP};
  snprintf(tip, sizeof tip, "%s: %s", d->chart->columns[column], d->chart->about.missing);
  zc_svg_rect(d->to, "gap", &box, tip);
}

static void tell(const drawing *d, const zc_chart_series *series, size_t column,
                 char tip[ZC_TIP_SIZE]) {
  char value[ZC_FIGURE_SIZE];
  zc_figure(series->values[column], d->ticks.decimals + 1, value);
  snprintf(tip, ZC_TIP_SIZE, "%s, %s: %s", d->chart->columns[column], series->name, value);
}

/* From the end of the bars below it (or above, where it is negative) on. */
static void draw_bar(const drawing *d, const zc_chart_series *series, size_t column, double *ends) {
  char tip[ZC_TIP_SIZE];
  double value = series->values[column], width = fmin(d->pitch * BAR_SHARE, BAR_MAX);
  double *end = value < 0.0 ? &ends[0] : &ends[1];
  if (isnan(value)) return;
  double from = zc_scale_at(&d->up, *end), to = zc_scale_at(&d->up, *end + value);
  zc_box box = {middle_of(d, column) - width / 2.0, fmin(from, to), width, fabs(from - to)};
  *end += value;
  tell(d, series, column, tip);
  zc_svg_rect(d->to, looks[series->look], &box, tip);
}

static void draw_column(const drawing *d, size_t column) {
  double ends[2] = {0.0, 0.0};
  if (zc_columns_missing(d->chart, column)) draw_missing(d, column);
  for (size_t i = 0; i < d->chart->n_series; i++) {
    if (!is_line(&d->chart->series[i])) draw_bar(d, &d->chart->series[i], column, ends);
  }
}

static double ordinate_of(const drawing *d, const zc_chart_series *series, size_t column) {
  double value = series->values[column];
  return isnan(value) ? NAN : zc_scale_at(&d->up, value);
}

static void draw_line(const drawing *d, const zc_chart_series *series) {
  /* Marks keep clear of each other. */
  double mark = fmax(MARK_MIN, fmin(MARK, d->pitch * 0.3));
  zc_svg_pen pen;
  zc_svg_path_begin(&pen, d->to, "line");
  for (size_t i = 0; i < d->chart->n; i++)
    zc_svg_path_point(&pen, middle_of(d, i), ordinate_of(d, series, i));
  zc_svg_path_end(&pen);
  for (size_t i = 0; i < d->chart->n; i++) {
    char tip[ZC_TIP_SIZE];
    if (isnan(series->values[i])) continue;
    tell(d, series, i, tip);
    zc_svg_circle(d->to, looks[series->look], middle_of(d, i), ordinate_of(d, series, i), mark,
                  tip);
  }
}

static void draw_lines(const drawing *d) {
  for (size_t i = 0; i < d->chart->n_series; i++) {
    if (is_line(&d->chart->series[i])) draw_line(d, &d->chart->series[i]);
  }
}

void zc_columns_chart_write(zc_buffer *to, const zc_columns_chart *chart) {
  drawing d = {.to = to, .chart = chart};
  if (chart->n == 0) return;
  lay_out(&d);
  zc_svg_begin(to, &chart->about, HEIGHT);
  describe(&d);
  zc_svg_described(to);
  draw_value_axis(&d);
  for (size_t i = 0; i < chart->n; i++)
    draw_column(&d, i);
  draw_column_axis(&d);
  draw_lines(&d);
  zc_svg_end(to);
}
