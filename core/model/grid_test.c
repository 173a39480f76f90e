/* The grid: what is taken, what a snapshot shows, and when a snapshot is made anew. */
#include "core/model/grid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/time_text.h"

#define T0      INT64_C(1767312000000) /* 2026-01-02T00:00:00Z */
#define MAX_AGE (2 * ZC_HOUR)
#define OLDEST  (T0 - 30 * ZC_DAY)

static zc_time at(int64_t minutes) {
  return T0 + minutes * ZC_MINUTE;
}

static zc_point point(int64_t from, int64_t to, double value, uint32_t flags) {
  return (zc_point){.from = at(from), .to = at(to), .value = value, .flags = flags};
}

/* Two regions, three sources. */
static int set_up(void **state) {
  static const char *const names[] = {"eu-west-2", "eu-north-1"};
  static const int64_t ages[] = {MAX_AGE, MAX_AGE, MAX_AGE};
  zc_grid *grid;
  if (zc_grid_create(names, 2, ages, 3, &grid) != ZC_OK) return -1;
  *state = grid;
  return 0;
}

static int tear_down(void **state) {
  zc_grid_destroy(*state);
  return 0;
}

/* What `source` says of region 0, made at minute `issued`. */
static int put_points(zc_grid *grid, size_t source, int64_t issued, const zc_point *points,
                      size_t n) {
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = at(issued)};
  size_t bad = 99;
  return zc_grid_put(grid, 0, source, &signal, points, n, sizeof *points, OLDEST, &bad);
}

static void put_one(zc_grid *grid, size_t source, int64_t issued, zc_point one) {
  assert_int_equal(put_points(grid, source, issued, &one, 1), ZC_OK);
}

static void put_number(zc_grid *grid, size_t source, uint32_t kind, double value) {
  zc_signal signal = {.size = sizeof signal, .kind = kind};
  zc_point one = {.value = value};
  assert_int_equal(zc_grid_put(grid, 0, source, &signal, &one, 1, sizeof one, OLDEST, NULL), ZC_OK);
}

/* As of minute `now`; the caller drops it. */
static zc_snapshot *snapshot(zc_grid *grid, int64_t now) {
  zc_snapshot *made;
  assert_int_equal(zc_grid_snapshot(grid, at(now), &made), ZC_OK);
  return made;
}

/* Asserts that as of `now` the series is exactly these slots: {from, to, value, flags, source}. */
typedef struct {
  int64_t from, to;
  double value;
  uint32_t flags, source;
} row;

static void assert_series(zc_grid *grid, int64_t now, const row *rows, size_t n) {
  zc_snapshot *made = snapshot(grid, now);
  const zc_series *series = &made->regions[0].grid;
  for (size_t i = 0; i < n && i < series->n; i++) {
    const zc_slot *slot = &series->slots[i];
    assert_int_equal((slot->from - T0) / ZC_MINUTE, rows[i].from);
    assert_int_equal((slot->to - T0) / ZC_MINUTE, rows[i].to);
    assert_true(fabs(slot->value - rows[i].value) < 1e-12);
    assert_int_equal(slot->flags, rows[i].flags);
    assert_int_equal(slot->source, rows[i].source);
  }
  assert_int_equal(series->n, n);
  zc_snapshot_drop(made);
}

#define ASSERT_SERIES(grid, now, ...)                                                              \
  assert_series(grid, now, (const row[]){__VA_ARGS__},                                             \
                sizeof((const row[]){__VA_ARGS__}) / sizeof(row))

#define OBSERVED  ZC_POINT_OBSERVED
#define ESTIMATED ZC_POINT_ESTIMATED
#define FORECAST  ZC_POINT_FORECAST
#define HELD      (ZC_POINT_HELD | ZC_POINT_ESTIMATED)

/* ---- what is taken ---- */

static void assert_refused(zc_grid *grid, zc_point bad) {
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = T0};
  zc_point points[] = {point(0, 30, 100, FORECAST), bad};
  size_t position = 99;
  uint64_t version = zc_grid_version(grid);
  assert_int_equal(zc_grid_put(grid, 0, 0, &signal, points, 2, sizeof *points, OLDEST, &position),
                   ZC_EDATA);
  assert_int_equal(position, 1);
  assert_int_equal(zc_grid_version(grid), version);
  assert_series(grid, 0, NULL, 0); /* not even the good one */
}

