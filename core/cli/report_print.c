/* report_print.c - documents of reports for a terminal. */
#include "core/cli/report_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/output.h"
#include "core/model/workload.h"

#define CELL_SIZE 160
#define TEXT      (-1) /* a column's decimals: words, or a list of them */
#define SHARE     (-2) /* 0..1, shown as percent */
#define NAMED     3    /* best hours that are named */
#define ROWS_MOST 40   /* of a table on a terminal: --json and --csv have all */

typedef struct {
  const char *heading, *path;
  int decimals; /* or TEXT, SHARE */
} column;

/* ---- values ---- */

static const char *text_at(const zc_json *json, const char *path, const char *missing) {
  const char *text;
  return zc_json_text(zc_json_at(json, path), &text, NULL) == ZC_OK ? text : missing;
}

static double number_at(const zc_json *json, const char *path) {
  double number;
  return zc_json_number(zc_json_at(json, path), &number) == ZC_OK ? number : NAN;
}

static const char *figure(double value, int decimals, char text[32]) {
  if (!isfinite(value)) return "-";
  snprintf(text, 32, "%.*f", decimals, zc_round(value, decimals));
  return text;
}

static void words_text(const zc_json *row, const char *path, char text[CELL_SIZE]) {
  const zc_json *list = zc_json_at(row, path);
  size_t length = 0;
  snprintf(text, CELL_SIZE, "%s", text_at(row, path, "-"));
  for (size_t i = 0; i < zc_json_count(list) && length < CELL_SIZE; i++) {
    int n = snprintf(text + length, CELL_SIZE - length, "%s%s", i ? " " : "",
                     text_at(zc_json_member(list, i, NULL), "", "-"));
    length += n > 0 ? (size_t)n : 0;
  }
}

static void cell_text(const zc_json *row, const column *c, char text[CELL_SIZE]) {
  double value = number_at(row, c->path);
  if (c->decimals == TEXT)
    words_text(row, c->path, text);
  else if (!isfinite(value))
    snprintf(text, CELL_SIZE, "-");
  else if (c->decimals == SHARE)
    snprintf(text, CELL_SIZE, "%.1f %%", zc_round(100 * value, 1));
  else
    snprintf(text, CELL_SIZE, "%.*f", c->decimals, zc_round(value, c->decimals));
}

/* ---- tables ---- */

static int width_of(const zc_json *rows, const column *c) {
  char text[CELL_SIZE];
  size_t width = strlen(c->heading);
  for (size_t i = 0; i < zc_json_count(rows) && i < ROWS_MOST; i++) {
    cell_text(zc_json_member(rows, i, NULL), c, text);
    if (strlen(text) > width) width = strlen(text);
  }
  return (int)width;
}

static zc_colour colour_of(const column *c, const char *text) {
  return strcmp(c->heading, "STATUS") == 0 ? zc_output_status_colour(text) : ZC_PLAIN;
}

/* Numbers stand to the right, words to the left. */
static void add_cell(zc_listing *listing, const column *c, zc_colour colour, int width,
                     const char *text) {
  zc_listing_add(listing, colour, "%*s", c->decimals == TEXT ? 0 : width, text);
}

static void print_rows(const zc_json *rows, const column *columns, size_t n) {
  zc_listing listing;
  char text[CELL_SIZE];
  int widths[16];
  size_t shown = zc_json_count(rows) < ROWS_MOST ? zc_json_count(rows) : ROWS_MOST;
  if (shown == 0) return;
  zc_listing_init(&listing, n);
  for (size_t k = 0; k < n; k++) {
    widths[k] = width_of(rows, &columns[k]);
    add_cell(&listing, &columns[k], ZC_BOLD, widths[k], columns[k].heading);
  }
  for (size_t i = 0; i < shown; i++) {
    for (size_t k = 0; k < n; k++) {
      cell_text(zc_json_member(rows, i, NULL), &columns[k], text);
      add_cell(&listing, &columns[k], colour_of(&columns[k], text), widths[k], text);
    }
  }
  zc_output_printf("\n");
  zc_listing_print(&listing, "  ");
  zc_listing_finish(&listing);
  if (shown < zc_json_count(rows))
    zc_output_printf("  … and %zu more: --json or --csv has them\n", zc_json_count(rows) - shown);
}

