/* What a run really emitted: against sums minute by minute, and whatever the order of the data. */
#include "core/model/realised.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"

#define T0     INT64_C(1767312000000) /* 2026-01-02T00:00:00Z */
#define SLOTS  200
#define SERIES 400
#define KNOWN  (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED)

static zc_time at(int64_t minutes) {
  return T0 + minutes * ZC_MINUTE;
}

/* Slots of 5..60 minutes, one in eight missing, of all kinds. */
static size_t random_slots(zc_random *random, zc_slot *slots) {
  static const uint32_t kinds[] = {ZC_POINT_OBSERVED, ZC_POINT_OBSERVED, ZC_POINT_ESTIMATED,
                                   ZC_POINT_FORECAST, ZC_POINT_ESTIMATED | ZC_POINT_HELD};
  int64_t minute = 0;
  size_t n = 0;
  for (size_t i = 0; i < SLOTS; i++) {
    int64_t length = 5 * (1 + (int64_t)zc_random_below(random, 12));
    if (zc_random_below(random, 8) > 0) {
      slots[n++] = (zc_slot){.from = at(minute),
                             .to = at(minute + length),
                             .value = 600 * zc_random_unit(random),
                             .flags = kinds[zc_random_below(random, 5)],
                             .basis = ZC_BASIS_LIFECYCLE};
    }
    minute += length;
  }
  return n;
}

static const zc_slot *slot_of(const zc_slot *slots, size_t n, zc_time time) {
  for (size_t i = 0; i < n; i++) {
    if (slots[i].from <= time && time < slots[i].to) return &slots[i];
  }
  return NULL;
}

/* Minute by minute, as a person with a table would. */
static zc_coverage by_minutes(const zc_slot *slots, size_t n, int64_t from, int64_t to) {
  zc_coverage c = {0};
  double sum = 0;
  for (int64_t minute = from; minute < to; minute++) {
    const zc_slot *slot = slot_of(slots, n, at(minute));
    if (!slot || !(slot->flags & KNOWN) || slot->flags & ZC_POINT_HELD) {
      c.missing_ms += ZC_MINUTE;
      continue;
    }
    *(slot->flags & ZC_POINT_OBSERVED ? &c.observed_ms : &c.estimated_ms) += ZC_MINUTE;
    c.bases = 1u << ZC_BASIS_LIFECYCLE;
    sum += slot->value;
  }
  int64_t known = (c.observed_ms + c.estimated_ms) / ZC_MINUTE;
  if (known > 0) c.mean = sum / (double)known;
  return c;
}

static void assert_coverage(const zc_coverage *a, const zc_coverage *b) {
  assert_int_equal(a->observed_ms, b->observed_ms);
  assert_int_equal(a->estimated_ms, b->estimated_ms);
  assert_int_equal(a->missing_ms, b->missing_ms);
  assert_int_equal(a->bases, b->bases);
  assert_true(fabs(a->mean - b->mean) <= 1e-9);
}

/* Emissions and savings too: the run's intensity and the baseline's, minute by minute. */
static void realised_equals_a_sum_by_minutes(void **state) {
  (void)state;
  zc_random random;
  zc_slot slots[SLOTS], others[SLOTS];
  zc_random_init(&random, 11);
  for (int i = 0; i < SERIES; i++) {
    zc_series ran, home;
    size_t n = random_slots(&random, slots), m = random_slots(&random, others);
    assert_int_equal(zc_series_init(&ran, slots, n), ZC_OK);
    assert_int_equal(zc_series_init(&home, others, m), ZC_OK);
    int64_t asked = (int64_t)zc_random_below(&random, 3000);
    int64_t began = asked + (int64_t)zc_random_below(&random, 1500);
    int64_t took = 1 + (int64_t)zc_random_below(&random, 400);
    zc_ended_run run = {.requested_at = at(asked),
                        .started_at = at(began),
                        .finished_at = at(began + took),
                        .workload = {999, 2, 4},
                        .energy = {10, 0.000392, 1, 2.5}};
    zc_observed_region there = {&ran, 0.5, 1.2}, here = {&home, 0, 1.1};
    zc_realised r = zc_realise(&run, &there, &here);
    zc_coverage by_hand = by_minutes(slots, n, began, began + took);
    assert_coverage(&r.ran, &by_hand);
    assert_true(fabs(r.intensity - by_hand.mean * 0.5 * 1.2) <= 1e-9);
    assert_true(r.has_location && fabs(r.location_intensity - by_hand.mean * 1.2) <= 1e-9);
    by_hand = by_minutes(others, m, asked, asked + took);
    assert_coverage(&r.baseline, &by_hand);
    assert_true(fabs(r.baseline_intensity - by_hand.mean * 1.1) <= 1e-9);
    assert_int_equal(r.complete, r.ran.missing_ms + r.baseline.missing_ms == 0);
    assert_true(fabs(zc_realised_workload(&r).duration_minutes - (double)took) < 1e-12);
    zc_series_finish(&ran);
    zc_series_finish(&home);
  }
}

