/* Series: slots, means, the best window, each case by hand. */
#include "core/model/series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/time_text.h"

#define T0 INT64_C(1767312000000) /* 2026-01-02T00:00:00Z */

/* cmocka 1.1.5 compares floats only. */
static void assert_close(double value, double expected) {
  assert_true(fabs(value - expected) <= 1e-9);
}

static zc_time at(int64_t minutes) {
  return T0 + minutes * ZC_MINUTE;
}

static zc_slot slot(int64_t from, int64_t to, double value) {
  return (zc_slot){.from = at(from), .to = at(to), .value = value, .flags = ZC_POINT_FORECAST};
}

static zc_series series_of(const zc_slot *slots, size_t n) {
  zc_series series;
  assert_int_equal(zc_series_init(&series, slots, n), ZC_OK);
  return series;
}

static void assert_best(const zc_series *series, int64_t from, int64_t until, int64_t minutes,
                        int64_t start, double mean) {
  zc_time found;
  double value;
  assert_int_equal(
      zc_series_best_window(series, at(from), at(until), minutes * ZC_MINUTE, &found, &value),
      ZC_OK);
  assert_int_equal((found - T0) / ZC_MINUTE, start);
  assert_close(value, mean);
}

static void assert_no_window(const zc_series *series, int64_t from, int64_t until,
                             int64_t minutes) {
  zc_time found = 42;
  double value = 42;
  assert_int_equal(
      zc_series_best_window(series, at(from), at(until), minutes * ZC_MINUTE, &found, &value),
      ZC_EDATA);
  assert_int_equal(found, 42);
  assert_true(value > 41 && value < 43);
}

static void refuses_what_is_no_series(void **state) {
  (void)state;
  zc_series series;
  const zc_slot overlap[] = {slot(0, 30, 1), slot(29, 60, 1)};
  const zc_slot backwards[] = {slot(30, 60, 1), slot(0, 30, 1)};
  const zc_slot empty = slot(30, 30, 1), infinite = slot(0, 30, INFINITY),
                no_number = slot(0, 30, NAN);
  zc_slot early = slot(0, 30, 1), late = slot(0, 30, 1);
  early.from = INT64_MIN;
  late.to = INT64_MAX;
  assert_int_equal(zc_series_init(&series, overlap, 2), ZC_EDATA);
  assert_int_equal(zc_series_init(&series, backwards, 2), ZC_EDATA);
  assert_int_equal(zc_series_init(&series, &empty, 1), ZC_EDATA);
  assert_int_equal(zc_series_init(&series, &infinite, 1), ZC_EDATA);
  assert_int_equal(zc_series_init(&series, &no_number, 1), ZC_EDATA);
  assert_int_equal(zc_series_init(&series, &early, 1), ZC_EDATA);
  assert_int_equal(zc_series_init(&series, &late, 1), ZC_EDATA);
}

static void an_empty_series_knows_nothing(void **state) {
  (void)state;
  zc_series series = series_of(NULL, 0);
  double mean;
  zc_time found;
  assert_int_equal(zc_series_find(&series, T0), -1);
  assert_int_equal(zc_series_mean(&series, at(0), at(1), &mean), ZC_EDATA);
  assert_int_equal(zc_series_first_at_most(&series, 1e9, at(0), at(1), &found), ZC_ENOTFOUND);
  assert_no_window(&series, 0, 60, 40);
  zc_series_finish(&series);
  zc_series_finish(&series); /* finished is empty */
}

static void finds_the_slot_of_an_instant(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 1), slot(30, 60, 2), slot(90, 120, 3)};
  zc_series series = series_of(slots, 3);
  assert_int_equal(zc_series_find(&series, at(0) - 1), -1);
  assert_int_equal(zc_series_find(&series, at(0)), 0);
  assert_int_equal(zc_series_find(&series, at(30) - 1), 0);
  assert_int_equal(zc_series_find(&series, at(30)), 1);
  assert_int_equal(zc_series_find(&series, at(60)), -1);
  assert_int_equal(zc_series_find(&series, at(90) - 1), -1);
  assert_int_equal(zc_series_find(&series, at(119)), 2);
  assert_int_equal(zc_series_find(&series, at(120)), -1);
  zc_series_finish(&series);
}