static void bad_points_are_refused_whole(void **state) {
  zc_grid *grid = *state;
  zc_point early = point(0, 30, 1, FORECAST), late = point(0, 30, 1, FORECAST);
  early.from = INT64_MIN;
  late.to = INT64_MAX;
  assert_refused(grid, point(30, 60, NAN, FORECAST));
  assert_refused(grid, point(30, 60, INFINITY, FORECAST));
  assert_refused(grid, point(30, 60, -0.1, FORECAST));
  assert_refused(grid, point(60, 30, 1, FORECAST));
  assert_refused(grid, point(30, 30, 1, FORECAST));
  assert_refused(grid, point(30, 60, 1, 0));
  assert_refused(grid, point(30, 60, 1, OBSERVED | FORECAST));
  assert_refused(grid, early);
  assert_refused(grid, late);
}

static void assert_signal_status(zc_grid *grid, zc_signal signal, double value, int status) {
  zc_point one = point(0, 30, value, FORECAST);
  assert_int_equal(zc_grid_put(grid, 0, 0, &signal, &one, 1, sizeof one, OLDEST, NULL), status);
}

static void signals_are_checked(void **state) {
  zc_grid *grid = *state;
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY};
  zc_point one = point(0, 30, 1, FORECAST);
  assert_signal_status(grid, signal, 1, ZC_EINVAL); /* nobody said when it was made */
  signal.issued_at = INT64_MAX;
  assert_signal_status(grid, signal, 1, ZC_EINVAL);
  signal.issued_at = T0;
  signal.kind = 9;
  assert_signal_status(grid, signal, 1, ZC_EINVAL);
  signal.kind = ZC_PUE;
  assert_signal_status(grid, signal, 0.99, ZC_EDATA);
  assert_signal_status(grid, signal, 1, ZC_OK);
  signal.kind = ZC_RENEWABLE_SHARE;
  assert_signal_status(grid, signal, 1.01, ZC_EDATA);
  assert_signal_status(grid, signal, 1, ZC_OK);
  signal.kind = ZC_GRID_INTENSITY;
  assert_int_equal(zc_grid_put(grid, 2, 0, &signal, &one, 1, sizeof one, 0, NULL), ZC_EINVAL);
  assert_int_equal(zc_grid_put(grid, 0, 3, &signal, &one, 1, sizeof one, 0, NULL), ZC_EINVAL);
  assert_int_equal(zc_grid_put(grid, 0, 0, &signal, &one, 1, 8, 0, NULL), ZC_EINVAL);
  assert_int_equal(zc_grid_put(grid, 0, 0, &signal, NULL, 0, sizeof one, 0, NULL), ZC_OK);
}

static void points_are_put_in_order(void **state) {
  zc_grid *grid = *state;
  const zc_point points[] = {point(60, 90, 3, FORECAST), point(0, 30, 1, FORECAST),
                             point(30, 60, 2, FORECAST), point(0, 30, 9, FORECAST),
                             point(75, 105, 4, FORECAST)};
  assert_int_equal(put_points(grid, 0, 0, points, 5), ZC_OK);
  ASSERT_SERIES(grid, 0, {0, 30, 9, FORECAST, 0}, {30, 60, 2, FORECAST, 0},
                {60, 75, 3, FORECAST, 0}, {75, 105, 4, FORECAST, 0});
}

static void longer_points_of_a_newer_plugin_are_read(void **state) {
  zc_grid *grid = *state;
  struct {
    zc_point point;
    char more[24];
  } points[2] = {{point(0, 30, 1, FORECAST), {0}}, {point(30, 60, 2, FORECAST), {0}}};
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = T0};
  assert_int_equal(
      zc_grid_put(grid, 0, 0, &signal, &points[0].point, 2, sizeof points[0], OLDEST, NULL), ZC_OK);
  ASSERT_SERIES(grid, 0, {0, 30, 1, FORECAST, 0}, {30, 60, 2, FORECAST, 0});
}

