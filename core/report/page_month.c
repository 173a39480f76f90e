/* page_month.c - the monthly report: one to forward. */
#include <math.h>
#include <stdio.h>

#include "core/base/time_text.h"
#include "core/report/markup.h"
#include "core/report/page_parts.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define FIGURES                                                                                    \
  {"runs", "Runs", ZC_CELL_NUMBER, 0}, {"ran", "Ran", ZC_CELL_NUMBER, 0},                          \
      {"success_rate", "Succeeded", ZC_CELL_SHARE, 0},                                             \
      {"unknown_runs", "Not known of", ZC_CELL_NUMBER, 0},                                         \
      {"emissions_g", "Emitted, g", ZC_CELL_NUMBER, 2},                                            \
      {"location_emissions_g", "Location-based, g", ZC_CELL_NUMBER, 2},                            \
      {"savings_g", "Saved, g", ZC_CELL_NUMBER, 2},                                                \
      {"savings_percent", "Saved, %", ZC_CELL_NUMBER, 2},                                          \
      {"run_now", "At once", ZC_CELL_NUMBER, 0}, {"defer", "Put off", ZC_CELL_NUMBER, 0}, {        \
    "relocate", "Moved", ZC_CELL_NUMBER, 0                                                         \
  }

static const zc_table_column team_columns[] = {
    {"team", "Team", ZC_CELL_WORD, 0}, {"pipelines", "Pipelines", ZC_CELL_NUMBER, 0}, FIGURES};

static const zc_table_column pipeline_columns[] = {
    {"pipeline", "Pipeline", ZC_CELL_TEXT, 0}, {"team", "Team", ZC_CELL_WORD, 0}, FIGURES};

static const zc_table_column region_columns[] = {
    {"region", "Region", ZC_CELL_WORD, 0},
    {"mean_intensity",
     "Mean, gCO\xE2\x82\x82"
     "eq/kWh",
     ZC_CELL_NUMBER, 1},
    {"previous_mean_intensity", "The month before", ZC_CELL_NUMBER, 1},
    {"cleanest_share", "Hours as the cleanest", ZC_CELL_SHARE, 0},
    {"hours", "Hours known", ZC_CELL_NUMBER, 0},
};

/* The month's days that have begun: those to come are not days without runs. */
static void lay_out(zc_page *page) {
  zc_time from = 0, to = 0, made = 0;
  page->columns.n = 0;
  if (!zc_page_time(page->document, "from", &from) || !zc_page_time(page->document, "to", &to))
    return;
  if (zc_page_time(page->document, "generated_at", &made) && made > from && made < to) to = made;
  zc_page_columns_init(&page->columns, from, to, ZC_DAY);
}

static void write_realised(zc_page *page) {
  char realised[ZC_FIGURE_SIZE], ran[ZC_FIGURE_SIZE], planned[ZC_FIGURE_SIZE];
  double n = zc_page_number(page->document, "data_quality/realised_runs");
  double of = zc_page_number(page->document, "totals/ran");
  double unknown = zc_page_number(page->document, "totals/unknown_runs");
  if (isnan(n) || !(of > 0.0)) return;
  zc_figure(n, 0, realised);
  zc_figure(of, 0, ran);
  zc_figure(of - n - (isnan(unknown) ? 0.0 : unknown), 0, planned);
  zc_page_paragraph(page,
                    "What this stands on: the savings of %s of the %s runs that took place were "
                    "computed again from what the grid was then observed to be (realised); those "
                    "of %s are as planned.",
                    realised, ran, planned);
}

static void write_hours_known(zc_page *page) {
  char known[ZC_FIGURE_SIZE], all[ZC_FIGURE_SIZE];
  double n = zc_page_number(page->document, "data_quality/hours_with_insights");
  double of = zc_page_number(page->document, "data_quality/hours_expected");
  zc_figure(n, 0, known);
  zc_figure(of, 0, all);
  if (!isnan(n) && of > 0.0)
    zc_page_paragraph(page, "The regions' intensities are known for %s of %s hours.", known, all);
}

static void write_state(zc_page *page) {
  int complete = 1;
  zc_json_boolean(zc_json_get(page->document, "complete"), &complete);
  if (!complete) zc_page_element(page, "p", "The month is not over: figures so far.");
  zc_page_sentences(page, NULL, "headline", "lead");
}

static void write_tables(zc_page *page) {
  const zc_json *pipelines = zc_json_get(page->document, "pipelines");
  double left_out = zc_page_number(page->document, "pipelines_left_out");
  zc_page_table(page, "Teams", zc_json_get(page->document, "teams"), team_columns,
                COUNT(team_columns));
  zc_page_table(page, "Pipelines, the greatest savings first", pipelines, pipeline_columns,
                COUNT(pipeline_columns));
  if (left_out > 0.0)
    zc_page_paragraph(page, "%.0f more pipelines are in the totals only.", left_out);
  zc_page_table(page, "Regions", zc_json_get(page->document, "regions"), region_columns,
                COUNT(region_columns));
}

void zc_page_monthly(zc_page *page) {
  const zc_json *days = zc_json_get(page->document, "by_day");
  write_state(page);
  zc_page_totals(page);
  write_realised(page);
  write_hours_known(page);
  zc_page_sentences(page, "What stands out", "insights", "told");
  zc_page_sentences(page, "What to do", "recommendations", "told");
  lay_out(page);
  zc_page_savings_chart(page, days, "day", "savings_g");
  lay_out(page);
  zc_page_decisions_chart(page, days, "day");
  /* Beside a leaderboard it would stand there twice. */
  if (page->n_documents == 1)
    zc_page_grams_chart(page, "pipelines", "Saved by pipeline",
                        "The pipelines that saved most, up to 15 of them.",
                        zc_json_get(page->document, "pipelines"), "pipeline", "savings_g");
  write_tables(page);
}
