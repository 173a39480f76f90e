#include "core/tables/rollup_day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "core/tables/rollup_period.h"

#define DAY INT64_C(1765670400000) /* 2025-12-14T00:00:00Z */

typedef struct {
  zc_rollup_day day;
  zc_rollup_names names;
  char item[4096];
} world;

static void add_text(world *w, const char *text) {
  zc_execution_row row;
  assert_int_equal(zc_execution_row_read(text, strlen(text), &row), ZC_OK);
  assert_int_equal(zc_rollup_day_add(&w->day, &row, &w->names), ZC_OK);
}

static const char *item_of(world *w, zc_time now) {
  zc_buffer text;
  zc_buffer_init(&text, sizeof w->item);
  assert_int_equal(zc_analytics_item_write("checkout", DAY, &w->day, &w->names, now, &text), ZC_OK);
  memcpy(w->item, text.data, text.length + 1);
  zc_buffer_finish(&text);
  return w->item;
}

static void finish(world *w) {
  zc_rollup_day_finish(&w->day);
  zc_rollup_names_finish(&w->names);
}

#define WORKLOAD                                                                                   \
  "\"workload\":{\"duration_minutes\":40,\"vcpu_count\":2,\"memory_gb\":3,\"energy_kwh\":0.015,"   \
  "\"sci_score\":3.5913}"
#define RAN "\"started_at\":\"2025-12-14T12:30:00Z\",\"finished_at\":\"2025-12-14T13:08:00Z\""

/* The schema's example of pipeline_analytics, from five runs that give it: every figure but
 * avg_sci_score, which there contradicts avg_emissions_g. */
static void the_example_of_the_schema_is_reproduced(void **state) {
  (void)state;
  world w = {0};
  static const char *const runs[] = {
      "{\"timestamp\":1765705800,\"status\":\"SUCCESS\",\"pipeline_region\":\"eu-west-2\","
      "\"carbon_analysis\":{\"decision\":\"RUN_NOW\",\"optimal_intensity\":16.1,\"savings_g\":0,"
      "\"savings_percent\":0}," WORKLOAD "," RAN "}",
      "{\"timestamp\":1765705801,\"status\":\"SUCCESS\",\"pipeline_region\":\"eu-west-2\","
      "\"carbon_analysis\":{\"decision\":\"RUN_NOW\",\"optimal_intensity\":16.1,\"savings_g\":0,"
      "\"savings_percent\":0}," WORKLOAD "," RAN "}",
      "{\"timestamp\":1765705802,\"status\":\"FAILED\",\"pipeline_region\":\"eu-central-1\","
      "\"carbon_analysis\":{\"decision\":\"RUN_NOW\",\"optimal_intensity\":257,\"savings_g\":0,"
      "\"savings_percent\":0}," WORKLOAD "," RAN "}",
      "{\"timestamp\":1765706400,\"status\":\"SUCCESS\",\"pipeline_region\":\"eu-west-2\","
      "\"carbon_analysis\":{\"decision\":\"DEFER\",\"optimal_intensity\":16.1,\"savings_g\":1,"
      "\"savings_percent\":30}," WORKLOAD ",\"started_at\":\"2025-12-14T12:30:00Z\","
      "\"finished_at\":\"2025-12-14T13:08:00Z\"}",
      "{\"timestamp\":1765705804,\"status\":\"SUCCESS\",\"pipeline_region\":\"eu-north-1\","
      "\"carbon_analysis\":{\"decision\":\"RELOCATE\",\"optimal_intensity\":16,\"savings_g\":1.45,"
      "\"savings_percent\":32.5}," WORKLOAD "," RAN "}",
  };
  for (size_t i = 0; i < 5; i++)
    add_text(&w, runs[i]);
  assert_string_equal(
      item_of(&w, DAY + 2 * ZC_DAY),
      "{\"pipeline_name\":\"checkout\",\"date\":\"2025-12-14\","
      "\"executions\":{\"total\":5,\"successful\":4,\"failed\":1,\"success_rate\":0.8,\"ran\":5},"
      "\"carbon\":{\"total_emissions_g\":17.96,\"avg_emissions_g\":3.59,\"total_savings_g\":2.45,"
      "\"avg_savings_percent\":12.5,\"cleanest_region_used\":\"eu-north-1\","
      "\"dirtiest_region_used\":\"eu-central-1\",\"planned_savings_g\":2.45,"
      "\"realised_executions\":0},"
      "\"performance\":{\"avg_duration_minutes\":38,\"avg_energy_kwh\":0.015,"
      "\"avg_sci_score\":3.59,\"total_vcpu_hours\":6.67,\"total_memory_gb_hours\":10},"
      "\"decisions\":{\"run_now\":3,\"defer\":1,\"relocate\":1,\"defer_success_rate\":1,"
      "\"avg_defer_hours\":2.5,\"optimized\":2},"
      "\"sums\":{\"emissions_g\":17.9565,\"savings_g\":2.45,\"planned_savings_g\":2.45,"
      "\"vcpu_hours\":6.666665,\"memory_gb_hours\":10},"
      "\"updated_at\":\"2025-12-14T23:59:59Z\",\"ttl\":1797206400}");
  assert_non_null(
      strstr(item_of(&w, DAY + 11 * ZC_HOUR), "\"updated_at\":\"2025-12-14T11:00:00Z\""));
  finish(&w);
}

