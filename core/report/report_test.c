/* Questions, the ranges that they ask for, and the documents that rows make, without a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/report_world.h"

/* ---- ranges ---- */

static void a_range_is(const zc_report *report, size_t i, const char *partition, const char *low,
                       const char *high) {
  size_t n;
  const zc_table_range *ranges = zc_report_ranges(report, &n);
  assert_true(i < n);
  assert_string_equal(ranges[i].partition, partition);
  assert_int_equal(ranges[i].compare, low ? ZC_COMPARE_BETWEEN : ZC_COMPARE_NONE);
  if (low) assert_string_equal(ranges[i].low, low);
  if (high) assert_string_equal(ranges[i].high, high);
}

static void days_are_whole_ones_up_to_now(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_PERFORMANCE, .pipeline = "build"});
  a_range_is(report, 0, "build", "2025-11-15", "2025-12-13");
  a_range_is(report, 1, "build", "1765670400", "1765708199"); /* the running day's runs */
  zc_report_destroy(report);
  report = ask((zc_report_request){.query = ZC_REPORT_TRENDS, .pipeline = "build", .days = 2});
  a_range_is(report, 0, "build", "1765584000", "1765708199"); /* the 13th, to before now */
  zc_report_destroy(report);
  report = ask((zc_report_request){
      .query = ZC_REPORT_TRENDS, .pipeline = "build", .days = 2, .by_week = true});
  a_range_is(report, 0, "build", "1765152000", "1765708199"); /* from Monday the 8th */
  zc_report_destroy(report);
  report = ask((zc_report_request){.query = ZC_REPORT_OPTIMAL_TIMES, .days = 1});
  a_range_is(report, 1, "eu-west-2", "1765620000", "1765706399"); /* whole hours: up to 10:00 */
  zc_report_destroy(report);
}

static void at_midnight_the_day_that_ends_is_the_last(void **state) {
  const zc_settings *all = &settings;
  zc_report_request request = {.query = ZC_REPORT_PERFORMANCE, .pipeline = "build", .days = 1};
  zc_error error = {0};
  zc_report *report;
  size_t n;
  (void)state;
  request.now = INT64_C(1765670400000); /* 2025-12-14T00:00:00Z */
  assert_int_equal(zc_report_create(all, &request, &report, &error), ZC_OK);
  a_range_is(report, 0, "build", "2025-12-13", "2025-12-13");
  zc_report_ranges(report, &n);
  assert_int_equal(n, 1); /* the running day has no run yet */
  zc_report_destroy(report);
  request.query = ZC_REPORT_TRENDS;
  assert_int_equal(zc_report_create(all, &request, &report, &error), ZC_OK);
  a_range_is(report, 0, "build", "1765584000", "1765670399");
  zc_report_destroy(report);
  request.query = ZC_REPORT_REGIONS;
  assert_int_equal(zc_report_create(all, &request, &report, &error), ZC_OK);
  a_range_is(report, 0, "2025-12-13", NULL, NULL);
  zc_report_destroy(report);
}

static void periods_are_asked_for_by_their_key(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_LEADERBOARD});
  a_range_is(report, 0, "monthly#2025-12", NULL, NULL);
  zc_report_destroy(report);
  report = ask(
      (zc_report_request){.query = ZC_REPORT_LEADERBOARD, .period = "weekly", .key = "2025-W01"});
  a_range_is(report, 0, "weekly#2025-W01", NULL, NULL);
  zc_report_destroy(report);
  report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY, .month = "2025-03"});
  size_t n;
  zc_report_ranges(report, &n);
  a_range_is(report, 2, "deploy", "2025-02-01", "2025-03-31");
  assert_int_equal(n, 3); /* the hours of March have expired */
  zc_report_destroy(report);
}