#define PRINT_ROWS(json, list, columns)                                                            \
  print_rows(zc_json_get(json, list), columns, sizeof(columns) / sizeof *(columns))

/* ---- sparklines ---- */

static void print_values(const char *title, const double *values, size_t n, bool from_zero,
                         const char *unit) {
  double lowest = INFINITY, highest = -INFINITY;
  char low[32], high[32];
  char *text = malloc(4 * n + 1);
  for (size_t i = 0; i < n; i++) {
    if (isfinite(values[i])) lowest = fmin(lowest, values[i]);
    if (isfinite(values[i])) highest = fmax(highest, values[i]);
  }
  if (text && isfinite(highest)) {
    zc_sparkline(values, n, from_zero ? fmin(0, lowest) : lowest, highest, text);
    zc_output_printf("  %-18s %s  %s to %s %s\n", title, text, figure(lowest, 1, low),
                     figure(highest, 1, high), unit);
  }
  free(text);
}

/* One value of every row of a list. */
static void print_series(const char *title, const zc_json *rows, const char *path, bool from_zero,
                         const char *unit) {
  size_t n = zc_json_count(rows);
  double *values = calloc(n + 1, sizeof *values);
  for (size_t i = 0; values && i < n; i++)
    values[i] = number_at(zc_json_member(rows, i, NULL), path);
  if (values && n > 1) print_values(title, values, n, from_zero, unit);
  free(values);
}

/* ---- what many have ---- */

static void print_title(const zc_json *json, const char *what) {
  zc_output_printf("%s%s%s", zc_output_colour(ZC_BOLD), what, zc_output_colour(ZC_PLAIN));
  if (zc_json_get(json, "from"))
    zc_output_printf(", %s to %s", text_at(json, "from", ""), text_at(json, "to", ""));
  zc_output_printf("\n");
}

static void title_of_pipeline(const zc_json *json, const char *what) {
  char title[CELL_SIZE * 2];
  const char *team = text_at(json, "team", NULL);
  snprintf(title, sizeof title, "%s of %s%s%s%s", what, text_at(json, "pipeline", "-"),
           team ? " (team " : "", team ? team : "", team ? ")" : "");
  print_title(json, title);
}

static void print_savings(const zc_json *totals) {
  char a[32], b[32];
  zc_output_printf("  savings    %s g", figure(number_at(totals, "savings_g"), 2, a));
  if (isfinite(number_at(totals, "savings_percent")))
    zc_output_printf(", %s %%", figure(number_at(totals, "savings_percent"), 2, b));
  if (isfinite(number_at(totals, "planned_savings_g")))
    zc_output_printf("; planned %s g", figure(number_at(totals, "planned_savings_g"), 2, a));
  if (isfinite(number_at(totals, "realised_runs")))
    zc_output_printf("; realised known of %s runs",
                     figure(number_at(totals, "realised_runs"), 0, a));
  zc_output_printf("\n");
}

static void print_emissions(const zc_json *totals) {
  char a[32], b[32];
  double location = number_at(totals, "location_emissions_g");
  zc_output_printf("  emissions  %s gCO2eq", figure(number_at(totals, "emissions_g"), 2, a));
  if (isfinite(location)) zc_output_printf(", location-based %s", figure(location, 2, b));
  if (isfinite(number_at(totals, "unknown_runs")))
    zc_output_printf("; nothing known of %s runs", figure(number_at(totals, "unknown_runs"), 0, b));
  zc_output_printf("\n");
}

