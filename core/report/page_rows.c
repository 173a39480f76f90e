/* page_rows.c - the leaderboard, and what to do now. */
#include "core/report/page_parts.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define INTENSITY                                                                                  \
  "gCO\xE2\x82\x82"                                                                                \
  "eq/kWh"

static const zc_table_column board_columns[] = {
    {"identifier", "Name", ZC_CELL_TEXT, 0},
    {"carbon_savings_rank", "Rank by savings", ZC_CELL_NUMBER, 0},
    {"savings_g", "Saved, g", ZC_CELL_NUMBER, 2},
    {"savings_rate", "Share saved", ZC_CELL_SHARE, 0},
    {"emissions_g", "Emitted, g", ZC_CELL_NUMBER, 2},
    {"total_executions", "Runs", ZC_CELL_NUMBER, 0},
    {"unknown_executions", "Not known of", ZC_CELL_NUMBER, 0},
    {"executions_optimized", "Optimised", ZC_CELL_NUMBER, 0},
    {"optimization_rate", "Share optimised", ZC_CELL_SHARE, 0},
    {"optimization_rate_rank", "Rank by that", ZC_CELL_NUMBER, 0},
    {"achievements", "Achievements", ZC_CELL_LIST, 0},
};

static const zc_table_column advice_columns[] = {
    {"pipeline", "Pipeline", ZC_CELL_TEXT, 0},
    {"advice", "Advice", ZC_CELL_TEXT, 0},
    {"region", "Region", ZC_CELL_WORD, 0},
    {"start", "Start", ZC_CELL_TIME, 0},
    {"intensity", "Intensity, " INTENSITY, ZC_CELL_NUMBER, 1},
    {"baseline_intensity", "At once, by default", ZC_CELL_NUMBER, 1},
    {"savings_g", "Saves, g", ZC_CELL_NUMBER, 2},
    {"savings_percent", "Saves, %", ZC_CELL_NUMBER, 1},
};

static const zc_table_column now_columns[] = {
    {"region", "Region", ZC_CELL_WORD, 0},
    {"intensity_now", "Now, " INTENSITY, ZC_CELL_NUMBER, 1},
    {"usual_intensity", "Usual at this hour", ZC_CELL_NUMBER, 1},
    {"difference_percent", "Difference, %", ZC_CELL_NUMBER, 1},
    {"cleanest_hour", "Cleanest hour", ZC_CELL_NUMBER, 0},
    {"cleanest_hour_intensity", "Its mean", ZC_CELL_NUMBER, 1},
};

void zc_page_leaderboard(zc_page *page) {
  const zc_json *rows = zc_json_get(page->document, "rows");
  double left_out = zc_page_number(page->document, "rows_left_out");
  if (zc_json_count(rows) == 0) zc_page_element(page, "p", "No rows in this time.");
  zc_page_grams_chart(page, "board", "Saved", "The first of the ranking, up to 15.", rows,
                      "identifier", "savings_g");
  zc_page_table(page, "Ranking by savings", rows, board_columns, COUNT(board_columns));
  if (left_out > 0.0) zc_page_paragraph(page, "%.0f more are not shown here.", left_out);
}

void zc_page_recommend(zc_page *page) {
  double left_out = zc_page_number(page->document, "pipelines_left_out");
  zc_page_table(page, "Pipelines", zc_json_get(page->document, "pipelines"), advice_columns,
                COUNT(advice_columns));
  if (left_out > 0.0) zc_page_paragraph(page, "%.0f more pipelines are not shown here.", left_out);
  zc_page_table(page, "Regions now, beside what is usual", zc_json_get(page->document, "regions"),
                now_columns, COUNT(now_columns));
}
