/* Weeks, months and the keys that questions name them by; sums that no order changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

static zc_time at(const char *text) {
  zc_time time;
  assert_int_equal(zc_time_parse(text, &time), ZC_OK);
  return time;
}

static void weeks_begin_on_monday_and_belong_to_the_year_of_their_thursday(void **state) {
  static const struct {
    const char *time, *monday, *week;
  } cases[] = {
      {"2025-12-14T23:59:59Z", "2025-12-08T00:00:00Z", "2025-W50"},
      {"2025-12-29T00:00:00Z", "2025-12-29T00:00:00Z", "2026-W01"},
      {"2026-12-31T12:00:00Z", "2026-12-28T00:00:00Z", "2026-W53"},
      {"2027-01-03T12:00:00Z", "2026-12-28T00:00:00Z", "2026-W53"},
      {"1969-12-31T12:00:00Z", "1969-12-29T00:00:00Z", "1970-W01"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[ZC_PERIOD_KEY_SIZE];
    assert_int_equal(zc_monday_of(at(cases[i].time)), at(cases[i].monday));
    zc_period_text(ZC_WEEKLY, at(cases[i].time), text);
    assert_string_equal(text, cases[i].week);
  }
  assert_int_equal(zc_weekday_of(at("2025-12-08T05:00:00Z")), 0);
  assert_int_equal(zc_weekday_of(at("2025-12-14T05:00:00Z")), 6);
}

static void a_key_names_its_period_and_nothing_else_does(void **state) {
  static const struct {
    zc_period_kind kind;
    const char *key, *inside;
  } good[] = {
      {ZC_DAILY, "2024-02-29", "2024-02-29T13:00:00Z"},
      {ZC_WEEKLY, "2026-W53", "2027-01-03T13:00:00Z"},
      {ZC_MONTHLY, "2025-12", "2025-12-31T13:00:00Z"},
  };
  static const struct {
    zc_period_kind kind;
    const char *key;
  } bad[] = {{ZC_DAILY, "2025-02-29"},   {ZC_DAILY, "2025-2-3"},    {ZC_DAILY, "2025-12"},
             {ZC_WEEKLY, "2025-W53"},    {ZC_WEEKLY, "2025-W00"},   {ZC_WEEKLY, "2025-W1"},
             {ZC_WEEKLY, "2025-50"},     {ZC_MONTHLY, "2025-13"},   {ZC_MONTHLY, "2025-00"},
             {ZC_MONTHLY, "2025-1"},     {ZC_MONTHLY, "2025-12-1"}, {ZC_MONTHLY, ""},
             {ZC_MONTHLY, "2025-12 "},   {ZC_DAILY, "-001-01-01"},  {ZC_MONTHLY, "December"},
             {ZC_DAILY, "9999999999-1"}, {ZC_WEEKLY, "2025-W99"}};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    zc_time time;
    assert_true(zc_period_parse(good[i].kind, good[i].key, &time));
    assert_int_equal(zc_period_of(good[i].kind, time).first,
                     zc_period_of(good[i].kind, at(good[i].inside)).first);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    zc_time time;
    assert_false(zc_period_parse(bad[i].kind, bad[i].key, &time));
  }
}

static void months_follow_each_other_over_the_turn_of_a_year(void **state) {
  (void)state;
  assert_int_equal(zc_months_after(at("2025-12-01T00:00:00Z"), 1), at("2026-01-01T00:00:00Z"));
  assert_int_equal(zc_months_after(at("2026-01-01T00:00:00Z"), -1), at("2025-12-01T00:00:00Z"));
  assert_int_equal(zc_months_after(at("2024-01-01T00:00:00Z"), 14), at("2025-03-01T00:00:00Z"));
}

static void sums_have_the_same_digits_in_any_order(void **state) {
  enum { N = 2000 };
  zc_sum up = {0}, down = {0}, parts[2] = {{0}, {0}};
  (void)state;
  for (int i = 0; i < N; i++) {
    zc_sum_add(&up, i * 0.1 + 1e5 * (i % 3));
    zc_sum_add(&down, (N - 1 - i) * 0.1 + 1e5 * ((N - 1 - i) % 3));
    zc_sum_add(&parts[i % 2], i * 0.1 + 1e5 * (i % 3));
  }
  zc_sum_merge(&parts[0], &parts[1]);
  assert_int_equal(up.millionths, down.millionths);
  assert_int_equal(up.millionths, parts[0].millionths);
  assert_true(zc_sum_value(&up) == 199900 + 1e5 * 1999);
  assert_true(zc_sum_mean(&(zc_sum){0}) == 0);
}

static void figures_that_are_none_are_left_out_of_sums(void **state) {
  zc_sum sum = {0};
  zc_held_mean mean = {0};
  (void)state;
  zc_sum_add(&sum, 1e300);
  zc_sum_add(&sum, -1e10);
  zc_sum_add(&sum, 0.0 / zc_sum_value(&sum)); /* not a number */
  assert_int_equal(sum.n, 0);
  zc_held_mean_add(&mean, 1e300, 3600);
  zc_held_mean_add(&mean, 100, -1);
  zc_held_mean_add(&mean, 100, INT64_MAX);
  assert_int_equal(mean.seconds, 0);
}