static void print_totals(const zc_json *totals) {
  char a[32], b[32], c[32];
  zc_output_printf("  runs       %s, of which %s ran", figure(number_at(totals, "runs"), 0, a),
                   figure(number_at(totals, "ran"), 0, b));
  zc_output_printf("; %s succeeded, %s failed", figure(number_at(totals, "successful"), 0, a),
                   figure(number_at(totals, "failed"), 0, b));
  if (isfinite(number_at(totals, "success_rate")))
    zc_output_printf(" (%.1f %%)", 100 * number_at(totals, "success_rate"));
  zc_output_printf("\n");
  print_emissions(totals);
  print_savings(totals);
  zc_output_printf("  decisions  %s at once, %s deferred, %s relocated, of all runs\n",
                   figure(number_at(totals, "run_now"), 0, a),
                   figure(number_at(totals, "defer"), 0, b),
                   figure(number_at(totals, "relocate"), 0, c));
}

/* Sentences of a list, each on a line. */
static void print_sentences(const zc_json *json, const char *list, const char *title) {
  const zc_json *sentences = zc_json_get(json, list);
  if (zc_json_count(sentences) == 0) return;
  if (title) zc_output_printf("\n%s\n", title);
  for (size_t i = 0; i < zc_json_count(sentences); i++) {
    const char *text;
    if (zc_json_text(zc_json_member(sentences, i, NULL), &text, NULL) == ZC_OK)
      zc_output_foreign("  ", text);
  }
}

static void print_sources(const zc_json *json) {
  const zc_json *sources = zc_json_get(json, "sources");
  for (size_t i = 0; i < zc_json_count(sources); i++) {
    const zc_json *source = zc_json_member(sources, i, NULL);
    const char *attribution = text_at(source, "attribution", NULL);
    zc_output_printf("  %s (%s)%s%s\n", text_at(source, "name", "-"),
                     text_at(source, "plugin", "-"), attribution ? ": data: " : "",
                     attribution ? attribution : "");
  }
}

static void print_foot(const zc_json *json) {
  zc_output_printf("\ndata quality\n");
  zc_output_json(zc_json_get(json, "data_quality"), 1);
  print_sentences(json, "method", "method");
  zc_output_printf("\nsources\n");
  print_sources(json);
}

/* ---- one function a query ---- */

static void print_performance(const zc_json *json) {
  static const column columns[] = {{"DATE", "date", TEXT},
                                   {"RUNS", "runs", 0},
                                   {"SUCCESS", "success_rate", SHARE},
                                   {"EMITTED g", "emissions_g", 2},
                                   {"SAVED g", "savings_g", 2},
                                   {"%", "savings_percent", 2},
                                   {"AT ONCE", "run_now", 0},
                                   {"DEFERRED", "defer", 0},
                                   {"RELOCATED", "relocate", 0},
                                   {"MINUTES", "avg_duration_minutes", 1},
                                   {"CLEANEST", "cleanest_region", TEXT}};
  const zc_json *days = zc_json_get(json, "by_day");
  title_of_pipeline(json, "performance");
  print_totals(zc_json_get(json, "totals"));
  print_series("emitted by day", days, "emissions_g", true, "g");
  print_series("saved by day", days, "savings_g", true, "g");
  PRINT_ROWS(json, "by_day", columns);
}

static void print_trends(const zc_json *json) {
  static const column columns[] = {{"FROM", "date", TEXT},
                                   {"RUNS", "runs", 0},
                                   {"EMITTED g", "emissions_g", 2},
                                   {"PLANNED g", "planned_savings_g", 2},
                                   {"REALISED g", "realised_savings_g", 2},
                                   {"OF RUNS", "realised_runs", 0},
                                   {"SAVED %", "savings_percent", 2}};
  const zc_json *points = zc_json_get(json, "points");
  char text[32];
  title_of_pipeline(json, "trends");
  print_totals(zc_json_get(json, "totals"));
  print_series("saved %", points, "savings_percent", true, "%");
  if (isfinite(number_at(json, "trend/change_points")))
    zc_output_printf("  second half against the first: %s%s percentage points saved\n",
                     number_at(json, "trend/change_points") > 0 ? "+" : "",
                     figure(number_at(json, "trend/change_points"), 2, text));
  PRINT_ROWS(json, "points", columns);
}