static void assert_mean(const zc_series *series, int64_t from, int64_t to, double expected) {
  double mean;
  assert_int_equal(zc_series_mean(series, at(from), at(to), &mean), ZC_OK);
  assert_close(mean, expected);
}

static void a_mean_weighs_by_time_shared(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 100), slot(30, 60, 200), slot(60, 75, 400)};
  zc_series series = series_of(slots, 3);
  assert_mean(&series, 0, 30, 100);
  assert_mean(&series, 5, 6, 100);
  assert_mean(&series, 20, 60, (10 * 100 + 30 * 200) / 40.0);
  assert_mean(&series, 20, 70, (10 * 100 + 30 * 200 + 10 * 400) / 50.0);
  assert_mean(&series, 0, 75, (30 * 100 + 30 * 200 + 15 * 400) / 75.0);
  zc_series_finish(&series);
}

static void a_mean_over_a_gap_is_none(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 100), slot(60, 90, 200)};
  zc_series series = series_of(slots, 2);
  double mean;
  assert_int_equal(zc_series_mean(&series, at(20), at(31), &mean), ZC_EDATA);
  assert_int_equal(zc_series_mean(&series, at(20), at(70), &mean), ZC_EDATA);
  assert_int_equal(zc_series_mean(&series, at(40), at(50), &mean), ZC_EDATA);
  assert_int_equal(zc_series_mean(&series, at(59), at(70), &mean), ZC_EDATA);
  assert_int_equal(zc_series_mean(&series, at(80), at(91), &mean), ZC_EDATA);
  assert_int_equal(zc_series_mean(&series, at(-1), at(5), &mean), ZC_EDATA);
  assert_int_equal(zc_series_mean(&series, at(5), at(5), &mean), ZC_EINVAL);
  assert_int_equal(zc_series_mean(&series, at(6), at(5), &mean), ZC_EINVAL);
  assert_int_equal(zc_series_mean(&series, INT64_MIN, INT64_MAX, &mean), ZC_EINVAL);
  assert_mean(&series, 0, 30, 100);
  zc_series_finish(&series);
}

static void first_value_within_a_limit(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 100), slot(30, 60, 50), slot(90, 120, 20)};
  zc_series series = series_of(slots, 3);
  zc_time found;
  assert_int_equal(zc_series_first_at_most(&series, 100, at(7), at(20), &found), ZC_OK);
  assert_int_equal(found, at(7));
  assert_int_equal(zc_series_first_at_most(&series, 99.9, at(7), at(30), &found), ZC_OK);
  assert_int_equal(found, at(30));
  assert_int_equal(zc_series_first_at_most(&series, 99.9, at(7), at(29), &found), ZC_ENOTFOUND);
  assert_int_equal(zc_series_first_at_most(&series, 49, at(7), at(500), &found), ZC_OK);
  assert_int_equal(found, at(90));
  assert_int_equal(zc_series_first_at_most(&series, 50, at(60), at(500), &found), ZC_OK);
  assert_int_equal(found, at(90));
  assert_int_equal(zc_series_first_at_most(&series, 10, at(0), at(500), &found), ZC_ENOTFOUND);
  assert_int_equal(zc_series_first_at_most(&series, 100, at(20), at(10), &found), ZC_ENOTFOUND);
  zc_series_finish(&series);
}

static void the_best_window_may_begin_or_end_on_a_boundary(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 300), slot(30, 60, 100), slot(60, 90, 200),
                           slot(90, 120, 400)};
  zc_series series = series_of(slots, 4);
  assert_best(&series, 0, 80, 40, 30, (30 * 100 + 10 * 200) / 40.0);
  const zc_slot rising[] = {slot(0, 30, 300), slot(30, 60, 100), slot(60, 90, 400)};
  zc_series other = series_of(rising, 3);
  assert_best(&other, 0, 50, 40, 20, (10 * 300 + 30 * 100) / 40.0);
  assert_best(&other, 25, 50, 40, 25, (5 * 300 + 30 * 100 + 5 * 400) / 40.0);
  assert_best(&other, 0, 15, 40, 15, (15 * 300 + 25 * 100) / 40.0);
  zc_series_finish(&series);
  zc_series_finish(&other);
}

