/* chart_bars.c - a bar a name. */
#include <math.h>
#include <stdio.h>

#include "core/report/chart_svg.h"
#include "core/report/markup.h"

#define LEFT   190.0
#define RIGHT  92.0 /* room for the value behind the longest bar */
#define TOP    8.0
#define ROW    26.0
#define BAR    16.0
#define BOTTOM 40.0
#define TICKS  7

typedef struct {
  zc_buffer *to;
  const zc_bars_chart *chart;
  zc_ticks ticks;
  zc_scale across;
  double foot; /* ordinate of the axis */
} drawing;

static void lay_out(drawing *d) {
  double low = 0.0, high = 0.0;
  for (size_t i = 0; i < d->chart->n; i++) {
    low = fmin(low, d->chart->values[i]); /* fmin and fmax pass over NaN */
    high = fmax(high, d->chart->values[i]);
  }
  d->ticks = zc_ticks_around(low, high, TICKS);
  d->across = zc_scale_of(&d->ticks, low, LEFT, ZC_CHART_WIDTH - RIGHT);
  d->foot = TOP + ROW * (double)d->chart->n;
}

static void describe(const drawing *d) {
  zc_buffer_printf(d->to, "%zu bars, ", d->chart->n);
  zc_markup_text(d->to, d->chart->about.unit);
  zc_buffer_text(d->to, ": ");
  for (size_t i = 0; i < d->chart->n; i++) {
    char value[ZC_FIGURE_SIZE];
    zc_figure(d->chart->values[i], d->chart->decimals, value);
    zc_markup_text(d->to, d->chart->names[i]);
    zc_buffer_printf(d->to, " %s%s", isnan(d->chart->values[i]) ? d->chart->about.missing : value,
                     i + 1 < d->chart->n ? ", " : ".");
  }
}

static void draw_axis(const drawing *d) {
  for (size_t i = 0; i < d->ticks.n; i++) {
    char text[ZC_FIGURE_SIZE];
    double value = zc_tick(&d->ticks, i), x = zc_scale_at(&d->across, value);
    if (value < d->across.low) continue;
    zc_figure(value, d->ticks.decimals, text);
    zc_svg_line(d->to, value == 0.0 ? "axis" : "grid", x, TOP, x, d->foot);
    zc_svg_text(d->to, "tick middle", x, d->foot + 16.0, text);
  }
  zc_svg_text(d->to, "unit end", ZC_CHART_WIDTH - RIGHT, d->foot + 33.0, d->chart->about.unit);
}

static void draw_bar(const drawing *d, size_t i) {
  char value[ZC_FIGURE_SIZE], name[ZC_NAME_SIZE], tip[ZC_TIP_SIZE];
  double y = TOP + ROW * (double)i, figure = d->chart->values[i];
  double zero = zc_scale_at(&d->across, 0.0);
  double end = isnan(figure) ? zero : zc_scale_at(&d->across, figure);
  zc_box box = {fmin(zero, end), y + (ROW - BAR) / 2.0, fabs(end - zero), BAR};
  zc_svg_name(d->chart->names[i], name);
  zc_figure(figure, d->chart->decimals, value);
  snprintf(tip, sizeof tip, "%s: %s", name, isnan(figure) ? d->chart->about.missing : value);
  zc_svg_text(d->to, "name end", LEFT - 8.0, y + ROW / 2.0 + 4.0, name);
  if (!isnan(figure)) zc_svg_rect(d->to, "bar plain", &box, tip);
  zc_svg_text(d->to, "value start", fmax(zero, end) + 6.0, y + ROW / 2.0 + 4.0,
              isnan(figure) ? d->chart->about.missing : value);
}

void zc_bars_chart_write(zc_buffer *to, const zc_bars_chart *chart) {
  drawing d = {.to = to, .chart = chart};
  if (chart->n == 0) return;
  lay_out(&d);
  zc_svg_begin(to, &chart->about, d.foot + BOTTOM);
  describe(&d);
  zc_svg_described(to);
  draw_axis(&d);
  for (size_t i = 0; i < chart->n; i++)
    draw_bar(&d, i);
  zc_svg_end(to);
}