static void print_best_hours(const zc_json *region, const char *list, const char *title) {
  const zc_json *hours = zc_json_get(region, list);
  zc_output_printf("  %-18s", title);
  for (size_t i = 0; i < zc_json_count(hours) && i < NAMED; i++) {
    const zc_json *hour = zc_json_member(hours, i, NULL);
    zc_output_printf("%s %02.0f h (%.1f)", i ? "," : "", number_at(hour, "hour"),
                     number_at(hour, "mean_intensity"));
  }
  zc_output_printf("\n");
}

static void week_values(const zc_json *region, double values[ZC_WEEK_HOURS]) {
  const zc_json *week = zc_json_at(region, "week/mean_intensity");
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++) {
    const zc_json *mean = zc_json_member(zc_json_member(week, i / 24, NULL), i % 24, NULL);
    if (zc_json_number(mean, &values[i]) != ZC_OK) values[i] = NAN;
  }
}

static void print_week(const zc_json *region) {
  static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};
  double values[ZC_WEEK_HOURS], lowest = INFINITY, highest = -INFINITY;
  char text[24 * 4 + 1];
  week_values(region, values);
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++) {
    if (isfinite(values[i])) lowest = fmin(lowest, values[i]);
    if (isfinite(values[i])) highest = fmax(highest, values[i]);
  }
  for (size_t day = 0; day < 7 && isfinite(highest); day++) {
    zc_sparkline(values + day * 24, 24, lowest, highest, text);
    zc_output_printf("  %-18s %s\n", days[day], text);
  }
}

static void print_region_times(const zc_json *region) {
  char text[32];
  zc_output_printf("\n%s", text_at(region, "region", "-"));
  if (!isfinite(number_at(region, "mean_intensity"))) {
    zc_output_printf(": no data\n");
    return;
  }
  zc_output_printf(": %s gCO2eq/kWh on average, ",
                   figure(number_at(region, "mean_intensity"), 1, text));
  zc_output_printf("%s %% less at the best hour\n",
                   figure(number_at(region, "saved_percent"), 1, text));
  print_best_hours(region, "best_hours", "cleanest hours");
  print_best_hours(region, "worst_hours", "dirtiest hours");
  print_series("0 h to 23 h", zc_json_get(region, "by_hour"), "mean_intensity", false, "");
  print_week(region);
}

static void print_times(const zc_json *json) {
  const zc_json *regions = zc_json_get(json, "regions");
  print_title(json, "optimal times (hours of UTC)");
  for (size_t i = 0; i < zc_json_count(regions); i++)
    print_region_times(zc_json_member(regions, i, NULL));
}

static double mean_of_day(const zc_json *day, const char *name) {
  const zc_json *regions = zc_json_get(day, "regions");
  for (size_t i = 0; i < zc_json_count(regions); i++) {
    const zc_json *region = zc_json_member(regions, i, NULL);
    if (strcmp(text_at(region, "region", ""), name) == 0)
      return number_at(region, "mean_intensity");
  }
  return NAN;
}

static void print_region_days(const zc_json *json, const char *name) {
  const zc_json *days = zc_json_get(json, "by_day");
  size_t n = zc_json_count(days);
  double *values = calloc(n + 1, sizeof *values);
  for (size_t i = 0; values && i < n; i++)
    values[i] = mean_of_day(zc_json_member(days, i, NULL), name);
  if (values && n > 1) print_values(name, values, n, false, "a day");
  free(values);
}

