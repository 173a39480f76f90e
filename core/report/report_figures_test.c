/* The figures of sets of runs: what is not known is not told as none, what differs by contract is
 * told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/report/report_world.h"

/* A day of which nothing is known but that runs ran, as rows of before have it: with sums of 0. */
static const char dark_day[] =
    "{\"date\":\"2025-12-13\",\"executions\":{\"total\":8,\"successful\":8,\"failed\":0,\"ran\":8},"
    "\"carbon\":{\"realised_executions\":0,\"unknown_executions\":8},"
    "\"sums\":{\"emissions_g\":0,\"savings_g\":0}}";

static void unknown_emissions_are_not_told_as_none(void **state) {
  (void)state;
  zc_report *report =
      ask((zc_report_request){.query = ZC_REPORT_PERFORMANCE, .pipeline = "build", .days = 3});
  give(report, 0, dark_day);
  zc_json *json = answer(report);
  holds(json, "totals/ran", 8);
  holds(json, "totals/unknown_runs", 8);
  assert_null(zc_json_at(json, "totals/emissions_g"));
  assert_null(zc_json_at(json, "totals/savings_g"));
  assert_null(zc_json_at(json, "by_day/0/emissions_g"));
  zc_json_free(json);
  report = ask((zc_report_request){.query = ZC_REPORT_TRENDS, .pipeline = "build"});
  give(report, 0, failed);
  give(report, 0, "{\"timestamp\":1765700001,\"status\":\"SUCCESS\"}");
  json = answer(report);
  holds(json, "totals/unknown_runs", 1);
  holds(json, "totals/emissions_g", 10);
  zc_json_free(json);
  report = ask((zc_report_request){.query = ZC_REPORT_TRENDS, .pipeline = "build"});
  give(report, 0, cancelled); /* nothing ran: nothing was emitted */
  json = answer(report);
  holds(json, "totals/emissions_g", 0);
  assert_null(zc_json_at(json, "totals/unknown_runs"));
  zc_json_free(json);
}

static void a_month_says_of_how_many_runs_it_knows_nothing(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
  give_day(report, 0, "2025-11-30", 10, 10, 0, 90, 10);
  give(report, 1, dark_day);
  zc_json *json = answer(report);
  says(json, "headline/0",
       "In December 2025 1 pipeline made 8 runs, which emitted an unknown amount of CO2eq.");
  assert_int_equal(zc_json_count(zc_json_get(json, "recommendations")), 0);
  assert_null(zc_json_at(json, "change/emissions_percent"));
  zc_json_free(json);
  report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
  give(report, 1, dark_day);
  give_day(report, 2, "2025-12-02", 6, 5, 0, 40, -10);
  json = answer(report);
  says(json, "headline/0",
       "In December 2025 2 pipelines made 14 runs, of which 13 ran and emitted 40.0 g CO2eq; 8 of "
       "them are not counted: nothing is known of their emissions.");
  says(json, "pipelines/0/pipeline", "deploy");
  holds(json, "pipelines/1/unknown_runs", 8);
  assert_null(zc_json_at(json, "pipelines/1/savings_g"));
  zc_json_free(json);
}

static void who_has_no_known_savings_stands_behind_the_ranks(void **state) {
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_LEADERBOARD});
  give(report, 0,
       "{\"identifier\":\"build\",\"carbon_metrics\":{\"total_executions\":9,"
       "\"unknown_executions\":9},\"rankings\":{\"total_executions_rank\":1}}");
  give(report, 0,
       "{\"identifier\":\"nightly\",\"carbon_metrics\":{\"total_savings_g\":-3},"
       "\"rankings\":{\"carbon_savings_rank\":1}}");
  give(report, 0,
       "{\"identifier\":\"absent\",\"carbon_metrics\":{\"total_savings_g\":9},"
       "\"rankings\":{\"carbon_savings_rank\":1}}");
  zc_json *json = answer(report);
  says(json, "rows/0/identifier", "nightly");
  says(json, "rows/1/identifier", "build");
  holds(json, "rows/1/unknown_executions", 9);
  assert_null(zc_json_at(json, "rows/1/carbon_savings_rank"));
  says(json, "rows/2/identifier", "absent");
  assert_null(zc_json_at(json, "data_quality/unreadable_rows"));
  zc_json_free(json);
}

static void location_based_emissions_stand_beside_the_others_where_they_differ(void **state) {
  static const char with[] =
      "{\"timestamp\":1765704600,\"status\":\"SUCCESS\",\"workload\":{\"sci_score\":7.5},"
      "\"location_based\":{\"sci_score\":9}}";
  (void)state;
  zc_report *report =
      ask((zc_report_request){.query = ZC_REPORT_PERFORMANCE, .pipeline = "build", .days = 3});
  give_day(report, 0, "2025-12-12", 4, 4, 0, 40, 10);
  give(
      report, 0,
      "{\"date\":\"2025-12-13\",\"executions\":{\"ran\":1},\"carbon\":{\"total_emissions_g\":1.23},"
      "\"sums\":{\"emissions_g\":1.2345,\"location_emissions_g\":2.3456}}");
  give(report, 1, with);
  zc_json *json = answer(report);
  assert_null(zc_json_at(json, "by_day/0/location_emissions_g"));
  holds(json, "by_day/1/location_emissions_g", 2.35);
  holds(json, "by_day/2/location_emissions_g", 9);
  holds(json, "totals/location_emissions_g", 51.35); /* 40 + 2.3456 + 9 */
  zc_json_free(json);
  report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
  give_day(report, 0, "2025-12-12", 4, 4, 0, 40, 10);
  give(report, 4, with); /* of nightly */
  json = answer(report);
  holds(json, "totals/location_emissions_g", 49);
  assert_null(zc_json_at(json, "pipelines/0/location_emissions_g"));
  holds(json, "pipelines/1/location_emissions_g", 9);
  zc_json_free(json);
}

