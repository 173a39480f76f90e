#include "core/tables/rollup_hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"

#define TEN INT64_C(1765706400000) /* 2025-12-14T10:00:00Z */

static char *const names[] = {"eu-north-1",   "eu-west-2", "eu-west-3",
                              "eu-central-2", "eu-west-1", "eu-central-1"};

static void add(zc_rollup_hours *hours, size_t region, int64_t from_minute, int64_t minutes,
                double intensity, bool realtime) {
  char text[300];
  zc_history_row row;
  snprintf(text, sizeof text,
           "{\"region\":\"x\",\"timestamp\":%lld,\"intensity\":%g,\"is_realtime\":%s,"
           "\"duration_minutes\":%lld}",
           (long long)(TEN / ZC_SECOND + from_minute * 60), intensity, realtime ? "true" : "false",
           (long long)minutes);
  assert_int_equal(zc_history_row_read(text, strlen(text), &row), ZC_OK);
  zc_rollup_hours_add(hours, region, &row);
}

static char item[8192];

static const char *item_of(const zc_rollup_hours *hours, size_t hour, double threshold) {
  zc_buffer text;
  zc_buffer_init(&text, sizeof item);
  assert_int_equal(zc_insights_item_write(hours, hour, names, threshold, &text), ZC_OK);
  memcpy(item, text.data, text.length + 1);
  zc_buffer_finish(&text);
  return item;
}

/* The schema's example of regional_insights, to the last character that follows from its inputs:
 * all but the ttl. */
static void the_example_of_the_schema_is_reproduced(void **state) {
  (void)state;
  static const double intensities[] = {16, 16.1, 26, 26, 143, 257};
  zc_rollup_hours hours;
  assert_int_equal(zc_rollup_hours_init(&hours, TEN, 1, 6), ZC_OK);
  for (size_t i = 0; i < 6; i++)
    add(&hours, i, i == 1 ? 0 : -5, 60, intensities[i], i == 1);
  zc_rollup_hours_end(&hours);
  assert_true(zc_rollup_hours_known(&hours, 0));
  assert_string_equal(
      item_of(&hours, 0, 100),
      "{\"date\":\"2025-12-14\",\"hour\":10,\"rankings\":["
      "{\"region\":\"eu-north-1\",\"intensity\":16,\"rank\":1},"
      "{\"region\":\"eu-west-2\",\"intensity\":16.1,\"rank\":2},"
      "{\"region\":\"eu-west-3\",\"intensity\":26,\"rank\":3},"
      "{\"region\":\"eu-central-2\",\"intensity\":26,\"rank\":4},"
      "{\"region\":\"eu-west-1\",\"intensity\":143,\"rank\":5},"
      "{\"region\":\"eu-central-1\",\"intensity\":257,\"rank\":6}],"
      "\"opportunities\":{\"max_savings_percent\":93.7,\"best_region\":\"eu-north-1\","
      "\"worst_region\":\"eu-central-1\",\"regions_below_threshold\":[\"eu-north-1\","
      "\"eu-west-2\",\"eu-west-3\",\"eu-central-2\"]},"
      "\"data_quality\":{\"regions_with_data\":6,\"realtime_sources\":1,\"estimated_sources\":5,"
      "\"data_freshness_minutes\":5},"
      "\"created_at\":\"2025-12-14T10:00:00Z\",\"ttl\":1770890400}");
  zc_rollup_hours_finish(&hours);
}

static void an_hour_is_the_time_weighted_mean_of_its_slots(void **state) {
  (void)state;
  zc_rollup_hours hours;
  assert_int_equal(zc_rollup_hours_init(&hours, TEN, 2, 2), ZC_OK);
  add(&hours, 0, -15, 30, 100, true); /* 15 minutes of it lie in the hour */
  add(&hours, 0, 15, 30, 200, true);
  add(&hours, 0, 45, 60, 300, false); /* 15 in this hour, 45 in the next */
  add(&hours, 1, 0, 30, 50, false);   /* half of the hour is not known */
  zc_rollup_hours_end(&hours);
  assert_non_null(
      strstr(item_of(&hours, 0, 0), "{\"region\":\"eu-west-2\",\"intensity\":50,\"rank\":1}"));
  assert_non_null(strstr(item, "{\"region\":\"eu-north-1\",\"intensity\":200,\"rank\":2}"));
  assert_non_null(strstr(item, "\"realtime_sources\":1,\"estimated_sources\":1,"
                               "\"data_freshness_minutes\":30}"));
  assert_non_null(strstr(item, "\"regions_below_threshold\":[]"));
  assert_non_null(strstr(item_of(&hours, 1, 300), "\"regions_with_data\":1"));
  assert_non_null(strstr(item, "\"regions_below_threshold\":[\"eu-north-1\"]"));
  zc_rollup_hours_finish(&hours);
}