static void what_is_not_there_is_refused_with_a_sentence(void **state) {
  static const struct {
    zc_report_request request;
    int status;
    const char *words;
  } cases[] = {
      {{.query = ZC_REPORT_RUNS, .pipeline = "bild"}, ZC_ENOTFOUND, "no pipeline 'bild'"},
      {{.query = ZC_REPORT_OPTIMAL_TIMES, .region = "eu-west-3"}, ZC_ENOTFOUND, "'eu-west-2'?"},
      {{.query = ZC_REPORT_MONTHLY, .month = "2025-1"}, ZC_EINVAL, "is no month"},
      {{.query = ZC_REPORT_MONTHLY, .month = "2026-01"}, ZC_EINVAL, "lies in the future"},
      {{.query = ZC_REPORT_FAILED, .status = "FALIED"}, ZC_EINVAL, "did you mean 'FAILED'?"},
      {{.query = ZC_REPORT_FAILED, .status = "SUCCESS"},
       ZC_EINVAL,
       "no failure is called 'SUCCESS'"},
      {{.query = ZC_REPORT_LEADERBOARD, .period = "hourly"}, ZC_EINVAL, "is none of"},
      {{.query = ZC_REPORT_LEADERBOARD, .key = "2026-01"}, ZC_EINVAL, "lies in the future"},
      {{.query = ZC_REPORT_LEADERBOARD, .key = "2025-W50"}, ZC_EINVAL, "is no monthly period"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_report_request request = cases[i].request;
    zc_report *report = NULL;
    zc_error error = {0};
    request.now = NOW;
    assert_int_equal(zc_report_create(&settings, &request, &report, &error), cases[i].status);
    assert_non_null(strstr(error.text, cases[i].words));
    assert_null(report);
  }
}

/* ---- figures ---- */

static void runs_that_never_ran_emit_and_save_nothing(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_TRENDS, .pipeline = "build"});
  give(report, 0, deferred);
  give(report, 0, failed);
  give(report, 0, cancelled);
  zc_json *json = answer(report);
  holds(json, "totals/runs", 3);
  holds(json, "totals/successful", 1);
  holds(json, "totals/failed", 1);
  holds(json, "totals/success_rate", 0.5);
  holds(json, "totals/emissions_g", 18);
  holds(json, "totals/savings_g", 2);
  holds(json, "totals/planned_savings_g", 2.5);
  holds(json, "totals/realised_savings_g", 2);
  holds(json, "totals/realised_runs", 1);
  holds(json, "totals/savings_percent", 10);
  holds(json, "totals/relocate", 1);
  says(json, "points/0/date", "2025-12-13");
  says(json, "points/1/date", "2025-12-14");
  assert_null(zc_json_at(json, "points/1/realised_savings_g"));
  zc_json_free(json);
}

static void lists_are_in_one_order_whatever_range_their_rows_came_from(void **state) {
  (void)state;
  for (int turn = 0; turn < 2; turn++) {
    zc_report *report = ask((zc_report_request){.query = ZC_REPORT_SAVINGS, .limit = 1});
    give(report, (size_t)turn, turn ? cancelled : deferred);
    give(report, (size_t)!turn, turn ? deferred : cancelled);
    give(report, 0, failed); /* saves nothing: not listed */
    zc_json *json = answer(report);
    assert_int_equal(zc_json_count(zc_json_get(json, "runs")), 1);
    says(json, "runs/0/execution_id", "c");
    holds(json, "runs/0/planned_savings_g", 9);
    assert_null(zc_json_get(json, "from"));
    int more = 0;
    assert_int_equal(zc_json_boolean(zc_json_get(json, "more"), &more), ZC_OK);
    assert_int_equal(more, 1);
    zc_json_free(json);
  }
}

static void emissions_of_a_list_are_realised_where_known_and_none_where_nothing_ran(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_RUNS, .pipeline = "build"});
  give(report, 0, failed);
  give(report, 0, deferred);
  give(report, 0, cancelled);
  zc_json *json = answer(report);
  says(json, "runs/0/status", "CANCELLED");
  assert_null(zc_json_at(json, "runs/0/emissions_g"));
  holds(json, "runs/0/planned_emissions_g", 1);
  holds(json, "runs/1/emissions_g", 10);
  holds(json, "runs/2/emissions_g", 8);
  holds(json, "runs/2/planned_emissions_g", 7.5);
  assert_null(zc_json_at(json, "runs/1/realised_savings_g"));
  zc_json_free(json);
}