static void until_bounds_the_start_not_the_end(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 60, 300), slot(60, 120, 10)};
  zc_series series = series_of(slots, 2);
  assert_best(&series, 0, 59, 61, 59, (1 * 300 + 60 * 10) / 61.0);
  assert_best(&series, 10, 10, 60, 10, (50 * 300 + 10 * 10) / 60.0);
  assert_best(&series, 0, 1000, 60, 60, 10);
  assert_best(&series, 0, 1000, 120, 0, 155);
  assert_no_window(&series, 0, 1000, 121);
  assert_no_window(&series, 61, 1000, 60);
  zc_series_finish(&series);
}

static void equal_windows_go_to_the_earliest(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 0.1), slot(30, 60, 0.1), slot(60, 90, 0.3),
                           slot(90, 120, 0.1), slot(120, 150, 0.1)};
  zc_series series = series_of(slots, 5);
  assert_best(&series, 0, 150, 40, 0, 0.1);
  assert_best(&series, 7, 150, 40, 7, 0.1);
  assert_best(&series, 21, 150, 40, 90, 0.1);
  assert_best(&series, 0, 150, 60, 0, 0.1);
  assert_best(&series, 1, 150, 60, 90, 0.1);
  zc_series_finish(&series);
}

static void windows_never_bridge_a_gap(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 100), slot(31, 60, 1), slot(60, 100, 50)};
  zc_series series = series_of(slots, 3);
  assert_best(&series, 0, 100, 40, 31, (29 * 1 + 11 * 50) / 40.0);
  assert_best(&series, 0, 30, 30, 0, 100);
  assert_no_window(&series, 0, 30, 31);
  assert_no_window(&series, 1, 30, 30);
  assert_no_window(&series, -50, -1, 10);
  assert_best(&series, -50, 0, 10, 0, 100);
  zc_series_finish(&series);
}

static void a_true_zero_is_a_value(void **state) {
  (void)state;
  const zc_slot slots[] = {slot(0, 30, 16.1), slot(30, 60, 0), slot(60, 90, 16.1)};
  zc_series series = series_of(slots, 3);
  assert_best(&series, 0, 90, 30, 30, 0);
  assert_best(&series, 0, 90, 40, 20, (10 * 16.1) / 40.0);
  zc_series_finish(&series);
}

static void refuses_searches_that_make_no_sense(void **state) {
  (void)state;
  const zc_slot one = slot(0, 30, 100);
  zc_series series = series_of(&one, 1);
  zc_time start;
  double mean;
  assert_int_equal(zc_series_best_window(&series, at(1), at(0), 1, &start, &mean), ZC_EINVAL);
  assert_int_equal(zc_series_best_window(&series, at(0), at(1), 0, &start, &mean), ZC_EINVAL);
  assert_int_equal(zc_series_best_window(&series, at(0), at(1), -5, &start, &mean), ZC_EINVAL);
  assert_int_equal(zc_series_best_window(&series, INT64_MIN, INT64_MAX, INT64_MAX, &start, &mean),
                   ZC_EINVAL);
  assert_int_equal(zc_series_best_window(&series, at(0), ZC_TIME_MAX, ZC_TIME_MAX, &start, &mean),
                   ZC_EDATA);
  zc_series_finish(&series);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_what_is_no_series),
      cmocka_unit_test(an_empty_series_knows_nothing),
      cmocka_unit_test(finds_the_slot_of_an_instant),
      cmocka_unit_test(a_mean_weighs_by_time_shared),
      cmocka_unit_test(a_mean_over_a_gap_is_none),
      cmocka_unit_test(first_value_within_a_limit),
      cmocka_unit_test(the_best_window_may_begin_or_end_on_a_boundary),
      cmocka_unit_test(until_bounds_the_start_not_the_end),
      cmocka_unit_test(equal_windows_go_to_the_earliest),
      cmocka_unit_test(windows_never_bridge_a_gap),
      cmocka_unit_test(a_true_zero_is_a_value),
      cmocka_unit_test(refuses_searches_that_make_no_sense),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
