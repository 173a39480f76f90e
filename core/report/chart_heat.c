/* chart_heat.c - a table of coloured cells. */
#include <math.h>
#include <stdio.h>

#include "core/report/chart_svg.h"
#include "core/report/markup.h"

#define LEFT   44.0
#define TOP    22.0
#define ROW    24.0
#define BOTTOM 4.0
#define BORDER 0.5 /* between cells */

typedef struct {
  zc_buffer *to;
  const zc_heat_chart *chart;
  zc_ticks bounds; /* of the colours' classes */
  double pitch, lowest_up_to;
  size_t known;
} drawing;

static size_t cells_of(const zc_heat_chart *chart) {
  return chart->n_rows * chart->n_columns;
}

/* The n-th lowest of the values, n from 1; NaN where there are fewer. Charts are small. */
static double nth_lowest(const zc_heat_chart *chart, size_t n) {
  double found = -INFINITY;
  for (size_t seen = 0; seen < n;) {
    double next = INFINITY;
    for (size_t i = 0; i < cells_of(chart); i++) {
      if (chart->values[i] > found && chart->values[i] < next) next = chart->values[i];
    }
    if (isinf(next)) return NAN;
    for (size_t i = 0; i < cells_of(chart); i++)
      seen += chart->values[i] == next ? 1 : 0;
    found = next;
  }
  return found;
}

static void lay_out(drawing *d) {
  double low = NAN, high = NAN;
  for (size_t i = 0; i < cells_of(d->chart); i++) {
    low = fmin(low, d->chart->values[i]);
    high = fmax(high, d->chart->values[i]);
    if (!isnan(d->chart->values[i])) d->known++;
  }
  d->bounds = zc_ticks_around(low, high, ZC_HEAT_CLASSES + 1);
  d->pitch = (ZC_CHART_WIDTH - LEFT) / (double)d->chart->n_columns;
  d->lowest_up_to = d->chart->n_lowest > 0 ? nth_lowest(d->chart, d->chart->n_lowest) : NAN;
}

/* The colour of the i-th of n classes: the palette's ends are always used, its middle as there is
 * need. */
static size_t colour_of(size_t i, size_t n) {
  return n > 1 ? (i * (ZC_HEAT_CLASSES - 1) + (n - 1) / 2) / (n - 1) : 0;
}

static size_t class_of(const drawing *d, double value) {
  size_t n = d->bounds.n - 1;
  double place = floor((value - d->bounds.first) / d->bounds.step + 1e-9);
  if (place < 0.0) return 0;
  return place >= (double)n ? n - 1 : (size_t)place;
}

static void describe_cell(const drawing *d, const char *word, size_t i) {
  char value[ZC_FIGURE_SIZE];
  zc_figure(d->chart->values[i], 1, value);
  zc_buffer_printf(d->to, " %s %s (", word, value);
  zc_markup_text(d->to, d->chart->rows[i / d->chart->n_columns]);
  zc_buffer_char(d->to, ' ');
  zc_markup_text(d->to, d->chart->columns[i % d->chart->n_columns]);
  zc_buffer_text(d->to, ").");
}

static void describe(const drawing *d) {
  const double *values = d->chart->values;
  size_t low = 0, high = 0, known = 0;
  for (size_t i = 0; i < cells_of(d->chart); i++) {
    if (isnan(values[i])) continue;
    if (known == 0 || values[i] < values[low]) low = i;
    if (known++ == 0 || values[i] > values[high]) high = i;
  }
  zc_buffer_printf(d->to, "%zu rows by %zu columns, ", d->chart->n_rows, d->chart->n_columns);
  zc_markup_text(d->to, d->chart->about.unit);
  zc_buffer_printf(d->to, "; %zu cells with %s.", cells_of(d->chart) - known,
                   d->chart->about.missing);
  if (known == 0) return;
  describe_cell(d, "Lowest", low);
  describe_cell(d, "Highest", high);
}

static zc_box box_of(const drawing *d, size_t i) {
  size_t row = i / d->chart->n_columns, column = i % d->chart->n_columns;
  return (zc_box){LEFT + (double)column * d->pitch + BORDER, TOP + (double)row * ROW + BORDER,
                  d->pitch - 2.0 * BORDER, ROW - 2.0 * BORDER};
}

