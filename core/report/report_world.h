/* report_world.h - what the tests of reports ask with: settings, rows, and what answers hold.
 *
 * To be included after the headers that cmocka.h wants. */
#ifndef ZC_REPORT_REPORT_WORLD_H
#define ZC_REPORT_REPORT_WORLD_H

#include <stdio.h>
#include <string.h>

#include "core/report/report.h"

#define NOW INT64_C(1765708200000) /* 2025-12-14T10:30:00Z, a Sunday */

static char *region_names[] = {"eu-north-1", "eu-west-2"};
static uint32_t both[] = {1, 0};
static zc_pipeline_settings pipelines[] = {
    {.name = "build", .team = "web", .regions = both, .n_regions = 2, .max_defer_hours = 8},
    {.name = "nightly", .regions = both, .n_regions = 1},
    {.name = "deploy", .team = "web", .regions = both, .n_regions = 2, .max_defer_hours = 8}};
static zc_pipeline_settings *by_name[] = {&pipelines[0], &pipelines[2], &pipelines[1]};
static const zc_settings settings = {.regions = region_names,
                                     .n_regions = 2,
                                     .pipelines = pipelines,
                                     .pipelines_by_name = by_name,
                                     .n_pipelines = 3};

static inline zc_report *ask(zc_report_request request) {
  zc_report *report = NULL;
  zc_error error = {0};
  request.now = NOW;
  assert_int_equal(zc_report_create(&settings, &request, &report, &error), ZC_OK);
  return report;
}

static inline void give(zc_report *report, size_t range, const char *row) {
  assert_int_equal(zc_report_row(report, range, row, strlen(row)), ZC_OK);
}

/* The document; ends the report. */
static inline zc_json *answer(zc_report *report) {
  zc_buffer text;
  zc_json *json = NULL;
  zc_buffer_init(&text, ZC_REPORT_DOCUMENT_MAX);
  assert_int_equal(zc_report_write(report, &text), ZC_OK);
  assert_int_equal(zc_json_parse(text.data, text.length, &json), ZC_OK);
  zc_buffer_finish(&text);
  zc_report_destroy(report);
  return json;
}

static inline void holds(const zc_json *json, const char *path, double wanted) {
  double found = -1;
  if (zc_json_number(zc_json_at(json, path), &found) != ZC_OK || found < wanted || found > wanted)
    fail_msg("%s: %.17g, wanted %.17g", path, found, wanted);
}

static inline void says(const zc_json *json, const char *path, const char *wanted) {
  const char *found = NULL;
  if (zc_json_text(zc_json_at(json, path), &found, NULL) != ZC_OK) fail_msg("no text %s", path);
  assert_string_equal(found, wanted);
}

/* ---- rows ---- */

static const char deferred[] =
    "{\"execution_id\":\"a\",\"timestamp\":1765600000,\"pipeline_name\":\"build\","
    "\"pipeline_region\":\"eu-west-2\",\"status\":\"SUCCESS\",\"started_at\":\"2025-12-13T05:00:"
    "00Z\","
    "\"carbon_analysis\":{\"decision\":\"DEFER\",\"optimal_region\":\"eu-west-2\","
    "\"optimal_intensity\":100,\"savings_g\":2.5},\"workload\":{\"sci_score\":7.5},"
    "\"realised\":{\"mean_intensity\":110,\"sci_score\":8,\"savings_g\":2}}";
static const char failed[] =
    "{\"execution_id\":\"b\",\"timestamp\":1765700000,\"pipeline_name\":\"build\","
    "\"pipeline_region\":\"eu-west-2\",\"status\":\"FAILED\",\"started_at\":\"2025-12-14T09:00:"
    "00Z\","
    "\"carbon_analysis\":{\"decision\":\"RUN_NOW\",\"optimal_region\":\"eu-west-2\","
    "\"optimal_intensity\":200,\"savings_g\":0},\"workload\":{\"sci_score\":10}}";
static const char cancelled[] =
    "{\"execution_id\":\"c\",\"timestamp\":1765701000,\"pipeline_name\":\"build\","
    "\"pipeline_region\":\"eu-north-1\",\"status\":\"CANCELLED\","
    "\"carbon_analysis\":{\"decision\":\"RELOCATE\",\"optimal_region\":\"eu-north-1\","
    "\"optimal_intensity\":20,\"savings_g\":9},\"workload\":{\"sci_score\":1}}";

static inline void give_day(zc_report *report, size_t range, const char *date, int runs, int ran,
                            int failures, double emissions, double savings) {
  char row[500];
  snprintf(
      row, sizeof row,
      "{\"date\":\"%s\",\"executions\":{\"total\":%d,\"successful\":%d,\"failed\":%d,\"ran\":%d},"
      "\"carbon\":{\"total_emissions_g\":%g,\"total_savings_g\":%g},"
      "\"decisions\":{\"run_now\":%d,\"defer\":0,\"relocate\":0}}",
      date, runs, runs - failures, failures, ran, emissions, savings, runs);
  give(report, range, row);
}

#endif
