/* report_csv.c - the main table of a document, by RFC 4180. */
#include <string.h>

#include "core/base/text.h"
#include "core/cli/cli.h"
#include "core/cli/output.h"
#include "core/cli/report_print.h"

#define CSV_MAX ((size_t)16 << 20)
#define FIGURES                                                                                    \
  "runs", "ran", "successful", "failed", "success_rate", "emissions_g", "savings_g",               \
      "savings_percent", "planned_savings_g", "realised_runs", "location_emissions_g",             \
      "unknown_runs", "run_now", "defer", "relocate"
#define RUN                                                                                        \
  "execution_id", "requested_at", "pipeline", "status", "decision", "region", "planned_start",     \
      "started_at", "finished_at", "intensity", "default_intensity", "emissions_g",                \
      "planned_emissions_g", "planned_savings_g", "planned_savings_percent", "realised_savings_g", \
      "realised_savings_percent", "message"

static const char *const performance[] = {"date",
                                          FIGURES,
                                          "avg_duration_minutes",
                                          "avg_energy_kwh",
                                          "avg_sci_score",
                                          "vcpu_hours",
                                          "memory_gb_hours",
                                          "defer_success_rate",
                                          "avg_defer_hours",
                                          "cleanest_region",
                                          "dirtiest_region",
                                          NULL};
static const char *const trends[] = {"date", "week", FIGURES, "realised_savings_g", NULL};
static const char *const optimal_times[] = {"region",         "weekday", "hour",
                                            "mean_intensity", "hours",   NULL};
static const char *const regions[] = {
    "region",         "mean_intensity", "lowest_intensity", "highest_intensity",     "hours",
    "cleanest_hours", "cleanest_share", "mean_rank",        "below_threshold_share", NULL};
static const char *const monthly[] = {"pipeline", "team", FIGURES, NULL};
static const char *const recommend[] = {
    "pipeline",        "team",         "decision",  "default_region",     "region",
    "start",           "wait_minutes", "intensity", "baseline_intensity", "savings_g",
    "savings_percent", "advice",       NULL};
static const char *const leaderboard[] = {"carbon_savings_rank",
                                          "identifier",
                                          "emissions_g",
                                          "savings_g",
                                          "savings_rate",
                                          "executions_optimized",
                                          "total_executions",
                                          "optimization_rate",
                                          "optimization_rate_rank",
                                          "total_executions_rank",
                                          "unknown_executions",
                                          "achievements",
                                          NULL};
static const char *const runs[] = {RUN, NULL};
static const char *const optimal_regions[] = {"region", "share", FIGURES, "mean_intensity", NULL};

static const struct {
  const char *list;
  const char *const *columns;
} tables[ZC_REPORT_QUERIES] = {
    [ZC_REPORT_PERFORMANCE] = {"by_day", performance},
    [ZC_REPORT_TRENDS] = {"points", trends},
    [ZC_REPORT_OPTIMAL_TIMES] = {"regions", optimal_times},
    [ZC_REPORT_REGIONS] = {"regions", regions},
    [ZC_REPORT_MONTHLY] = {"pipelines", monthly},
    [ZC_REPORT_RECOMMEND] = {"pipelines", recommend},
    [ZC_REPORT_LEADERBOARD] = {"rows", leaderboard},
    [ZC_REPORT_RUNS] = {"runs", runs},
    [ZC_REPORT_FAILED] = {"runs", runs},
    [ZC_REPORT_SAVINGS] = {"runs", runs},
    [ZC_REPORT_OPTIMAL_REGIONS] = {"regions", optimal_regions},
};

/* ---- fields ---- */

/* Spreadsheets take a text that begins so for a formula: it gets an apostrophe before it. */
static bool is_formula(const char *text) {
  static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"}; /* ＝ ＋ － ＠ */
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    if (strncmp(text, wide[i], strlen(wide[i])) == 0) return true;
  return *text && strchr("=+-@", *text);
}