static void a_slot_ends_where_the_next_one_begins(void **state) {
  (void)state;
  zc_rollup_hours hours;
  assert_int_equal(zc_rollup_hours_init(&hours, TEN, 1, 1), ZC_OK);
  add(&hours, 0, 0, 60, 100, true);
  add(&hours, 0, 30, 30, 200, true);
  zc_rollup_hours_end(&hours);
  assert_non_null(strstr(item_of(&hours, 0, 0), "\"intensity\":150,"));
  zc_rollup_hours_finish(&hours);
}

static void an_hour_is_told_where_something_is_known_of_it(void **state) {
  (void)state;
  zc_rollup_hours hours;
  assert_int_equal(zc_rollup_hours_init(&hours, TEN, 4, 1), ZC_OK);
  add(&hours, 0, 30, 30, 100, true);
  add(&hours, 0, 60, 30, 100, true);
  add(&hours, 0, 180, 30, 100, true);
  zc_rollup_hours_end(&hours);
  assert_true(zc_rollup_hours_known(&hours, 0));
  assert_true(zc_rollup_hours_known(&hours, 1));
  assert_false(zc_rollup_hours_known(&hours, 2));
  assert_true(zc_rollup_hours_known(&hours, 3));
  zc_rollup_hours_finish(&hours);
}

static void an_opportunity_is_cut_never_rounded_up(void **state) {
  (void)state;
  static const struct {
    double best, worst;
    const char *wanted;
  } cases[] = {
      {16, 257, "\"max_savings_percent\":93.7,"},   {16.1, 257, "\"max_savings_percent\":93.7,"},
      {0.1, 1000, "\"max_savings_percent\":99.9,"}, {63, 1000, "\"max_savings_percent\":93.7,"},
      {7, 7, "\"max_savings_percent\":0,"},         {0, 5, "\"max_savings_percent\":100,"},
      {0, 0, "\"opportunities\":{\"best_region\""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_rollup_hours hours;
    assert_int_equal(zc_rollup_hours_init(&hours, TEN, 1, 2), ZC_OK);
    add(&hours, 0, 0, 60, cases[i].best, true);
    add(&hours, 1, 0, 60, cases[i].worst, true);
    zc_rollup_hours_end(&hours);
    assert_non_null(strstr(item_of(&hours, 0, 0), cases[i].wanted));
    zc_rollup_hours_finish(&hours);
  }
}

static void a_row_longer_than_a_day_is_read_for_a_day(void **state) {
  (void)state;
  static const char text[] =
      "{\"timestamp\":1765706400,\"intensity\":7,\"duration_minutes\":43200}";
  zc_history_row row;
  assert_int_equal(zc_history_row_read(text, strlen(text), &row), ZC_OK);
  assert_true(row.from == TEN && row.to == TEN + ZC_DAY);
}

static void rows_that_cannot_be_used_are_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"{}",
                                      "{\"timestamp\":1}",
                                      "{\"timestamp\":1,\"intensity\":-1}",
                                      "{\"timestamp\":1,\"intensity\":1,\"duration_minutes\":0}",
                                      "{\"timestamp\":1,\"intensity\":1,\"duration_minutes\":1e99}",
                                      "{\"timestamp\":1,\"intensity\":1e300}",
                                      "["};
  zc_history_row row;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(zc_history_row_read(texts[i], strlen(texts[i]), &row), ZC_EDATA);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_example_of_the_schema_is_reproduced),
      cmocka_unit_test(an_hour_is_the_time_weighted_mean_of_its_slots),
      cmocka_unit_test(a_slot_ends_where_the_next_one_begins),
      cmocka_unit_test(an_hour_is_told_where_something_is_known_of_it),
      cmocka_unit_test(a_row_longer_than_a_day_is_read_for_a_day),
      cmocka_unit_test(an_opportunity_is_cut_never_rounded_up),
      cmocka_unit_test(rows_that_cannot_be_used_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