static void realised_figures_stand_before_planned_ones(void **state) {
  (void)state;
  world w = {0};
  add_text(&w,
           "{\"timestamp\":1765670400,\"status\":\"SUCCESS\",\"pipeline_region\":\"eu-west-2\","
           "\"carbon_analysis\":{\"decision\":\"DEFER\",\"optimal_intensity\":50,\"savings_g\":2,"
           "\"savings_percent\":20}," WORKLOAD ",\"realised\":{"
           "\"started_at\":\"2025-12-14T01:00:00Z\",\"finished_at\":\"2025-12-14T01:20:00Z\","
           "\"mean_intensity\":80,\"baseline_mean_intensity\":70,\"sci_score\":1.9,"
           "\"savings_g\":-0.5,\"savings_percent\":-35.71}}");
  const char *item = item_of(&w, DAY);
  assert_non_null(strstr(item, "\"total_emissions_g\":1.9,"));
  assert_non_null(strstr(item, "\"total_savings_g\":-0.5,\"avg_savings_percent\":-35.71,"));
  assert_non_null(strstr(item, "\"planned_savings_g\":2,\"realised_executions\":1}"));
  assert_non_null(strstr(item, "\"avg_duration_minutes\":20,\"avg_energy_kwh\":0.0075,"));
  assert_non_null(strstr(item, "\"total_vcpu_hours\":0.67,\"total_memory_gb_hours\":1}"));
  assert_non_null(strstr(item, "\"defer_success_rate\":0,\"avg_defer_hours\":1,\"optimized\":0}"));
  finish(&w);
}

static void location_based_emissions_are_added_up_beside_the_others(void **state) {
  (void)state;
  world w = {0};
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\"," WORKLOAD "}");
  assert_null(strstr(item_of(&w, DAY), "location_emissions_g"));
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\"," WORKLOAD
               ",\"location_based\":{\"intensity\":80.6,\"sci_score\":4.5}}");
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\"," WORKLOAD
               ",\"location_based\":{\"intensity\":80.6,\"sci_score\":4.5},\"realised\":{"
               "\"sci_score\":3.5,\"location_based\":{\"mean_intensity\":70,\"sci_score\":4.25}}}");
  /* 3.5913 where there is no share, 4.5 planned, 4.25 realised */
  assert_non_null(strstr(item_of(&w, DAY), "\"location_emissions_g\":12.3413"));
  assert_non_null(strstr(w.item, "\"emissions_g\":10.6826,"));
  finish(&w);
}