static void later_values_replace_what_they_overlap(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(0, 120, 100, FORECAST));
  put_one(grid, 0, 1, point(30, 60, 50, FORECAST));
  ASSERT_SERIES(grid, 1, {0, 30, 100, FORECAST, 0}, {30, 60, 50, FORECAST, 0},
                {60, 120, 100, FORECAST, 0});
  put_one(grid, 0, 2, point(45, 90, 25, FORECAST));
  ASSERT_SERIES(grid, 2, {0, 30, 100, FORECAST, 0}, {30, 45, 50, FORECAST, 0},
                {45, 90, 25, FORECAST, 0}, {90, 120, 100, FORECAST, 0});
}

static void old_slots_are_forgotten(void **state) {
  zc_grid *grid = *state;
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = T0};
  const zc_point points[] = {point(0, 30, 1, FORECAST), point(30, 60, 2, FORECAST)};
  const zc_point next = point(60, 90, 3, FORECAST);
  assert_int_equal(zc_grid_put(grid, 0, 0, &signal, points, 2, sizeof *points, OLDEST, NULL),
                   ZC_OK);
  assert_int_equal(zc_grid_put(grid, 0, 0, &signal, &next, 1, sizeof next, at(30), NULL), ZC_OK);
  ASSERT_SERIES(grid, 0, {30, 60, 2, FORECAST, 0}, {60, 90, 3, FORECAST, 0});
}

static void a_layer_is_bounded(void **state) {
  zc_grid *grid = *state;
  size_t n = ZC_GRID_POINTS_MAX + 10;
  zc_point *points = calloc(n, sizeof *points);
  assert_non_null(points);
  for (size_t i = 0; i < n; i++)
    points[i] = point((int64_t)i, (int64_t)i + 1, (double)i, FORECAST);
  assert_int_equal(put_points(grid, 0, 0, points, n), ZC_OK);
  zc_snapshot *made = snapshot(grid, 0);
  assert_int_equal(made->regions[0].grid.n, ZC_GRID_POINTS_MAX);
  assert_int_equal(made->regions[0].grid.slots[0].from, at(10)); /* the oldest went */
  zc_snapshot_drop(made);
  free(points);
}

/* ---- what is shown ---- */

static void an_observation_beats_a_forecast(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(0, 90, 100, FORECAST));
  put_one(grid, 0, 31, point(0, 30, 80, OBSERVED));
  put_one(grid, 0, 32, point(0, 90, 110, FORECAST));
  put_one(grid, 0, 33, point(30, 60, 85, ESTIMATED));
  ASSERT_SERIES(grid, 33, {0, 30, 80, OBSERVED, 0}, {30, 60, 85, ESTIMATED, 0},
                {60, 90, 110, FORECAST, 0});
}

static void sources_fill_one_anothers_gaps_in_order(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 2, 0, point(0, 240, 3, FORECAST));
  put_one(grid, 1, 0, point(30, 120, 2, FORECAST));
  put_one(grid, 0, 0, point(60, 90, 1, FORECAST));
  ASSERT_SERIES(grid, 0, {0, 30, 3, FORECAST, 2}, {30, 60, 2, FORECAST, 1},
                {60, 90, 1, FORECAST, 0}, {90, 120, 2, FORECAST, 1}, {120, 240, 3, FORECAST, 2});
}

static void a_stale_forecast_gives_way(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(0, 600, 1, FORECAST));
  put_one(grid, 1, 60, point(0, 600, 2, FORECAST));
  ASSERT_SERIES(grid, 120, {0, 600, 1, FORECAST, 0}); /* as old as it may be */
  ASSERT_SERIES(grid, 121, {0, 600, 2, FORECAST, 1});
  assert_series(grid, 181, NULL, 0);
  ASSERT_SERIES(grid, 120, {0, 600, 1, FORECAST, 0}); /* and back, for another moment */
}