static void draw_cell(const drawing *d, size_t i) {
  char look[32], text[ZC_FIGURE_SIZE], exact[ZC_FIGURE_SIZE], tip[ZC_TIP_SIZE];
  double value = d->chart->values[i];
  size_t colour = isnan(value) ? 0 : colour_of(class_of(d, value), d->bounds.n - 1);
  zc_box box = box_of(d, i);
  zc_figure(value, 0, text);
  zc_figure(value, 1, exact);
  snprintf(tip, sizeof tip, "%s %s: %s", d->chart->rows[i / d->chart->n_columns],
           d->chart->columns[i % d->chart->n_columns],
           isnan(value) ? d->chart->about.missing : exact);
  snprintf(look, sizeof look, isnan(value) ? "gap" : "h%zu%s", colour,
           value <= d->lowest_up_to ? " best" : "");
  zc_svg_rect(d->to, look, &box, tip);
  snprintf(look, sizeof look, isnan(value) ? "cell middle" : "cell middle c%zu", colour);
  zc_svg_text(d->to, look, box.x + box.width / 2.0, box.y + box.height / 2.0 + 3.5, text);
}

static void draw_labels(const drawing *d) {
  if (d->chart->corner) zc_svg_text(d->to, "tick end", LEFT - 8.0, TOP - 7.0, d->chart->corner);
  for (size_t i = 0; i < d->chart->n_columns; i++)
    zc_svg_text(d->to, "tick middle", LEFT + d->pitch * ((double)i + 0.5), TOP - 7.0,
                d->chart->columns[i]);
  for (size_t i = 0; i < d->chart->n_rows; i++)
    zc_svg_text(d->to, "tick end", LEFT - 8.0, TOP + ROW * ((double)i + 0.5) + 4.0,
                d->chart->rows[i]);
}

void zc_heat_chart_write(zc_buffer *to, const zc_heat_chart *chart) {
  drawing d = {.to = to, .chart = chart};
  if (cells_of(chart) == 0) return;
  lay_out(&d);
  zc_svg_begin(to, &chart->about, TOP + ROW * (double)chart->n_rows + BOTTOM);
  describe(&d);
  zc_svg_described(to);
  draw_labels(&d);
  for (size_t i = 0; i < cells_of(chart); i++)
    draw_cell(&d, i);
  zc_svg_end(to);
}

static void write_key(const drawing *d, size_t i) {
  char low[ZC_FIGURE_SIZE], high[ZC_FIGURE_SIZE];
  zc_figure(zc_tick(&d->bounds, i), d->bounds.decimals, low);
  zc_figure(zc_tick(&d->bounds, i + 1), d->bounds.decimals, high);
  zc_buffer_printf(d->to,
                   "<li><svg class=\"key\" viewBox=\"0 0 18 12\" aria-hidden=\"true\"><rect "
                   "class=\"h%zu\" width=\"18\" height=\"12\"/></svg>%s–%s</li>",
                   colour_of(i, d->bounds.n - 1), low, high);
}

void zc_heat_legend_write(zc_buffer *to, const zc_heat_chart *chart) {
  drawing d = {.to = to, .chart = chart};
  if (cells_of(chart) == 0) return;
  lay_out(&d);
  zc_buffer_text(to, "<ul class=\"legend\"><li>");
  zc_markup_text(to, chart->about.unit);
  zc_buffer_text(to, ":</li>");
  for (size_t i = 0; d.known > 0 && i + 1 < d.bounds.n; i++)
    write_key(&d, i);
  if (!isnan(d.lowest_up_to)) {
    zc_buffer_text(to, "<li><svg class=\"key\" viewBox=\"0 0 18 12\" aria-hidden=\"true\"><rect "
                       "class=\"h0 best\" x=\"1\" y=\"1\" width=\"16\" height=\"10\"/></svg>"
                       "lowest</li>");
  }
  if (d.known < cells_of(chart)) {
    zc_buffer_printf(to,
                     "<li><svg class=\"key\" viewBox=\"0 0 18 12\" aria-hidden=\"true\"><rect "
                     "class=\"gap\" width=\"18\" height=\"12\"/></svg>%s</li>",
                     chart->about.missing);
  }
  zc_buffer_text(to, "</ul>\n");
}
