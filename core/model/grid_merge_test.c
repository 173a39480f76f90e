/* The merge against its rules, minute by minute: random puts of three sources, then each minute of
 * the snapshot compared with what the rules say of that minute alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "core/model/grid.h"

#define T0      INT64_C(1767312000000)
#define MINUTES 240
#define SOURCES 3
#define ROUNDS  4000
#define NOTHING (-1)

static const int64_t ages[SOURCES] = {30, 60, 5}; /* minutes */

/* What one source said of each minute, last word of each kind. */
typedef struct {
  int observed[MINUTES], forecast[MINUTES]; /* value, or NOTHING */
  int64_t issued[MINUTES];
} said;

/* What a minute should show. */
typedef struct {
  int value;
  size_t source;
  uint32_t flags;
} shown;

static int64_t below(zc_random *random, int64_t bound) {
  return (int64_t)zc_random_below(random, (uint64_t)bound);
}

/* One random put of a run of slots, into the grid and into the model. */
static void put_slots(zc_random *random, zc_grid *grid, size_t source, int64_t issued,
                      said *model) {
  zc_point points[8];
  uint32_t kind = below(random, 2) ? ZC_POINT_FORECAST : ZC_POINT_OBSERVED;
  size_t n = 0, most = (size_t)below(random, 8) + 1;
  int64_t minute = below(random, MINUTES);
  while (n < most && minute < MINUTES) {
    int64_t end = minute + 1 + below(random, 40);
    int value = (int)below(random, 1000);
    if (end > MINUTES) end = MINUTES;
    points[n++] = (zc_point){
        .from = T0 + minute * ZC_MINUTE, .to = T0 + end * ZC_MINUTE, .value = value, .flags = kind};
    for (; minute < end; minute++) {
      if (kind == ZC_POINT_OBSERVED)
        model->observed[minute] = value;
      else
        model->forecast[minute] = value, model->issued[minute] = issued;
    }
    if (below(random, 4) == 0) minute += below(random, 20);
  }
  zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = T0 + issued * ZC_MINUTE};
  assert_int_equal(zc_grid_put(grid, 0, source, &signal, points, n, sizeof *points, T0, NULL),
                   ZC_OK);
}

static bool show_real(const said *all, int64_t now, int64_t minute, shown *ret) {
  for (size_t i = 0; i < SOURCES; i++) {
    const said *s = &all[i];
    if (s->observed[minute] != NOTHING) {
      *ret = (shown){s->observed[minute], i, ZC_POINT_OBSERVED};
      return true;
    }
    if (s->forecast[minute] != NOTHING && now - s->issued[minute] <= ages[i]) {
      *ret = (shown){s->forecast[minute], i, ZC_POINT_FORECAST};
      return true;
    }
  }
  return false;
}

/* The end of the observation that is the newest to have begun by `now`. Slots of equal values that
 * touch cannot be told apart here, so `now` never lies inside observations (see the caller). */
static int64_t newest_end(const said *s, int64_t now) {
  int64_t end = now < MINUTES ? now : MINUTES;
  while (end > 0 && s->observed[end - 1] == NOTHING)
    end--;
  return end;
}

/* Whether something real is shown anywhere in [from, to]: what is held ends there. */
static bool is_real_within(const said *all, int64_t now, int64_t from, int64_t to) {
  shown real;
  for (int64_t minute = to; minute >= from; minute--) {
    if (show_real(all, now, minute, &real)) return true;
  }
  return false;
}

static bool show_held(const said *all, int64_t now, int64_t minute, shown *ret) {
  for (size_t i = 0; i < SOURCES; i++) {
    int64_t end = newest_end(&all[i], now);
    if (end == 0 || minute < end || minute >= end + ages[i]) continue;
    if (is_real_within(all, now, end, minute)) continue;
    *ret = (shown){all[i].observed[end - 1], i, ZC_POINT_HELD | ZC_POINT_ESTIMATED};
    return true;
  }
  return false;
}

static void check_minute(const zc_series *series, const said *all, int64_t now, int64_t minute) {
  shown expected;
  ptrdiff_t i = zc_series_find(series, T0 + minute * ZC_MINUTE);
  if (!show_real(all, now, minute, &expected) && !show_held(all, now, minute, &expected)) {
    assert_int_equal(i, -1);
    return;
  }
  assert_true(i >= 0);
  assert_int_equal((int)series->slots[i].value, expected.value);
  assert_int_equal(series->slots[i].source, expected.source);
  assert_int_equal(series->slots[i].flags, expected.flags);
}

/* A moment at which no source's observation is under way, so that the newest one has ended. */
static bool is_between_observations(const said *all, int64_t now) {
  for (size_t i = 0; i < SOURCES; i++) {
    if (now < MINUTES && all[i].observed[now] != NOTHING) return false;
  }
  return true;
}

static long check_round(zc_random *random) {
  static const char *const name = "eu-west-2";
  static said all[SOURCES];
  int64_t max_age[SOURCES];
  zc_grid *grid;
  long checked = 0;
  for (size_t i = 0; i < SOURCES; i++) {
    max_age[i] = ages[i] * ZC_MINUTE;
    memset(all[i].observed, NOTHING, sizeof all[i].observed);
    memset(all[i].forecast, NOTHING, sizeof all[i].forecast);
  }
  assert_int_equal(zc_grid_create(&name, 1, max_age, SOURCES, &grid), ZC_OK);
  for (int64_t now = 0; now < MINUTES + 60; now += 1 + below(random, 30)) {
    size_t source = (size_t)below(random, SOURCES);
    if (below(random, 3) > 0) put_slots(random, grid, source, now, &all[source]);
    if (!is_between_observations(all, now)) continue;
    zc_snapshot *snapshot;
    assert_int_equal(zc_grid_snapshot(grid, T0 + now * ZC_MINUTE, &snapshot), ZC_OK);
    for (int64_t minute = 0; minute < MINUTES; minute++)
      check_minute(&snapshot->regions[0].grid, all, now, minute);
    zc_snapshot_drop(snapshot);
    checked++;
  }
  zc_grid_destroy(grid);
  return checked;
}

/* ZC_PROPERTY_SERIES makes it shorter under slow tools. */
static long rounds(void) {
  const char *text = getenv("ZC_PROPERTY_SERIES");
  long n = text ? strtol(text, NULL, 10) : 0;
  return n > 0 && n < ROUNDS ? n : ROUNDS;
}

static void each_minute_shows_what_the_rules_say(void **state) {
  (void)state;
  zc_random random;
  zc_random_init(&random, 4);
  long checked = 0, n = rounds();
  for (long i = 0; i < n; i++)
    checked += check_round(&random);
  assert_true(checked > n);
  print_message("%ld snapshots compared\n", checked);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_minute_shows_what_the_rules_say)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