static void give_hour(zc_report *report, size_t range, int hour, double north, double west) {
  char row[600];
  snprintf(
      row, sizeof row,
      "{\"date\":\"x\",\"hour\":%d,\"rankings\":[{\"region\":\"%s\",\"intensity\":%g,\"rank\":1},"
      "{\"region\":\"%s\",\"intensity\":%g,\"rank\":2},"
      "{\"region\":\"gone\",\"intensity\":999,\"rank\":3}],"
      "\"opportunities\":{\"max_savings_percent\":%g,\"regions_below_threshold\":[\"%s\"]},"
      "\"data_quality\":{\"realtime_sources\":1,\"estimated_sources\":3}}",
      hour, north <= west ? "eu-north-1" : "eu-west-2", north <= west ? north : west,
      north <= west ? "eu-west-2" : "eu-north-1", north <= west ? west : north, 50.0 + hour,
      "eu-north-1");
  give(report, range, row);
}

static void give_row_of(zc_report *report, size_t range, int hour, const char *region,
                        double intensity) {
  char row[200];
  snprintf(row, sizeof row,
           "{\"date\":\"x\",\"hour\":%d,\"rankings\":[{\"region\":\"%s\",\"intensity\":%g,"
           "\"rank\":1}]}",
           hour, region, intensity);
  give(report, range, row);
}

static void regions_are_ranked_over_hours_and_by_day(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_REGIONS, .days = 2});
  give_hour(report, 1, 9, 30, 90);  /* today */
  give_hour(report, 1, 10, 30, 90); /* the running hour: not over */
  give_hour(report, 0, 3, 50, 10);
  give_hour(report, 0, 2, 40, 50);
  zc_json *json = answer(report);
  holds(json, "hours", 3);
  says(json, "regions/0/region", "eu-north-1");
  holds(json, "regions/0/mean_intensity", 40);
  holds(json, "regions/0/cleanest_hours", 2);
  holds(json, "regions/0/cleanest_share", 0.667);
  holds(json, "regions/0/mean_rank", 1.33);
  holds(json, "regions/0/below_threshold_share", 1);
  holds(json, "regions/1/highest_intensity", 90);
  says(json, "by_day/0/regions/0/region", "eu-west-2");
  holds(json, "by_day/0/regions/0/mean_intensity", 30);
  holds(json, "by_day/1/regions/0/mean_intensity", 30);
  holds(json, "opportunities/highest_max_savings_percent", 59);
  says(json, "opportunities/highest_at", "2025-12-14T09:00:00Z");
  holds(json, "data_quality/realtime_share", 0.25);
  assert_int_equal(zc_json_count(zc_json_get(json, "regions")), 2);
  zc_json_free(json);
}

/* A row of a run of the running day: now is 10:30. */
static void the_running_day_is_made_of_its_runs(void **state) {
  (void)state;
  static const char run[] =
      "{\"timestamp\":1765704600,\"pipeline_name\":\"build\",\"status\":\"SUCCESS\","
      "\"pipeline_region\":\"eu-west-2\",\"carbon_analysis\":{\"decision\":\"DEFER\","
      "\"optimal_intensity\":50,\"savings_g\":2.5},\"workload\":{\"duration_minutes\":30,\"vcpu_"
      "count\":2,"
      "\"memory_gb\":4,\"energy_kwh\":0.01,\"sci_score\":7.5}}";
  zc_report *report =
      ask((zc_report_request){.query = ZC_REPORT_PERFORMANCE, .pipeline = "build", .days = 3});
  give_day(report, 0, "2025-12-13", 4, 4, 0, 40, 10);
  give(report, 1, run);
  zc_json *json = answer(report);
  holds(json, "totals/runs", 5);
  holds(json, "totals/emissions_g", 47.5);
  says(json, "by_day/1/date", "2025-12-14");
  holds(json, "by_day/1/savings_g", 2.5);
  holds(json, "by_day/1/planned_savings_g", 2.5);
  holds(json, "by_day/1/vcpu_hours", 1);
  says(json, "by_day/1/cleanest_region", "eu-west-2");
  zc_json_free(json);
  report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
  give_day(report, 0, "2025-12-13", 4, 4, 0, 40, 10);
  give(report, 3, run); /* after a range a pipeline */
  json = answer(report);
  holds(json, "totals/runs", 5);
  holds(json, "pipelines/0/savings_g", 12.5);
  says(json, "by_day/1/date", "2025-12-14");
  zc_json_free(json);
}