static void observations_never_age_and_are_held_on(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(-60, -30, 1, OBSERVED));
  put_one(grid, 0, 0, point(-30, 0, 2, OBSERVED));
  ASSERT_SERIES(grid, 5, {-60, -30, 1, OBSERVED, 0}, {-30, 0, 2, OBSERVED, 0},
                {0, 120, 2, HELD, 0});
  ASSERT_SERIES(grid, 10000, {-60, -30, 1, OBSERVED, 0}, {-30, 0, 2, OBSERVED, 0},
                {0, 120, 2, HELD, 0});
}

static void held_values_come_behind_all_real_ones(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(-30, 0, 1, OBSERVED));
  put_one(grid, 1, 0, point(30, 60, 2, FORECAST));
  put_one(grid, 2, 0, point(-30, 10, 3, ESTIMATED));
  ASSERT_SERIES(grid, 0, {-30, 0, 1, OBSERVED, 0}, {0, 10, 3, ESTIMATED, 2}, {10, 30, 3, HELD, 2},
                {30, 60, 2, FORECAST, 1});
}

static void nothing_is_held_behind_a_forecast(void **state) {
  zc_grid *grid = *state;
  const zc_point forecast[] = {point(30, 60, 400, FORECAST), point(60, 90, 500, FORECAST)};
  put_one(grid, 0, 0, point(0, 30, 100, OBSERVED));
  assert_int_equal(put_points(grid, 0, 0, forecast, 2), ZC_OK);
  ASSERT_SERIES(grid, 10, {0, 30, 100, OBSERVED, 0}, {30, 60, 400, FORECAST, 0},
                {60, 90, 500, FORECAST, 0});
}

static void a_value_is_held_until_a_forecast_begins(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(0, 30, 100, OBSERVED));
  put_one(grid, 1, 0, point(50, 80, 400, FORECAST));
  ASSERT_SERIES(grid, 10, {0, 30, 100, OBSERVED, 0}, {30, 50, 100, HELD, 0},
                {50, 80, 400, FORECAST, 1});
}

static void only_what_has_begun_is_held(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(-30, 0, 1, OBSERVED));
  put_one(grid, 0, 0, point(60, 90, 2, ESTIMATED)); /* a provider's clock runs ahead */
  ASSERT_SERIES(grid, 59, {-30, 0, 1, OBSERVED, 0}, {0, 60, 1, HELD, 0}, {60, 90, 2, ESTIMATED, 0});
  ASSERT_SERIES(grid, 60, {-30, 0, 1, OBSERVED, 0}, {60, 90, 2, ESTIMATED, 0},
                {90, 210, 2, HELD, 0});
}

static void a_slot_keeps_its_origin(void **state) {
  zc_grid *grid = *state;
  zc_signal signal = {.size = sizeof signal,
                      .kind = ZC_GRID_INTENSITY,
                      .basis = ZC_BASIS_LIFECYCLE,
                      .issued_at = at(-7)};
  zc_point one = point(0, 30, 71, FORECAST);
  one.index = ZC_INDEX_LOW;
  assert_int_equal(zc_grid_put(grid, 0, 1, &signal, &one, 1, sizeof one, OLDEST, NULL), ZC_OK);
  zc_snapshot *made = snapshot(grid, 0);
  const zc_slot *slot = made->regions[0].grid.slots;
  assert_int_equal(slot->basis, ZC_BASIS_LIFECYCLE);
  assert_int_equal(slot->index, ZC_INDEX_LOW);
  assert_int_equal(slot->source, 1);
  assert_int_equal(slot->issued_at, at(-7));
  zc_snapshot_drop(made);
}