/* One character of a foreign text; what steers terminals and readers becomes a blank. */
static size_t add_character(zc_buffer *to, const char *text, size_t n) {
  size_t length = zc_utf8_length(text, n);
  if (length == 0 || zc_is_steering(text, n)) {
    zc_buffer_char(to, ' ');
    return length ? length : 1;
  }
  if (*text == '"') zc_buffer_char(to, '"');
  zc_buffer_add(to, text, length);
  return length;
}

static void add_text(zc_buffer *to, const char *text) {
  size_t n = strlen(text);
  const char *shown = text + strspn(text, " \t\r\n");
  zc_buffer_char(to, '"');
  if (is_formula(shown)) zc_buffer_char(to, '\'');
  for (size_t i = 0; i < n;)
    i += add_character(to, text + i, n - i);
  zc_buffer_char(to, '"');
}

/* Plain values of a list, in one field. */
static void add_list(zc_buffer *to, const zc_json *list) {
  zc_buffer words;
  zc_buffer_init(&words, CSV_MAX);
  for (size_t i = 0; i < zc_json_count(list); i++) {
    const char *word;
    if (zc_json_text(zc_json_member(list, i, NULL), &word, NULL) != ZC_OK) continue;
    if (words.length) zc_buffer_char(&words, ' ');
    zc_buffer_text(&words, word);
  }
  if (words.length) add_text(to, words.data);
  zc_buffer_finish(&words);
}

static void add_field(zc_buffer *to, const zc_json *value) {
  const char *text;
  if (zc_json_text(value, &text, NULL) == ZC_OK)
    add_text(to, text);
  else if (zc_json_type(value) == ZC_JSON_ARRAY)
    add_list(to, value);
  else if (zc_json_type(value) == ZC_JSON_NUMBER || zc_json_type(value) == ZC_JSON_BOOLEAN)
    zc_json_write(to, value);
}

static void add_names(zc_buffer *to, const char *const *columns) {
  for (size_t i = 0; columns[i]; i++)
    zc_buffer_printf(to, "%s%s", i ? "," : "", columns[i]);
  zc_buffer_text(to, "\r\n");
}

static void add_row(zc_buffer *to, const zc_json *row, const char *const *columns) {
  for (size_t i = 0; columns[i]; i++) {
    if (i) zc_buffer_char(to, ',');
    add_field(to, zc_json_get(row, columns[i]));
  }
  zc_buffer_text(to, "\r\n");
}

/* A line for each hour of the week of which something is known. */
static void add_week(zc_buffer *to, const zc_json *region) {
  const char *name = zc_json_get_text(region, "region");
  const zc_json *means = zc_json_at(region, "week/mean_intensity");
  const zc_json *hours = zc_json_at(region, "week/hours");
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++) {
    const zc_json *mean = zc_json_member(zc_json_member(means, i / 24, NULL), i % 24, NULL);
    if (zc_json_type(mean) != ZC_JSON_NUMBER) continue;
    add_text(to, name ? name : "");
    zc_buffer_printf(to, ",%zu,%zu,", i / 24 + 1, i % 24);
    add_field(to, mean);
    zc_buffer_char(to, ',');
    add_field(to, zc_json_member(zc_json_member(hours, i / 24, NULL), i % 24, NULL));
    zc_buffer_text(to, "\r\n");
  }
}

int zc_report_print_csv(const zc_report_document *document) {
  zc_json *json;
  zc_buffer text;
  int status = zc_json_parse(document->text, document->length, &json);
  if (status != ZC_OK) {
    zc_cli_message("the report cannot be read back: %s", zc_status_text(status));
    return ZC_EXIT_INTERNAL;
  }
  const zc_json *rows = zc_json_get(json, tables[document->query].list);
  zc_buffer_init(&text, CSV_MAX);
  add_names(&text, tables[document->query].columns);
  for (size_t i = 0; i < zc_json_count(rows); i++) {
    const zc_json *row = zc_json_member(rows, i, NULL);
    if (document->query == ZC_REPORT_OPTIMAL_TIMES)
      add_week(&text, row);
    else
      add_row(&text, row, tables[document->query].columns);
  }
  zc_output_text(&text);
  zc_buffer_finish(&text);
  zc_json_free(json);
  return ZC_EXIT_FINE;
}