static void a_month_is_told_against_the_month_before(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
  give_day(report, 0, "2025-11-30", 10, 10, 0, 90, 10);
  give_day(report, 2, "2025-12-02", 4, 4, 0, 40, 30);
  give_day(report, 0, "2025-12-01", 6, 6, 3, 50, 5);
  give_day(report, 1, "2025-12-14", 7, 5, 0, 1500, 0);
  zc_json *json = answer(report);
  says(json, "month", "2025-12");
  holds(json, "totals/runs", 17);
  holds(json, "totals/ran", 15);
  holds(json, "totals/emissions_g", 1590);
  holds(json, "totals/savings_percent", 2.15);
  says(json, "previous/month", "2025-11");
  assert_null(zc_json_at(json, "change/runs_percent")); /* half a month against a whole one */
  assert_null(zc_json_at(json, "change/emissions_percent"));
  assert_null(zc_json_at(json, "change/savings_percent"));
  holds(json, "change/savings_rate_points", -7.85);
  says(json, "pipelines/0/pipeline", "deploy");
  says(json, "pipelines/2/pipeline", "nightly");
  says(json, "teams/0/team", "web");
  holds(json, "teams/0/pipelines", 2);
  holds(json, "teams/0/savings_g", 35);
  assert_int_equal(zc_json_count(zc_json_get(json, "by_day")), 3);
  says(json, "headline/0",
       "In December 2025 3 pipelines made 17 runs, of which 15 ran and emitted 1.59 kg CO2eq.");
  says(json, "headline/2", "That share is 7.8 percentage points lower than in November 2025.");
  says(json, "insights/0", "Of the 17 runs that succeeded or failed, 82.4 % succeeded.");
  says(json, "recommendations/0",
       "nightly emitted 1.50 kg and saved nothing: it may neither wait nor move: give it "
       "max_defer_hours, or relocate_to.");
  says(json, "recommendations/1",
       "build failed in 3 of 6 runs: what a failed run emits is emitted for nothing.");
  zc_json_free(json);
}

static void sums_of_whole_months_are_compared(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY, .month = "2025-11"});
  give_day(report, 0, "2025-10-31", 10, 10, 0, 100, 10);
  give_day(report, 0, "2025-11-01", 17, 17, 0, 34.146, 35);
  zc_json *json = answer(report);
  holds(json, "change/runs_percent", 70);
  holds(json, "change/emissions_percent", -65.85);
  holds(json, "change/savings_percent", 250);
  holds(json, "totals/emissions_g", 34.15);
  says(json, "headline/0", "In November 2025 1 pipeline made 17 runs, which emitted 34.2 g CO2eq.");
  zc_json_free(json);
}

/* Of 12 hours eu-north-1 is known in one, and is the cleanest then. */
static void a_share_of_the_hours_is_of_all_hours_and_unequal_ones_are_told(void **state) {
  static const char note[] = "The regions' means are not over the same hours: of 12 hours, "
                             "eu-north-1 is known in 1. Compare them with care.";
  (void)state;
  for (int month = 0; month < 2; month++) {
    zc_report *report = ask((zc_report_request){
        .query = month ? ZC_REPORT_MONTHLY : ZC_REPORT_REGIONS, .days = 2, .month = "2025-12"});
    size_t range =
        month ? 6 + 42 : 0; /* behind the pipelines', 2025-12-13 of those from 11-01 on */
    for (int hour = 0; hour < 11; hour++)
      give_row_of(report, range, hour, "eu-west-2", 90);
    give_hour(report, range, 11, 30, 90);
    zc_json *json = answer(report);
    says(json, "regions/0/region", "eu-north-1");
    holds(json, "regions/0/hours", 1);
    holds(json, "regions/0/cleanest_share", 0.083);
    holds(json, "regions/1/cleanest_share", 0.917);
    says(json, month ? "insights/1" : "notes/0", note);
    if (month)
      says(json, "insights/0",
           "eu-north-1 was the cleanest region on average, at 30.0 gCO2eq/kWh, and the cleanest of "
           "all in 8.3 % of the hours; eu-west-2 the dirtiest, at 90.0.");
    zc_json_free(json);
  }
}