static void the_first_source_with_a_number_wins(void **state) {
  zc_grid *grid = *state;
  zc_snapshot *bare = snapshot(grid, 0);
  assert_true(bare->regions[0].factor > 0.999 && bare->regions[0].factor < 1.001);
  assert_false(bare->regions[0].adjusted);
  assert_false(bare->regions[0].has_static);
  put_number(grid, 2, ZC_PUE, 1.5);
  put_number(grid, 1, ZC_PUE, 1.135);
  put_number(grid, 2, ZC_RENEWABLE_SHARE, 0.8);
  put_one(grid, 2, 0, point(0, 0, 300, ZC_POINT_STATIC));
  put_one(grid, 1, 0, point(0, 0, 176, ZC_POINT_STATIC));
  put_one(grid, 0, 0, point(0, 30, 71, FORECAST));
  zc_snapshot *made = snapshot(grid, 0);
  const zc_region_view *region = &made->regions[0];
  assert_true(region->adjusted);
  assert_true(fabs(region->pue - 1.135) < 1e-12);
  assert_true(fabs(region->renewable_share - 0.8) < 1e-12);
  assert_true(region->has_static && fabs(region->static_grid - 176) < 1e-12);
  assert_int_equal(region->static_source, 1);
  double value;
  assert_int_equal(zc_region_at(region, at(10), &value), ZC_OK);
  assert_true(fabs(value - 16.117) < 1e-9); /* 71 x (1 - 0.8) x 1.135 */
  assert_int_equal(zc_region_mean(region, at(10), at(30), &value), ZC_OK);
  assert_true(fabs(value - 16.117) < 1e-9);
  assert_int_equal(zc_region_mean(region, at(10), at(31), &value), ZC_EDATA);
  assert_int_equal(zc_region_at(region, at(30), &value), ZC_EDATA); /* never the average */
  zc_snapshot_drop(made);
  zc_snapshot_drop(bare);
}

static void what_was_observed_is_known_apart(void **state) {
  zc_grid *grid = *state;
  zc_series series;
  put_one(grid, 0, 0, point(0, 240, 9, FORECAST));
  put_one(grid, 0, 60, point(30, 60, 1, OBSERVED));
  put_one(grid, 1, 60, point(0, 90, 2, ESTIMATED));
  assert_int_equal(zc_grid_observed(grid, 0, &series), ZC_OK);
  static const row rows[] = {
      {0, 30, 2, ESTIMATED, 1}, {30, 60, 1, OBSERVED, 0}, {60, 90, 2, ESTIMATED, 1}};
  assert_int_equal(series.n, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(series.slots[i].from, at(rows[i].from));
    assert_int_equal(series.slots[i].to, at(rows[i].to));
    assert_int_equal(series.slots[i].flags, rows[i].flags);
    assert_int_equal(series.slots[i].source, rows[i].source);
  }
  zc_series_finish(&series);
  assert_int_equal(zc_grid_observed(grid, 1, &series), ZC_OK);
  assert_int_equal(series.n, 0);
  zc_series_finish(&series);
  assert_int_equal(zc_grid_observed(grid, 2, &series), ZC_EINVAL);
}

/* ---- versions and sharing ---- */

static void the_version_follows_what_is_shown(void **state) {
  zc_grid *grid = *state;
  uint64_t v0 = zc_grid_version(grid);
  put_one(grid, 0, 0, point(0, 600, 1, FORECAST));
  uint64_t v1 = zc_grid_version(grid);
  assert_true(v1 != v0);
  put_one(grid, 0, 30, point(0, 600, 1, FORECAST));
  assert_int_equal(zc_grid_version(grid), v1);        /* the same again */
  ASSERT_SERIES(grid, 150, {0, 600, 1, FORECAST, 0}); /* but fresher */
  assert_series(grid, 151, NULL, 0);
  put_one(grid, 0, 151, point(0, 600, 1, FORECAST));
  uint64_t v2 = zc_grid_version(grid);
  assert_true(v2 != v1); /* it was gone and is back */
  put_number(grid, 0, ZC_PUE, 1.2);
  uint64_t v3 = zc_grid_version(grid);
  assert_true(v3 != v2);
  put_number(grid, 0, ZC_PUE, 1.2);
  assert_int_equal(zc_grid_version(grid), v3);
  put_one(grid, 0, 0, point(0, 0, 176, ZC_POINT_STATIC));
  assert_true(zc_grid_version(grid) != v3);
}

