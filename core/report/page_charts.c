/* page_charts.c - charts that several sections have. */
#include <math.h>
#include <stdio.h>

#include "core/report/markup.h"
#include "core/report/page_parts.h"

#define CO2EQ                                                                                      \
  "CO\xE2\x82\x82"                                                                                 \
  "eq"

enum { REALISED, AS_PLANNED, PLANNED, SAVINGS_ROWS };

static const zc_table_column savings_columns[] = {
    {"date", "Day", ZC_CELL_WORD, 0},
    {"runs", "Runs", ZC_CELL_NUMBER, 0},
    {"emissions_g", "Emitted, g", ZC_CELL_NUMBER, 2},
    {"planned_savings_g", "Planned savings, g", ZC_CELL_NUMBER, 2},
    {"realised_savings_g", "Realised savings, g", ZC_CELL_NUMBER, 2},
    {"savings_g", "Savings, g", ZC_CELL_NUMBER, 2},
    {"realised_runs", "Runs realised", ZC_CELL_NUMBER, 0},
};

static const zc_table_column decision_columns[] = {
    {"date", "Day", ZC_CELL_WORD, 0},          {"runs", "Runs", ZC_CELL_NUMBER, 0},
    {"run_now", "At once", ZC_CELL_NUMBER, 0}, {"defer", "Put off", ZC_CELL_NUMBER, 0},
    {"relocate", "Moved", ZC_CELL_NUMBER, 0},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* A day's savings are realised where those of any of its runs are; else all of it is the plan. */
static void split_realised(zc_page_columns *columns, const zc_json *list) {
  for (size_t i = 0; i < zc_json_count(list); i++) {
    const zc_json *item = zc_page_item(list, i);
    size_t column = zc_page_column_of(columns, item);
    if (column == columns->n || zc_page_number(item, "realised_runs") > 0.0) continue;
    columns->values[AS_PLANNED][column] = columns->values[REALISED][column];
    columns->values[REALISED][column] = NAN;
  }
}

static bool is_empty(const zc_page_columns *columns, size_t row) {
  for (size_t i = 0; i < columns->n; i++) {
    if (!isnan(columns->values[row][i])) return false;
  }
  return true;
}

static size_t choose_series(const zc_page_columns *columns, zc_chart_series series[SAVINGS_ROWS]) {
  static const char *const names[SAVINGS_ROWS] = {"saved, realised",
                                                  "saved, as planned: not realised yet", "planned"};
  static const zc_look looks[SAVINGS_ROWS] = {ZC_LOOK_PLAIN, ZC_LOOK_STRIPE, ZC_LOOK_LINE};
  size_t n = 0;
  for (size_t i = 0; i < SAVINGS_ROWS; i++) {
    if (is_empty(columns, i)) continue;
    series[n++] = (zc_chart_series){names[i], looks[i], columns->values[i]};
  }
  return n;
}

static void write_columns(zc_page *page, const zc_columns_chart *chart) {
  zc_buffer_text(page->to, "<div class=\"scroll\">");
  zc_columns_chart_write(page->to, chart);
  zc_buffer_text(page->to, "</div>\n");
  zc_columns_legend_write(page->to, chart);
}

/* What a column without figures is called: a day can have runs of which nothing is known. */
static const char *missing_savings(const zc_json *list, const char *realised_member) {
  for (size_t i = 0; i < zc_json_count(list); i++) {
    const zc_json *item = zc_page_item(list, i);
    if (!zc_json_get(item, realised_member) && !zc_json_get(item, "planned_savings_g"))
      return "no runs, or nothing known";
  }
  return "no runs";
}

void zc_page_savings_chart(zc_page *page, const zc_json *list, const char *per,
                           const char *realised_member) {
  zc_page_columns *columns = &page->columns;
  zc_chart_series series[SAVINGS_ROWS];
  char id[ZC_PAGE_ID_SIZE], unit[64];
  if (zc_json_count(list) == 0 || columns->n == 0) return;
  zc_page_columns_read(columns, REALISED, list, realised_member);
  zc_page_columns_read(columns, PLANNED, list, "planned_savings_g");
  split_realised(columns, list);
  snprintf(unit, sizeof unit, "%s %s per %s", zc_page_columns_scale(columns, SAVINGS_ROWS), CO2EQ,
           per);
  zc_page_id(page, "savings", id);
  zc_columns_chart chart = {
      {id, "Savings, planned and realised", unit, missing_savings(list, realised_member)},
      columns->labels,
      columns->n,
      series,
      choose_series(columns, series)};
  zc_page_figure_begin(page, chart.about.title,
                       "Against starting at once in each pipeline's own region. Planned: from the "
                       "forecast at the decision. Realised: from what was then observed.");
  write_columns(page, &chart);
  zc_page_table_behind(page, "Savings, planned and realised", list, savings_columns,
                       COUNT(savings_columns));
  zc_page_figure_end(page);
}

void zc_page_decisions_chart(zc_page *page, const zc_json *list, const char *per) {
  zc_page_columns *columns = &page->columns;
  char id[ZC_PAGE_ID_SIZE], unit[32];
  if (zc_json_count(list) == 0 || columns->n == 0) return;
  zc_page_columns_read(columns, 0, list, "run_now");
  zc_page_columns_read(columns, 1, list, "defer");
  zc_page_columns_read(columns, 2, list, "relocate");
  const zc_chart_series series[] = {{"started at once", ZC_LOOK_PLAIN, columns->values[0]},
                                    {"put off", ZC_LOOK_STRIPE, columns->values[1]},
                                    {"moved to another region", ZC_LOOK_DOT, columns->values[2]}};
  snprintf(unit, sizeof unit, "runs per %s", per);
  zc_page_id(page, "decisions", id);
  const zc_columns_chart chart = {
      {id, "Decisions", unit, "no runs"}, columns->labels, columns->n, series, COUNT(series)};
  zc_page_figure_begin(page, chart.about.title, "What was decided for the runs asked for.");
  write_columns(page, &chart);
  zc_page_table_behind(page, "Decisions", list, decision_columns, COUNT(decision_columns));
  zc_page_figure_end(page);
}

/* The first items that have the member; gives how many. */
static size_t read_bars(const zc_json *list, const char *name_member, const char *member,
                        const char *names[], double values[]) {
  size_t n = 0;
  for (size_t i = 0; i < zc_json_count(list) && n < ZC_PAGE_BARS_MAX; i++) {
    const zc_json *item = zc_page_item(list, i);
    if (!zc_json_get(item, member)) continue;
    names[n] = zc_page_text(item, name_member);
    values[n++] = zc_page_number(item, member);
  }
  return n;
}

/* The greatest first. */
static void sort_bars(const char *names[], double values[], size_t n) {
  for (size_t i = 1; i < n; i++) {
    const char *name = names[i];
    double value = values[i];
    size_t at = i;
    for (; at > 0 && values[at - 1] < value; at--) {
      names[at] = names[at - 1];
      values[at] = values[at - 1];
    }
    names[at] = name;
    values[at] = value;
  }
}

static const char *scale_bars(double values[], size_t n, int *ret_decimals) {
  double greatest = 0.0, divisor;
  for (size_t i = 0; i < n; i++)
    greatest = fmax(greatest, fabs(values[i]));
  const char *unit = zc_mass_unit(greatest, &divisor);
  for (size_t i = 0; i < n; i++)
    values[i] /= divisor;
  *ret_decimals = greatest / divisor >= 100.0 ? 1 : 2;
  return unit;
}

void zc_page_grams_chart(zc_page *page, const char *name, const char *heading, const char *note,
                         const zc_json *list, const char *name_member, const char *member) {
  const char *names[ZC_PAGE_BARS_MAX];
  double values[ZC_PAGE_BARS_MAX];
  char id[ZC_PAGE_ID_SIZE], unit[32];
  int decimals;
  size_t n = read_bars(list, name_member, member, names, values);
  if (n == 0) return;
  sort_bars(names, values, n);
  snprintf(unit, sizeof unit, "%s %s", scale_bars(values, n, &decimals), CO2EQ);
  zc_page_id(page, name, id);
  const zc_bars_chart chart = {{id, heading, unit, "no data"}, names, values, n, decimals};
  zc_page_figure_begin(page, heading, note);
  zc_buffer_text(page->to, "<div class=\"scroll\">");
  zc_bars_chart_write(page->to, &chart);
  zc_buffer_text(page->to, "</div>\n");
  zc_page_figure_end(page);
}