static void grams_too_few_for_a_decimal_are_not_told_as_none(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
  give_day(report, 0, "2025-12-01", 6, 6, 0, 0.036, 0.012);
  zc_json *json = answer(report);
  says(json, "headline/0", "In December 2025 1 pipeline made 6 runs, which emitted 0.036 g CO2eq.");
  says(json, "insights/1", "build saved most: 0.012 g, 100.0 % of all.");
  zc_json_free(json);
}

static void the_board_of_teams_has_no_pipelines(void **state) {
  (void)state;
  for (int teams = 0; teams < 2; teams++) {
    zc_report *report = ask((zc_report_request){.query = ZC_REPORT_LEADERBOARD, .teams = teams});
    give(report, 0,
         "{\"identifier\":\"build\",\"kind\":\"pipeline\",\"rankings\":{\"carbon_savings_rank\":2},"
         "\"carbon_metrics\":{\"total_savings_g\":1},\"achievements\":[]}");
    give(
        report, 0,
        "{\"identifier\":\"deploy\",\"kind\":\"pipeline\",\"rankings\":{\"carbon_savings_rank\":1},"
        "\"carbon_metrics\":{\"total_savings_g\":7},\"achievements\":[\"carbon_saver_bronze\"]}");
    give(report, 0,
         "{\"identifier\":\"web\",\"kind\":\"team\",\"rankings\":{\"carbon_savings_rank\":1}}");
    give(report, 0,
         "{\"identifier\":\"gone\",\"kind\":\"pipeline\",\"rankings\":{\"carbon_savings_rank\":1},"
         "\"carbon_metrics\":{\"total_savings_g\":9}}");
    zc_json *json = answer(report);
    assert_int_equal(zc_json_count(zc_json_get(json, "rows")), teams ? 1 : 3);
    says(json, "rows/0/identifier", teams ? "web" : "deploy");
    says(json, "kind", teams ? "team" : "pipeline");
    if (!teams) {
      says(json, "rows/0/achievements/0", "carbon_saver_bronze");
      says(json, "rows/2/identifier", "gone"); /* from the configuration: another is first now */
      assert_null(zc_json_at(json, "rows/2/carbon_savings_rank"));
      assert_null(zc_json_at(json, "rows/0/configured"));
    }
    zc_json_free(json);
  }
}

static void rows_of_strangers_are_counted_and_harm_nothing(void **state) {
  static const char *const rows[] = {"",
                                     "nonsense",
                                     "[]",
                                     "{}",
                                     "{\"timestamp\":1e300,\"hour\":-1,\"date\":7}",
                                     "{\"timestamp\":\"x\",\"hour\":99,\"date\":\"2025-99-99\"}",
                                     "{\"timestamp\":1765700000,\"status\":\"WHAT\",\"hour\":1,"
                                     "\"rankings\":[{\"region\":7,\"rank\":1e300},null,"
                                     "{\"region\":\"eu-west-2\",\"rank\":1e300,\"intensity\":1}]}"};
  (void)state;
  for (int query = 0; query < ZC_REPORT_QUERIES; query++) {
    zc_report *report =
        ask((zc_report_request){.query = (zc_report_query)query, .pipeline = "build"});
    size_t n;
    zc_report_ranges(report, &n);
    for (size_t i = 0; i < n; i++) {
      for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        give(report, i, rows[k]);
    }
    zc_json *json = answer(report);
    holds(json, "data_quality/rows", (double)(n * (sizeof rows / sizeof *rows)));
    assert_non_null(zc_json_at(json, "data_quality/unreadable_rows"));
    says(json, "report", zc_report_name((zc_report_query)query));
    zc_json_free(json);
  }
}