/* Status, whether it was started; whether it counts as a run. */
static void emissions_are_those_of_runs_that_took_place(void **state) {
  (void)state;
  static const struct {
    const char *status, *started;
    uint32_t ran;
  } cases[] = {
      {"SUCCESS", "", 1},    {"TIMED_OUT", "", 1},     {"FAILED", "", 0},
      {"CANCELLED", "", 0},  {"SUPERSEDED", "", 0},    {"FAILED", ",", 1},
      {"CANCELLED", ",", 1}, {"SUPERSEDED", ",", 1},   {"RUNNING", ",", 0},
      {"UNKNOWN", ",", 0},   {"NOT_TRIGGERED", "", 0}, {"PENDING", "", 0},
      {"DEFERRED", "", 0},   {"TRIGGERING", ",", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    world w = {0};
    char text[800];
    snprintf(text, sizeof text,
             "{\"timestamp\":1765670400,\"status\":\"%s\"%s%s,\"pipeline_region\":\"a\"," WORKLOAD
             "}",
             cases[i].status, cases[i].started,
             *cases[i].started ? "\"started_at\":\"2025-12-14T01:00:00Z\"" : "");
    add_text(&w, text);
    assert_int_equal(w.day.total, 1);
    assert_int_equal(w.day.ran, cases[i].ran);
    assert_int_equal(w.day.emissions.n, cases[i].ran);
    finish(&w);
  }
}

static void what_is_not_known_is_left_out(void **state) {
  (void)state;
  world w = {0};
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\"}");
  assert_string_equal(
      item_of(&w, DAY),
      "{\"pipeline_name\":\"checkout\",\"date\":\"2025-12-14\","
      "\"executions\":{\"total\":1,\"successful\":1,\"failed\":0,\"success_rate\":1,\"ran\":1},"
      "\"carbon\":{\"realised_executions\":0,\"unknown_executions\":1},"
      "\"performance\":{\"total_vcpu_hours\":0,\"total_memory_gb_hours\":0},"
      "\"decisions\":{\"run_now\":0,\"defer\":0,\"relocate\":0,\"optimized\":0},"
      "\"sums\":{\"vcpu_hours\":0,\"memory_gb_hours\":0},"
      "\"updated_at\":\"2025-12-14T00:00:00Z\",\"ttl\":1797206400}");
  finish(&w);
}

/* Emissions and savings of a row of pipeline_analytics, and of how many runs the former are not
 * known. */
static void a_row_gives(const char *text, int64_t emissions, int64_t savings, uint32_t unknown) {
  zc_analytics_row row;
  assert_int_equal(zc_analytics_row_read(text, strlen(text), &row), ZC_OK);
  assert_true(row.emissions == emissions && row.savings == savings);
  assert_int_equal(row.unknown, unknown);
}

#define DAY_ROW(ran, carbon, sums)                                                                 \
  "{\"date\":\"2025-12-14\",\"executions\":{\"ran\":" #ran "},\"carbon\":{" carbon                 \
  "},\"decisions\":{\"optimized\":0},\"sums\":{" sums "}}"

static void a_sum_is_unknown_where_nothing_is_known_of_what_ran(void **state) {
  (void)state;
  world w = {0};
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\"}");
  a_row_gives(item_of(&w, DAY), ZC_NOT_KNOWN, ZC_NOT_KNOWN, 1);
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\"," WORKLOAD "}");
  a_row_gives(item_of(&w, DAY), 35913, ZC_NOT_KNOWN, 1);
  finish(&w);
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"CANCELLED\"}");
  a_row_gives(item_of(&w, DAY), 0, 0, 0); /* nothing ran: nothing was emitted */
  finish(&w);
  /* Rows that were written before sums were left out. */
  a_row_gives(DAY_ROW(3, "\"unknown_executions\":3", "\"emissions_g\":0,\"savings_g\":0"),
              ZC_NOT_KNOWN, ZC_NOT_KNOWN, 3);
  a_row_gives(DAY_ROW(3, "\"total_emissions_g\":0,\"total_savings_g\":0",
                      "\"emissions_g\":0.0012,\"savings_g\":0"),
              12, 0, 0);
}