static void snapshots_share_what_did_not_change(void **state) {
  zc_grid *grid = *state;
  put_one(grid, 0, 0, point(0, 600, 1, FORECAST));
  zc_snapshot *first = snapshot(grid, 0), *same = snapshot(grid, 0), *later = snapshot(grid, 10);
  assert_ptr_equal(first, same);
  assert_ptr_not_equal(first, later);
  assert_int_equal(later->at, at(10));
  assert_ptr_equal(first->regions[0].grid.slots, later->regions[0].grid.slots);
  put_one(grid, 0, 0, point(0, 600, 2, FORECAST));
  zc_snapshot *changed = snapshot(grid, 10);
  assert_ptr_not_equal(later->regions[0].grid.slots, changed->regions[0].grid.slots);
  assert_ptr_equal(later->regions[1].grid.slots, changed->regions[1].grid.slots);
  assert_int_equal(changed->version, zc_grid_version(grid));
  zc_snapshot_drop(first);
  zc_snapshot_drop(same);
  zc_snapshot_drop(changed);
  assert_true(later->regions[0].grid.slots[0].value < 1.5); /* as it was */
  zc_snapshot_drop(later);
}

static void a_snapshot_outlives_its_grid(void **state) {
  (void)state;
  void *grid = NULL;
  assert_int_equal(set_up(&grid), 0);
  put_one(grid, 0, 0, point(0, 600, 1, FORECAST));
  zc_snapshot *made = zc_snapshot_hold(snapshot(grid, 0));
  zc_grid_destroy(grid);
  zc_snapshot_drop(made);
  double value;
  assert_string_equal(made->regions[0].name, "eu-west-2");
  assert_string_equal(made->regions[1].name, "eu-north-1");
  assert_int_equal(zc_region_at(&made->regions[0], at(0), &value), ZC_OK);
  zc_snapshot_drop(made);
  zc_snapshot_drop(NULL);
  zc_grid_destroy(NULL);
}

static void another_grid_takes_a_source_over(void **state) {
  zc_grid *grid = *state, *next;
  static const char *const names[] = {"eu-west-3", "eu-west-2"};
  static const int64_t ages[] = {MAX_AGE, MAX_AGE};
  put_one(grid, 2, 0, point(0, 30, 200, OBSERVED));
  put_one(grid, 2, 0, point(30, 90, 150, FORECAST));
  put_number(grid, 2, ZC_PUE, 1.5);
  assert_int_equal(zc_grid_create(names, 2, ages, 2, &next), ZC_OK);
  zc_grid_carry(next, 1, 0, grid, 0, 2);
  zc_grid_follow(next, grid);
  assert_true(zc_grid_version(next) > zc_grid_version(grid));
  zc_snapshot *made = snapshot(next, 10);
  double value;
  assert_int_equal(made->regions[0].grid.n, 0);
  assert_int_equal(made->regions[1].grid.slots[0].source, 0);
  assert_int_equal(zc_region_at(&made->regions[1], at(40), &value), ZC_OK);
  assert_true(fabs(value - 225) < 1e-9);
  zc_snapshot_drop(made);
  assert_series(grid, 10, NULL, 0);
  zc_grid_destroy(next);
}

#define GRID_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      GRID_TEST(bad_points_are_refused_whole),
      GRID_TEST(signals_are_checked),
      GRID_TEST(points_are_put_in_order),
      GRID_TEST(longer_points_of_a_newer_plugin_are_read),
      GRID_TEST(later_values_replace_what_they_overlap),
      GRID_TEST(old_slots_are_forgotten),
      GRID_TEST(a_layer_is_bounded),
      GRID_TEST(an_observation_beats_a_forecast),
      GRID_TEST(sources_fill_one_anothers_gaps_in_order),
      GRID_TEST(a_stale_forecast_gives_way),
      GRID_TEST(observations_never_age_and_are_held_on),
      GRID_TEST(held_values_come_behind_all_real_ones),
      GRID_TEST(nothing_is_held_behind_a_forecast),
      GRID_TEST(a_value_is_held_until_a_forecast_begins),
      GRID_TEST(only_what_has_begun_is_held),
      GRID_TEST(a_slot_keeps_its_origin),
      GRID_TEST(the_first_source_with_a_number_wins),
      GRID_TEST(what_was_observed_is_known_apart),
      GRID_TEST(the_version_follows_what_is_shown),
      GRID_TEST(another_grid_takes_a_source_over),
      GRID_TEST(snapshots_share_what_did_not_change),
      cmocka_unit_test(a_snapshot_outlives_its_grid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