/* ---- hours of the week ---- */

static void add_slot(zc_hour_sums *sums, const char *from, double minutes, double intensity,
                     bool realtime) {
  char text[200];
  int n = snprintf(text, sizeof text,
                   "{\"region\":\"r\",\"timestamp\":%lld,\"duration_minutes\":%g,\"intensity\":%g,"
                   "\"is_realtime\":%s}",
                   (long long)(at(from) / 1000), minutes, intensity, realtime ? "true" : "false");
  assert_int_equal(zc_hour_sums_add(sums, text, (size_t)n, at("2025-12-08T00:00:00Z"),
                                    at("2025-12-15T00:00:00Z")),
                   ZC_OK);
}

static void a_slot_counts_in_every_hour_that_it_touches_in_part_where_it_does(void **state) {
  zc_hour_sums sums = {0};
  zc_held_mean hours[24];
  (void)state;
  add_slot(&sums, "2025-12-08T00:00:00Z", 90, 100, true); /* Monday */
  add_slot(&sums, "2025-12-08T01:30:00Z", 30, 200, false);
  assert_true(zc_held_mean_value(&sums.week[0]) == 100);
  assert_true(zc_held_mean_value(&sums.week[1]) == 150);
  assert_int_equal(sums.week[1].seconds, 3600);
  assert_int_equal(sums.observed_s, 5400);
  assert_int_equal(sums.estimated_s, 1800);
  add_slot(&sums, "2025-12-09T01:00:00Z", 60, 350, true); /* Tuesday */
  zc_hour_sums_of_day(&sums, hours);
  assert_true(zc_held_mean_value(&hours[1]) == 250);
  assert_int_equal(zc_lowest_mean(hours, 24, false, NULL), 0);
  assert_int_equal(zc_lowest_mean(hours, 24, true, NULL), 1);
  assert_int_equal(zc_lowest_mean(sums.week, ZC_WEEK_HOURS, true, NULL), 25);
}

static void what_overlaps_or_lies_outside_of_the_span_is_cut(void **state) {
  zc_hour_sums sums = {0};
  (void)state;
  add_slot(&sums, "2025-12-07T23:30:00Z", 60, 100, true); /* half of it before the span */
  add_slot(&sums, "2025-12-08T00:15:00Z", 30, 400, true); /* half of it told already */
  add_slot(&sums, "2025-12-14T23:30:00Z", 60, 700, true); /* half of it behind the span */
  add_slot(&sums, "2025-12-15T00:00:00Z", 60, 900, true); /* all of it */
  assert_int_equal(sums.week[0].seconds, 1800 + 900);
  assert_true(zc_held_mean_value(&sums.week[0]) == 200);
  assert_int_equal(sums.week[167].seconds, 1800);
  assert_true(zc_held_mean_value(&sums.week[167]) == 700);
  assert_int_equal(zc_hour_sums_total(&sums).seconds, 1800 + 900 + 1800);
}

static void ties_go_to_the_first_and_unknown_hours_are_never_the_lowest(void **state) {
  zc_held_mean means[5] = {{0}, {500000, 10}, {500000, 10}, {0}, {600000, 10}};
  bool taken[5] = {false, true};
  (void)state;
  assert_int_equal(zc_lowest_mean(means, 5, false, NULL), 1);
  assert_int_equal(zc_lowest_mean(means, 5, false, taken), 2);
  assert_int_equal(zc_lowest_mean(means, 1, false, NULL), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weeks_begin_on_monday_and_belong_to_the_year_of_their_thursday),
      cmocka_unit_test(a_key_names_its_period_and_nothing_else_does),
      cmocka_unit_test(months_follow_each_other_over_the_turn_of_a_year),
      cmocka_unit_test(sums_have_the_same_digits_in_any_order),
      cmocka_unit_test(figures_that_are_none_are_left_out_of_sums),
      cmocka_unit_test(a_slot_counts_in_every_hour_that_it_touches_in_part_where_it_does),
      cmocka_unit_test(what_overlaps_or_lies_outside_of_the_span_is_cut),
      cmocka_unit_test(ties_go_to_the_first_and_unknown_hours_are_never_the_lowest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