static void print_regions(const zc_json *json) {
  static const column columns[] = {{"REGION", "region", TEXT},
                                   {"MEAN", "mean_intensity", 1},
                                   {"LOWEST", "lowest_intensity", 1},
                                   {"HIGHEST", "highest_intensity", 1},
                                   {"HOURS", "hours", 0},
                                   {"CLEANEST", "cleanest_share", SHARE},
                                   {"MEAN RANK", "mean_rank", 2},
                                   {"BELOW THRESHOLD", "below_threshold_share", SHARE}};
  const zc_json *regions = zc_json_get(json, "regions");
  print_title(json, "regions");
  PRINT_ROWS(json, "regions", columns);
  print_sentences(json, "notes", NULL);
  zc_output_printf("\n");
  for (size_t i = 0; i < zc_json_count(regions); i++)
    print_region_days(json, text_at(zc_json_member(regions, i, NULL), "region", "-"));
  if (isfinite(number_at(json, "opportunities/mean_max_savings_percent")))
    zc_output_printf(
        "  the best region lay %.1f %% below the worst on average, %.1f %% at most (%s)\n",
        number_at(json, "opportunities/mean_max_savings_percent"),
        number_at(json, "opportunities/highest_max_savings_percent"),
        text_at(json, "opportunities/highest_at", "-"));
}

static void print_monthly(const zc_json *json) {
  static const column teams[] = {{"TEAM", "team", TEXT},
                                 {"PIPELINES", "pipelines", 0},
                                 {"RUNS", "runs", 0},
                                 {"SUCCESS", "success_rate", SHARE},
                                 {"EMITTED g", "emissions_g", 2},
                                 {"SAVED g", "savings_g", 2},
                                 {"SAVED %", "savings_percent", 2}};
  static const column pipelines[] = {{"PIPELINE", "pipeline", TEXT},
                                     {"TEAM", "team", TEXT},
                                     {"RUNS", "runs", 0},
                                     {"SUCCESS", "success_rate", SHARE},
                                     {"EMITTED g", "emissions_g", 2},
                                     {"SAVED g", "savings_g", 2},
                                     {"SAVED %", "savings_percent", 2}};
  static const column regions[] = {{"REGION", "region", TEXT},
                                   {"MEAN", "mean_intensity", 1},
                                   {"MONTH BEFORE", "previous_mean_intensity", 1},
                                   {"HOURS", "hours", 0},
                                   {"CLEANEST", "cleanest_share", SHARE}};
  char title[64];
  snprintf(title, sizeof title, "carbon report %s", text_at(json, "month", ""));
  print_title(json, title);
  print_sentences(json, "headline", NULL);
  zc_output_printf("\n");
  print_totals(zc_json_get(json, "totals"));
  print_series("saved by day", zc_json_get(json, "by_day"), "savings_g", true, "g");
  PRINT_ROWS(json, "teams", teams);
  PRINT_ROWS(json, "pipelines", pipelines);
  PRINT_ROWS(json, "regions", regions);
  print_sentences(json, "insights", "insights");
  print_sentences(json, "recommendations", "recommendations");
}

static void print_recommend(const zc_json *json) {
  static const column pipelines[] = {
      {"PIPELINE", "pipeline", TEXT},   {"DECISION", "decision", TEXT},
      {"REGION", "region", TEXT},       {"START", "start", TEXT},
      {"INTENSITY", "intensity", 1},    {"AT ONCE", "baseline_intensity", 1},
      {"SAVES %", "savings_percent", 2}};
  static const column regions[] = {{"REGION", "region", TEXT},
                                   {"NOW", "intensity_now", 1},
                                   {"USUAL NOW", "usual_intensity", 1},
                                   {"DIFFERENCE %", "difference_percent", 1},
                                   {"CLEANEST HOUR", "cleanest_hour", 0},
                                   {"MEAN THEN", "cleanest_hour_intensity", 1}};
  const zc_json *list = zc_json_get(json, "pipelines");
  print_title(json, "recommendations against the history");
  for (size_t i = 0; i < zc_json_count(list); i++)
    zc_output_foreign("  ", text_at(zc_json_member(list, i, NULL), "advice", ""));
  PRINT_ROWS(json, "pipelines", pipelines);
  PRINT_ROWS(json, "regions", regions);
}

