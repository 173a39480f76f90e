#include "core/model/workload.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/random.h"

/* Shows both figures where they differ in the last bit. */
static void assert_same(double value, double wanted) {
  if (value == wanted) return;
  print_error("%.17g is not %.17g\n", value, wanted);
  fail();
}

static const zc_workload pipeline = {.duration_minutes = 40, .vcpu_count = 2, .memory_gb = 3};
static const zc_energy_model twice_pue = {.watts_per_vcpu = 10,
                                          .memory_kwh_per_gb_hour = 0.000392,
                                          .energy_pue = 1.135,
                                          .embodied_g_per_vcpu_hour = 2.5};

/* The published figures, each to its last printed digit. */
static void golden_figures(void **state) {
  (void)state;
  double intensity = zc_datacenter_intensity(71, 0.8, 1.135);
  assert_same(zc_round(intensity, 3), 16.117);
  assert_same(zc_round(intensity, 1), 16.1);
  assert_same(zc_round(zc_workload_energy_kwh(&pipeline, &twice_pue), 6), 0.016023);
  assert_same(zc_round(zc_workload_embodied_g(&pipeline, &twice_pue), 4), 3.3333);
  double operational = zc_workload_energy_kwh(&pipeline, &twice_pue) * 16.1;
  assert_same(zc_round(operational, 4), 0.2580);
  assert_same(zc_round(zc_workload_sci(&pipeline, &twice_pue, 16.1), 4), 3.5913);
}

static void golden_totals(void **state) {
  (void)state;
  double hours = 5 * pipeline.duration_minutes / 60;
  double five = 5 * zc_workload_sci(&pipeline, &twice_pue, 16.1);
  assert_same(zc_round(five, 2), 17.96);
  assert_same(zc_round(hours * pipeline.vcpu_count, 2), 6.67);
  assert_same(zc_round(hours * pipeline.memory_gb, 2), 10.0);
  assert_same(zc_round(125.3 / (450.5 + 125.3), 3), 0.218);
  assert_same(zc_round(45.0 / 67, 3), 0.672);
  assert_same(zc_cut(zc_percent_saved(257, 16.1), 1), 93.7);
  assert_same(zc_cut(zc_percent_saved(257, 16), 1), 93.7);
  assert_same(zc_round(zc_percent_saved(257, 16), 1), 93.8); /* what cutting avoids */
}

/* Halves that binary fractions miss by a hair, on either side. */
static void rounds_half_away_from_zero(void **state) {
  (void)state;
  static const struct {
    double value;
    int decimals;
    double wanted;
  } cases[] = {
      {16.05, 1, 16.1},     {16.15, 1, 16.2},   {16.25, 1, 16.3},   {16.35, 1, 16.4},
      {1.005, 2, 1.01},     {2.675, 2, 2.68},   {1.0005, 3, 1.001}, {-16.05, 1, -16.1},
      {0.0000005, 6, 1e-6}, {16.0499, 1, 16.0}, {0.5, 0, 1},        {2.5, 0, 3},
      {0.1 + 0.2, 1, 0.3},  {-0.04, 1, 0},      {0, 4, 0},          {1e15 + 0.5, 0, 1e15 + 1},
      {1e300, 4, 1e300},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_same(zc_round(cases[i].value, cases[i].decimals), cases[i].wanted);
  }
  assert_false(signbit(zc_round(-0.04, 1)));
}

static void cuts(void **state) {
  (void)state;
  assert_same(zc_cut(93.77, 1), 93.7);
  assert_same(zc_cut(93.7, 1), 93.7);
  assert_same(zc_cut(937 * 0.1, 1), 93.7);
  assert_same(zc_cut(93.6999, 1), 93.6);
  assert_same(zc_cut(-93.77, 1), -93.7);
  assert_same(zc_cut(0.09, 1), 0);
}

/* Every decimal with up to four places stays what it is, however it was computed. */
static void decimals_stay(void **state) {
  (void)state;
  zc_random random;
  zc_random_init(&random, 1);
  for (int i = 0; i < 200000; i++) {
    int decimals = (int)zc_random_below(&random, 5);
    double whole = (double)zc_random_below(&random, 100000000), scale = pow(10, decimals);
    double value = whole / scale, computed = whole * (1 / scale);
    assert_same(zc_round(value, decimals), value);
    assert_same(zc_round(computed, decimals), value);
    assert_same(zc_cut(computed, decimals), value);
    double half = (whole + 0.5) / scale;
    assert_same(zc_round(half, decimals), (whole + 1) / scale);
  }
}

static void no_baseline_saves_nothing(void **state) {
  (void)state;
  assert_same(zc_percent_saved(0, 0), 0);
  assert_same(zc_percent_saved(0, 10), 0);
  assert_same(zc_percent_saved(200, 100), 50);
  assert_same(zc_percent_saved(100, 150), -50);
}

/* (2.5 x 10 / 1000 + 1.25 x 0.000392) kW x 0.625 h = 0.01593125 kWh, and 8 x that is 0.12745. */
static void a_saving_that_is_a_tie_rounds_as_on_paper(void **state) {
  (void)state;
  const zc_workload workload = {.duration_minutes = 37.5, .vcpu_count = 2.5, .memory_gb = 1.25};
  const zc_energy_model model = {10, 0.000392, 1, 2.5};
  assert_same(zc_round(zc_workload_saved_g(&workload, &model, 63.8, 55.8, 1), 4), 0.1275);
  assert_same(zc_round(zc_workload_saved_g(&workload, &model, 55.8, 63.8, 1), 4), -0.1275);
  assert_same(zc_workload_saved_g(&workload, &model, 16.1, 16.1, 1), 0);
}

static void not_finite_passes_through(void **state) {
  (void)state;
  assert_true(isnan(zc_round(NAN, 1)));
  assert_true(isinf(zc_round(INFINITY, 1)));
  assert_true(isinf(zc_cut(-INFINITY, 1)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(golden_figures),
      cmocka_unit_test(golden_totals),
      cmocka_unit_test(rounds_half_away_from_zero),
      cmocka_unit_test(cuts),
      cmocka_unit_test(decimals_stay),
      cmocka_unit_test(no_baseline_saves_nothing),
      cmocka_unit_test(a_saving_that_is_a_tie_rounds_as_on_paper),
      cmocka_unit_test(not_finite_passes_through),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