static void figures_want_half_of_each_window(void **state) {
  (void)state;
  const zc_slot slots[] = {{.from = at(0), .to = at(30), .value = 100, .flags = ZC_POINT_OBSERVED}};
  zc_series series;
  assert_int_equal(zc_series_init(&series, slots, 1), ZC_OK);
  zc_observed_region region = {&series, 0, 1}, gone = {NULL, 0, 1};
  zc_ended_run run = {.requested_at = at(0), .started_at = at(0), .finished_at = at(60)};
  zc_realised half = zc_realise(&run, &region, &region);
  assert_true(zc_realised_is_known(&half));
  assert_false(half.complete);
  run.finished_at += 1;
  zc_realised less = zc_realise(&run, &region, &region);
  assert_false(zc_realised_is_known(&less));
  run.finished_at = at(30);
  zc_realised all = zc_realise(&run, &region, &region);
  assert_true(all.complete && zc_realised_is_known(&all));
  zc_realised without = zc_realise(&run, &region, &gone);
  assert_false(zc_realised_is_known(&without));
  assert_int_equal(without.baseline.missing_ms, 30 * ZC_MINUTE);
  zc_series_finish(&series);
}

/* ---- data that arrive late, twice, and in any order ---- */

#define HALF_HOURS 24
#define ANSWERS    60

/* The last word on each half hour is what counts; it comes last, everything before in any order. */
static void put_answers(zc_random *random, zc_grid *grid, const double *last) {
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = T0};
  size_t order[HALF_HOURS];
  for (size_t i = 0; i < ANSWERS + HALF_HOURS; i++) {
    bool final = i >= ANSWERS;
    if (final && i == ANSWERS) {
      for (size_t j = 0; j < HALF_HOURS; j++)
        order[j] = j;
      for (size_t j = HALF_HOURS; j > 1; j--) {
        size_t k = zc_random_below(random, j), swapped = order[k];
        order[k] = order[j - 1];
        order[j - 1] = swapped;
      }
    }
    int64_t slot =
        final ? (int64_t)order[i - ANSWERS] : (int64_t)zc_random_below(random, HALF_HOURS);
    zc_point one = {.from = at(30 * slot),
                    .to = at(30 * slot + 30),
                    .value = final ? last[slot] : 900 * zc_random_unit(random),
                    .flags = final || zc_random_below(random, 2) ? ZC_POINT_OBSERVED
                                                                 : ZC_POINT_ESTIMATED};
    assert_int_equal(zc_grid_put(grid, 0, 0, &signal, &one, 1, sizeof one, T0 - ZC_DAY, NULL),
                     ZC_OK);
  }
}

static zc_realised realise_of(const zc_grid *grid) {
  zc_series series;
  assert_int_equal(zc_grid_observed(grid, 0, &series), ZC_OK);
  zc_observed_region region = {&series, 0, 1.3};
  zc_ended_run run = {.requested_at = at(17), .started_at = at(201), .finished_at = at(388)};
  zc_realised r = zc_realise(&run, &region, &region);
  zc_series_finish(&series);
  return r;
}

static void the_order_of_corrections_changes_nothing(void **state) {
  (void)state;
  static const char *const names[] = {"r"};
  static const int64_t ages[] = {ZC_HOUR};
  zc_random random;
  double last[HALF_HOURS];
  zc_realised first = {0};
  zc_random_init(&random, 3);
  for (size_t i = 0; i < HALF_HOURS; i++)
    last[i] = 500 * zc_random_unit(&random);
  for (int i = 0; i < 50; i++) {
    zc_grid *grid;
    assert_int_equal(zc_grid_create(names, 1, ages, 1, &grid), ZC_OK);
    put_answers(&random, grid, last);
    zc_realised r = realise_of(grid);
    assert_true(r.complete);
    if (i == 0) first = r;
    assert_memory_equal(&r.intensity, &first.intensity, sizeof r.intensity);
    assert_memory_equal(&r.baseline_intensity, &first.baseline_intensity, sizeof r.intensity);
    zc_grid_destroy(grid);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(realised_equals_a_sum_by_minutes),
      cmocka_unit_test(figures_want_half_of_each_window),
      cmocka_unit_test(the_order_of_corrections_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