static void rows_that_cannot_be_used_are_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"{}",
                                      "{\"timestamp\":1}",
                                      "{\"timestamp\":\"1\",\"status\":\"SUCCESS\"}",
                                      "{\"timestamp\":1e300,\"status\":\"SUCCESS\"}",
                                      "{\"timestamp\":1,\"status\":\"DONE\"}",
                                      "{\"timestamp\":1,\"status\":\"SUCCESS\""};
  zc_execution_row row;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(zc_execution_row_read(texts[i], strlen(texts[i]), &row), ZC_EDATA);
}

static void an_item_can_be_read_back(void **state) {
  (void)state;
  world w = {0};
  zc_analytics_row row;
  add_text(&w, "{\"timestamp\":1765670400,\"status\":\"SUCCESS\",\"carbon_analysis\":{\"decision\":"
               "\"DEFER\",\"savings_g\":0.0001}," WORKLOAD "}");
  const char *item = item_of(&w, DAY);
  assert_int_equal(zc_analytics_row_read(item, strlen(item), &row), ZC_OK);
  assert_true(row.day == DAY);
  assert_int_equal(row.ran, 1);
  assert_int_equal(row.optimized, 1);
  assert_int_equal(row.emissions, 35913);
  assert_int_equal(row.savings, 1);
  assert_int_equal(zc_analytics_row_read("{}", 2, &row), ZC_EDATA);
  finish(&w);
}

/* ---- days, weeks, months ---- */

static void assert_period(const char *time, zc_period_kind kind, const char *key,
                          const char *last_day) {
  zc_time at;
  char text[ZC_PERIOD_KEY_SIZE], date[ZC_TIME_TEXT_SIZE];
  assert_int_equal(zc_time_parse(time, &at), ZC_OK);
  zc_period period = zc_period_of(kind, at);
  zc_period_key(&period, text);
  assert_string_equal(text, key);
  assert_int_equal(zc_date_format(period.end - ZC_DAY, date, sizeof date), ZC_OK);
  assert_string_equal(date, last_day);
  assert_true(period.first <= at && at < period.end);
}

static void weeks_are_those_of_iso_8601(void **state) {
  (void)state;
  assert_period("2025-12-14T10:30:00Z", ZC_WEEKLY, "weekly#2025-W50", "2025-12-14");
  assert_period("2025-12-15T00:00:00Z", ZC_WEEKLY, "weekly#2025-W51", "2025-12-21");
  assert_period("2021-01-03T23:59:59Z", ZC_WEEKLY, "weekly#2020-W53", "2021-01-03");
  assert_period("2024-12-30T00:00:00Z", ZC_WEEKLY, "weekly#2025-W01", "2025-01-05");
  assert_period("2027-01-01T00:00:00Z", ZC_WEEKLY, "weekly#2026-W53", "2027-01-03");
  assert_period("2024-02-29T12:00:00Z", ZC_MONTHLY, "monthly#2024-02", "2024-02-29");
  assert_period("2025-12-31T23:59:59Z", ZC_MONTHLY, "monthly#2025-12", "2025-12-31");
  assert_period("1969-12-31T23:59:59Z", ZC_DAILY, "daily#1969-12-31", "1969-12-31");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_example_of_the_schema_is_reproduced),
      cmocka_unit_test(realised_figures_stand_before_planned_ones),
      cmocka_unit_test(location_based_emissions_are_added_up_beside_the_others),
      cmocka_unit_test(emissions_are_those_of_runs_that_took_place),
      cmocka_unit_test(what_is_not_known_is_left_out),
      cmocka_unit_test(a_sum_is_unknown_where_nothing_is_known_of_what_ran),
      cmocka_unit_test(rows_that_cannot_be_used_are_refused),
      cmocka_unit_test(an_item_can_be_read_back),
      cmocka_unit_test(weeks_are_those_of_iso_8601),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