static void hours_are_rounded_once(void **state) {
  (void)state;
  zc_report *report =
      ask((zc_report_request){.query = ZC_REPORT_PERFORMANCE, .pipeline = "build", .days = 9});
  for (int day = 5; day < 8; day++) {
    char row[300];
    snprintf(row, sizeof row,
             "{\"date\":\"2025-12-0%d\",\"performance\":{\"total_vcpu_hours\":0.03,"
             "\"total_memory_gb_hours\":0.07},\"sums\":{\"vcpu_hours\":0.033333%s}}",
             day, day == 5 ? "" : ",\"memory_gb_hours\":0.066666");
    give(report, 0, row);
  }
  zc_json *json = answer(report);
  holds(json, "totals/vcpu_hours", 0.1);
  holds(json, "totals/memory_gb_hours", 0.2); /* 0.07 of a row of before */
  holds(json, "by_day/0/vcpu_hours", 0.03);
  zc_json_free(json);
}

/* 31.25 is 31.3, as a table with one decimal has it. */
static void advice_rounds_as_tables_do(void **state) {
  static const char decision[] =
      "{\"pipeline_name\":\"build\",\"carbon_analysis\":{\"decision\":\"DEFER\","
      "\"default_region\":\"eu-west-2\",\"optimal_region\":\"eu-west-2\",\"default_intensity\":160,"
      "\"optimal_intensity\":110,\"savings_percent\":31.25},"
      "\"schedule\":{\"planned_start\":\"2025-12-14T12:00:00Z\"},"
      "\"data_quality\":{\"optimal_region\":{\"origin\":\"forecast\"}}}";
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_RECOMMEND});
  assert_int_equal(zc_report_decision(report, decision, sizeof decision - 1), ZC_OK);
  zc_json *json = answer(report);
  says(json, "pipelines/0/advice",
       "Let build wait until 2025-12-14T12:00:00Z and run it in eu-west-2: 110.0 instead of 160.0 "
       "gCO2eq/kWh, 31.3 % less emitted.");
  zc_json_free(json);
}

/* On 14 December the rows of October before the 14th have expired. */
static void a_month_before_that_is_known_in_part_is_said_to_be(void **state) {
  static const char hour[] = "{\"date\":\"x\",\"hour\":3,\"rankings\":[{\"region\":\"eu-west-2\","
                             "\"intensity\":90,\"rank\":1}]}";
  (void)state;
  zc_report *report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY, .month = "2025-11"});
  give(report, 3, hour);      /* behind a range a pipeline: 2025-10-14 */
  give(report, 3 + 18, hour); /* 2025-11-01 */
  zc_json *json = answer(report);
  holds(json, "regions/0/previous_mean_intensity", 90);
  says(json, "insights/0", "The regions' means of October 2025 are of 1 of its 744 hours.");
  zc_json_free(json);
}

/* build saved more than all together, as nightly emitted more than at once by default. */
static void
a_month_that_emitted_more_says_so_and_tells_no_share_of_less_than_nothing(void **state) {
  (void)state;
  for (int more = 0; more < 2; more++) {
    zc_report *report = ask((zc_report_request){.query = ZC_REPORT_MONTHLY});
    give_day(report, 0, "2025-11-30", 10, 10, 0, 90, 10);
    give_day(report, 0, "2025-12-01", 6, 6, 0, 50, 10);
    give_day(report, 1, "2025-12-01", 6, 6, 0, 60, more ? -20 : -5);
    zc_json *json = answer(report);
    says(json, "headline/1",
         more ? "Nothing was saved: they emitted 10.0 g CO2eq more than every run at once in its "
                "default region, 10.0 % more."
              : "Starting runs later or elsewhere saved 5.0 g CO2eq: 4.4 % of what they would have "
                "emitted at once in their default regions.");
    says(json, "headline/2",
         more ? "The share saved is 20.0 percentage points lower than in November 2025."
              : "That share is 5.6 percentage points lower than in November 2025.");
    if (!more) says(json, "insights/1", "build saved most: 10.0 g.");
    zc_json_free(json);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_emissions_are_not_told_as_none),
      cmocka_unit_test(a_month_says_of_how_many_runs_it_knows_nothing),
      cmocka_unit_test(who_has_no_known_savings_stands_behind_the_ranks),
      cmocka_unit_test(hours_are_rounded_once),
      cmocka_unit_test(location_based_emissions_stand_beside_the_others_where_they_differ),
      cmocka_unit_test(advice_rounds_as_tables_do),
      cmocka_unit_test(a_month_before_that_is_known_in_part_is_said_to_be),
      cmocka_unit_test(a_month_that_emitted_more_says_so_and_tells_no_share_of_less_than_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
