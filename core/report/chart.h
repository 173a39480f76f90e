/* chart.h - charts as inline SVG: columns over time, bars by name, heat maps, ranks over time.
 *
 * A chart is plain data that the caller owns; NaN is a figure that is not known, and is drawn as
 * such, never as 0. Each is written as one <svg role="img"> with a title and a description that
 * says in words what the picture shows. Colours and fonts are the page's style sheet's, by class
 * (page_style.c); what colour tells, a pattern, a mark or a figure tells as well.
 *
 * Nothing here fails but for the buffer, whose status the caller checks at the end. */
#ifndef ZC_REPORT_CHART_H
#define ZC_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buffer.h"

#define ZC_CHART_WIDTH      720.0 /* of each chart's own coordinates */
#define ZC_CHART_NAME_MAX   26    /* characters of a name that a chart shows; cut beyond */
#define ZC_CHART_SERIES_MAX 4     /* series of one chart */
#define ZC_CHART_RANKS_MAX  12    /* lines of a ranking */

/* ---- scales ---- */

/* Values from low to high lie between the coordinates from and to, in proportion. */
typedef struct {
  double low, high;
  double from, to;
} zc_scale;

double zc_scale_at(const zc_scale *scale, double value);

/* Round values on an axis: first, first + step, …, n of them. */
typedef struct {
  double first, step;
  size_t n;
  int decimals; /* that tell one from the next */
} zc_ticks;

/* At most `most` (>= 2) ticks whose steps are 1, 2 or 5 times a power of ten, from at or below low
 * to at or above high. Equal or unknown ends give a span of one step. */
zc_ticks zc_ticks_around(double low, double high, size_t most);
double zc_tick(const zc_ticks *ticks, size_t i);

/* The scale of an axis that has `ticks` and holds values from low on: it begins a little below low
 * instead of at a tick far below, and ends at the last tick. Ticks below its beginning are not
 * drawn. */
zc_scale zc_scale_of(const zc_ticks *ticks, double low, double from, double to);

/* ---- what charts share ---- */

typedef struct {
  const char *id;      /* unique in the page; letters, digits, '-' */
  const char *title;   /* what is shown */
  const char *unit;    /* of the values */
  const char *missing; /* what a figure that is not known is called: "no data", "no runs" */
} zc_chart;

/* How a series looks; each differs from the others in colour and in pattern or mark. */
typedef enum {
  ZC_LOOK_PLAIN,  /* filled */
  ZC_LOOK_STRIPE, /* filled with slanted stripes */
  ZC_LOOK_DOT,    /* filled with dots */
  ZC_LOOK_LINE,   /* a line with round marks, through the columns' middles */
} zc_look;

typedef struct {
  const char *name;
  zc_look look;
  const double *values; /* one a column */
} zc_chart_series;

/* Columns over time. Bars are stacked upon each other in the order given; with one series of bars
 * that is a bar a column. Lines lie over them. Zero is always on the axis. */
typedef struct {
  zc_chart about;
  const char *const *columns; /* what each stands for: a day, a week, a month */
  size_t n;
  const zc_chart_series *series;
  size_t n_series;
} zc_columns_chart;

void zc_columns_chart_write(zc_buffer *to, const zc_columns_chart *chart);

/* A bar a name, side by side from zero on, its value written at its end. */
typedef struct {
  zc_chart about;
  const char *const *names;
  const double *values;
  size_t n;
  int decimals;
} zc_bars_chart;

void zc_bars_chart_write(zc_buffer *to, const zc_bars_chart *chart);

#define ZC_HEAT_CLASSES 7 /* colours of a heat map */

/* A table whose cells are coloured by their value, with the value written in each. The classes of
 * the colours have round bounds; the lowest cells, up to `n_lowest`, are framed. */
typedef struct {
  zc_chart about;
  const char *const *rows, *const *columns;
  size_t n_rows, n_columns;
  const double *values; /* row by row */
  size_t n_lowest;
  const char *corner; /* what the columns are, or NULL */
} zc_heat_chart;

void zc_heat_chart_write(zc_buffer *to, const zc_heat_chart *chart);
/* The colours' key, as an HTML list. */
void zc_heat_legend_write(zc_buffer *to, const zc_heat_chart *chart);

/* Ranks over time: a line a name from column to column, rank 1 on top, the rank written in each
 * mark. A column without a rank breaks the line. Ranks beyond ZC_CHART_RANKS_MAX are not drawn. */
typedef struct {
  zc_chart about;
  const char *const *columns;
  size_t n;
  const char *const *names;
  size_t n_names;
  const double *ranks; /* name by name: n each, from 1 on */
} zc_ranks_chart;

void zc_ranks_chart_write(zc_buffer *to, const zc_ranks_chart *chart);

/* The key of the chart's series, as an HTML list; with what a missing column looks like where there
 * is one. */
void zc_columns_legend_write(zc_buffer *to, const zc_columns_chart *chart);
/* Whether nothing is known of a column. */
bool zc_columns_missing(const zc_columns_chart *chart, size_t column);
/* The patterns that the looks use: once a page, before the first chart. */
void zc_chart_patterns_write(zc_buffer *to);

#endif
