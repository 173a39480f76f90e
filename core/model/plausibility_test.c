/* What of an answer cannot be true. */
#include "core/model/plausibility.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define HALF_HOUR INT64_C(1800000)
#define MOST      16

static const zc_plausibility limits = {.min = 0, .max = 2000, .beside_zero = 60};

/* Half hours one after the other; a negative value leaves its half hour out. */
static void assert_refused(const double *values, size_t n, size_t refused) {
  zc_point points[MOST], kept[MOST];
  zc_refusal refusal;
  size_t given = 0, left;
  for (size_t i = 0; i < n; i++) {
    if (values[i] < 0) continue;
    points[given++] = (zc_point){.from = (int64_t)i * HALF_HOUR,
                                 .to = (int64_t)(i + 1) * HALF_HOUR,
                                 .value = values[i],
                                 .flags = ZC_POINT_OBSERVED};
  }
  assert_int_equal(
      zc_plausible_points(&limits, points, given, sizeof *points, kept, &left, &refusal), ZC_OK);
  assert_int_equal(refusal.n, refused);
  assert_int_equal(left, given - refused);
  for (size_t i = 1; i < left; i++)
    assert_true(kept[i - 1].from < kept[i].from);
  if (refused == 0) assert_null(refusal.reason);
}

#define REFUSED(n, ...)                                                                            \
  assert_refused((const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / 8, n)

static void a_zero_between_high_neighbours_is_no_wind(void **state) {
  (void)state;
  REFUSED(1, 180, 0, 175);
  REFUSED(4, 120, 0, 0, 0, 0, 110, 100);
  REFUSED(1, 60, 0, 60);
  REFUSED(2, 0, 80, 70, 0);     /* at the ends, one neighbour is all there is */
  REFUSED(2, 90, 0, 90, 0, 90); /* one after the other */
}

static void a_zero_that_comes_gradually_is_true(void **state) {
  (void)state;
  REFUSED(0, 70, 30, 0, 0, 65, 80);
  REFUSED(0, 59, 0, 90);
  REFUSED(0, 0, 0, 0);
  REFUSED(0, 0);
  REFUSED(0, 90, -1, 0, -1, 90); /* no neighbours: a gap lies between */
  REFUSED(0, 12, 0, 0, 8, 0);
}

static void values_lie_within_the_limits(void **state) {
  (void)state;
  REFUSED(1, 100, 2000.5, 100);
  REFUSED(0, 2000, 100);
  REFUSED(3, 5000, 0, 5000, 90, 100); /* the 0 among them too */
}

static void the_order_does_not_matter_and_the_first_in_time_is_named(void **state) {
  (void)state;
  const zc_point points[] = {
      {.from = 2 * HALF_HOUR, .to = 3 * HALF_HOUR, .value = 90, .flags = ZC_POINT_FORECAST},
      {.from = HALF_HOUR, .to = 2 * HALF_HOUR, .value = 0, .flags = ZC_POINT_OBSERVED},
      {.from = 0, .to = HALF_HOUR, .value = 3000, .flags = ZC_POINT_OBSERVED},
  };
  zc_point kept[3];
  zc_refusal refusal;
  size_t left;
  assert_int_equal(zc_plausible_points(&limits, points, 3, sizeof *points, kept, &left, &refusal),
                   ZC_OK);
  assert_int_equal(left, 1);
  assert_int_equal(refusal.n, 2);
  assert_int_equal(refusal.first.from, 0);
  assert_string_equal(refusal.reason, "above max_plausible");
}

static void a_yearly_average_may_be_zero(void **state) {
  (void)state;
  const zc_point average = {.value = 0, .flags = ZC_POINT_STATIC};
  zc_point kept[1];
  zc_refusal refusal;
  size_t left;
  assert_int_equal(zc_plausible_points(&limits, &average, 1, sizeof average, kept, &left, &refusal),
                   ZC_OK);
  assert_int_equal(left, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_zero_between_high_neighbours_is_no_wind),
      cmocka_unit_test(a_zero_that_comes_gradually_is_true),
      cmocka_unit_test(values_lie_within_the_limits),
      cmocka_unit_test(the_order_does_not_matter_and_the_first_in_time_is_named),
      cmocka_unit_test(a_yearly_average_may_be_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