static void a_full_report_has_the_teams_board_only_where_there_are_teams(void **state) {
  zc_report_request requests[ZC_REPORT_DOCUMENTS];
  zc_settings teamless = settings;
  const zc_report_request like = {.now = NOW, .month = "2025-11"};
  (void)state;
  assert_int_equal(zc_report_all(&settings, &like, requests), 8);
  assert_true(requests[2].teams);
  for (int i = 0; i < 8; i++) {
    assert_true(requests[i].until == INT64_C(1764547200000)); /* 2025-12-01T00:00:00Z */
    assert_int_equal(requests[i].days, 30);
    assert_true(requests[i].now == NOW);
  }
  assert_string_equal(requests[2].key, "2025-11");
  teamless.pipelines = &pipelines[1];
  teamless.n_pipelines = 1;
  assert_int_equal(zc_report_all(&teamless, &like, requests), 7);
}

static void spans_of_a_month_end_with_it_or_now(void **state) {
  static const struct {
    const char *month;
    int days;
    const char *from, *to, *hours_to;
  } cases[] = {
      {"2025-11", 0, "2025-11-01T00:00:00Z", "2025-12-01T00:00:00Z", "2025-12-01T00:00:00Z"},
      {"2025-11", 7, "2025-11-24T00:00:00Z", "2025-12-01T00:00:00Z", "2025-12-01T00:00:00Z"},
      {"2025-12", 0, "2025-12-01T00:00:00Z", "2025-12-14T10:30:00Z", "2025-12-14T10:00:00Z"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_report_request requests[ZC_REPORT_DOCUMENTS];
    const zc_report_request like = {.now = NOW, .month = cases[i].month, .days = cases[i].days};
    size_t n = zc_report_all(&settings, &like, requests);
    for (size_t k = 0; k < n; k++) {
      zc_report_query query = requests[k].query;
      if (query == ZC_REPORT_MONTHLY || query == ZC_REPORT_LEADERBOARD) continue;
      zc_json *json = answer(ask(requests[k]));
      says(json, "from", cases[i].from);
      says(json, "to", query == ZC_REPORT_OPTIMAL_TIMES ? cases[i].hours_to : cases[i].to);
      zc_json_free(json);
    }
  }
}

static void the_savings_of_a_month_are_the_greatest_of_its_runs(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){
      .query = ZC_REPORT_SAVINGS, .limit = 1, .days = 1, .until = INT64_C(1765670400000)});
  a_range_is(report, 0, "eu-north-1", "1765584000", "1765670399");
  for (int i = 0; i < 20; i++) {
    give(report, 0, deferred);
    give(report, 1, failed); /* at once: not listed */
  }
  give(report, 0, cancelled);
  zc_json *json = answer(report);
  assert_int_equal(zc_json_count(zc_json_get(json, "runs")), 1);
  says(json, "runs/0/execution_id", "c");
  zc_json_free(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(days_are_whole_ones_up_to_now),
      cmocka_unit_test(at_midnight_the_day_that_ends_is_the_last),
      cmocka_unit_test(periods_are_asked_for_by_their_key),
      cmocka_unit_test(what_is_not_there_is_refused_with_a_sentence),
      cmocka_unit_test(runs_that_never_ran_emit_and_save_nothing),
      cmocka_unit_test(lists_are_in_one_order_whatever_range_their_rows_came_from),
      cmocka_unit_test(emissions_of_a_list_are_realised_where_known_and_none_where_nothing_ran),
      cmocka_unit_test(regions_are_ranked_over_hours_and_by_day),
      cmocka_unit_test(the_running_day_is_made_of_its_runs),
      cmocka_unit_test(a_month_is_told_against_the_month_before),
      cmocka_unit_test(sums_of_whole_months_are_compared),
      cmocka_unit_test(a_share_of_the_hours_is_of_all_hours_and_unequal_ones_are_told),
      cmocka_unit_test(grams_too_few_for_a_decimal_are_not_told_as_none),
      cmocka_unit_test(the_board_of_teams_has_no_pipelines),
      cmocka_unit_test(rows_of_strangers_are_counted_and_harm_nothing),
      cmocka_unit_test(a_full_report_has_the_teams_board_only_where_there_are_teams),
      cmocka_unit_test(spans_of_a_month_end_with_it_or_now),
      cmocka_unit_test(the_savings_of_a_month_are_the_greatest_of_its_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