static void print_leaderboard(const zc_json *json) {
  static const column columns[] = {
      {"RANK", "carbon_savings_rank", 0},    {"NAME", "identifier", TEXT},
      {"SAVED g", "savings_g", 2},           {"SAVED SHARE", "savings_rate", SHARE},
      {"EMITTED g", "emissions_g", 2},       {"OPTIMISED", "executions_optimized", 0},
      {"OF", "total_executions", 0},         {"OPTIMISED SHARE", "optimization_rate", SHARE},
      {"ACHIEVEMENTS", "achievements", TEXT}};
  char title[128];
  snprintf(title, sizeof title, "leaderboard of %ss, %s %s", text_at(json, "kind", ""),
           text_at(json, "period", ""), text_at(json, "key", ""));
  print_title(json, title);
  PRINT_ROWS(json, "rows", columns);
}

static void print_runs(const zc_json *json) {
  static const column columns[] = {{"REQUESTED", "requested_at", TEXT},
                                   {"PIPELINE", "pipeline", TEXT},
                                   {"STATUS", "status", TEXT},
                                   {"DECISION", "decision", TEXT},
                                   {"REGION", "region", TEXT},
                                   {"EMITTED g", "emissions_g", 2},
                                   {"PLANNED SAVING g", "planned_savings_g", 2},
                                   {"SAVED g", "realised_savings_g", 2},
                                   {"MESSAGE", "message", TEXT}};
  int more = 0;
  bool plans = strcmp(text_at(json, "report", ""), "savings") == 0;
  print_title(json, plans ? "the greatest savings planned, of runs that took place or not"
                          : text_at(json, "report", "runs"));
  PRINT_ROWS(json, "runs", columns);
  zc_json_boolean(zc_json_get(json, "more"), &more);
  if (more) zc_output_printf("  there are more: --limit N shows them\n");
}

static void print_optimal_regions(const zc_json *json) {
  static const column columns[] = {
      {"REGION", "region", TEXT},    {"CHOSEN", "runs", 0},           {"SHARE", "share", SHARE},
      {"AT ONCE", "run_now", 0},     {"DEFERRED", "defer", 0},        {"RELOCATED", "relocate", 0},
      {"MEAN", "mean_intensity", 1}, {"EMITTED g", "emissions_g", 2}, {"SAVED g", "savings_g", 2}};
  print_title(json, "regions chosen");
  PRINT_ROWS(json, "regions", columns);
}

int zc_report_print(const zc_report_document *document) {
  static void (*const prints[ZC_REPORT_QUERIES])(const zc_json *json) = {
      [ZC_REPORT_PERFORMANCE] = print_performance,
      [ZC_REPORT_TRENDS] = print_trends,
      [ZC_REPORT_OPTIMAL_TIMES] = print_times,
      [ZC_REPORT_REGIONS] = print_regions,
      [ZC_REPORT_MONTHLY] = print_monthly,
      [ZC_REPORT_RECOMMEND] = print_recommend,
      [ZC_REPORT_LEADERBOARD] = print_leaderboard,
      [ZC_REPORT_RUNS] = print_runs,
      [ZC_REPORT_FAILED] = print_runs,
      [ZC_REPORT_SAVINGS] = print_runs,
      [ZC_REPORT_OPTIMAL_REGIONS] = print_optimal_regions,
  };
  zc_json *json;
  double rows;
  int status = zc_json_parse(document->text, document->length, &json);
  if (status != ZC_OK) {
    zc_cli_message("the report cannot be read back: %s", zc_status_text(status));
    return ZC_EXIT_INTERNAL;
  }
  prints[document->query](json);
  if (zc_json_number(zc_json_at(json, "data_quality/rows"), &rows) == ZC_OK && rows < 1)
    zc_report_hint(document->query, json);
  print_foot(json);
  zc_json_free(json);
  return ZC_EXIT_FINE;
}
