/* page_runs.c - the sections of one pipeline, and those that list runs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/report/markup.h"
#include "core/report/page_parts.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define WEEK         (7 * ZC_DAY)
#define ENERGY       6 /* decimals, as the table has them: a short run takes little */

static const zc_table_column day_columns[] = {
    {"date", "Day", ZC_CELL_WORD, 0},
    {"runs", "Runs", ZC_CELL_NUMBER, 0},
    {"success_rate", "Succeeded", ZC_CELL_SHARE, 0},
    {"unknown_runs", "Not known of", ZC_CELL_NUMBER, 0},
    {"emissions_g", "Emitted, g", ZC_CELL_NUMBER, 2},
    {"location_emissions_g", "Location-based, g", ZC_CELL_NUMBER, 2},
    {"savings_g", "Saved, g", ZC_CELL_NUMBER, 2},
    {"avg_duration_minutes", "Mean duration, min", ZC_CELL_NUMBER, 1},
    {"avg_energy_kwh", "Mean energy, kWh", ZC_CELL_NUMBER, ENERGY},
    {"avg_defer_hours", "Mean wait, h", ZC_CELL_NUMBER, 1},
    {"cleanest_region", "Cleanest region", ZC_CELL_WORD, 0},
    {"dirtiest_region", "Dirtiest region", ZC_CELL_WORD, 0},
};

static const zc_table_column run_columns[] = {
    {"requested_at", "Asked for", ZC_CELL_TIME, 0},
    {"pipeline", "Pipeline", ZC_CELL_TEXT, 0},
    {"status", "Status", ZC_CELL_WORD, 0},
    {"decision", "Decision", ZC_CELL_WORD, 0},
    {"region", "Region", ZC_CELL_WORD, 0},
    {"emissions_g", "Emitted, g", ZC_CELL_NUMBER, 2},
    {"planned_savings_g", "Planned to save, g", ZC_CELL_NUMBER, 2},
    {"realised_savings_g", "Saved, g", ZC_CELL_NUMBER, 2},
    {"message", "What was said", ZC_CELL_TEXT, 0},
};

/* Columns of days of the document's span, or of weeks from Monday on. */
static void lay_out(zc_page *page, int64_t step) {
  zc_time from = 0, to = 0;
  page->columns.n = 0;
  if (!zc_page_time(page->document, "from", &from) || !zc_page_time(page->document, "to", &to))
    return;
  from -= from % ZC_DAY;
  if (step == WEEK) from -= (zc_civil_from_time(from).weekday + 6) % 7 * ZC_DAY;
  zc_page_columns_init(&page->columns, from, to, step);
}

static void write_nothing(zc_page *page, const zc_json *list) {
  if (zc_json_count(list) == 0) zc_page_element(page, "p", "No runs in this time.");
}

void zc_page_performance(zc_page *page) {
  const zc_json *days = zc_json_get(page->document, "by_day");
  zc_page_totals(page);
  write_nothing(page, days);
  lay_out(page, ZC_DAY);
  zc_page_savings_chart(page, days, "day", "savings_g");
  lay_out(page, ZC_DAY);
  zc_page_decisions_chart(page, days, "day");
  zc_page_table(page, "Days with runs", days, day_columns, COUNT(day_columns));
}

void zc_page_trends(zc_page *page) {
  const zc_json *points = zc_json_get(page->document, "points");
  bool weeks = strcmp(zc_page_text(page->document, "by"), "week") == 0;
  zc_page_totals(page);
  write_nothing(page, points);
  lay_out(page, weeks ? WEEK : ZC_DAY);
  zc_page_savings_chart(page, points, weeks ? "week, from Monday" : "day", "savings_g");
  lay_out(page, weeks ? WEEK : ZC_DAY);
  zc_page_decisions_chart(page, points, weeks ? "week, from Monday" : "day");
}

void zc_page_runs(zc_page *page) {
  const zc_json *runs = zc_json_get(page->document, "runs");
  int more = 0;
  zc_json_boolean(zc_json_get(page->document, "more"), &more);
  if (zc_json_count(runs) == 0) zc_page_element(page, "p", "None.");
  zc_page_table(page, more ? "The first of them; there are more" : "All of them", runs, run_columns,
                COUNT(run_columns));
}
